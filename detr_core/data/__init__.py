"""Data sets, their transforms, and the reading of pictures."""
