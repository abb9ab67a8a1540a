"""Detectors side by side: how fast they learn under one budget, and how fast they run."""
