"""`python -m detr_core`: train, evaluate, predict, list, convert, weights."""
from .cli import main

if __name__ == "__main__":
    raise SystemExit(main())
