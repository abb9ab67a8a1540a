"""Two visitors, and a run that one of them may want."""
from detr_core.training.run import Run

RUN = Run("detr", "trees", images=80, batch=8)
ME, OTHER = "visitor:me", "visitor:other"
