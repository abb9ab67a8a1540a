"""How detectors learn: objectives, the criterion, schemes, and the training run."""
