"""A trainer's state as tensors and plain values, and back: what a checkpoint holds."""
from __future__ import annotations

from typing import Any

from torch import Tensor

from ..detector import Detector
from .trainer import Trainer


def snapshot(trainer: Trainer) -> dict[str, Any]:
    """Everything `restore` needs. Random numbers and the order of the pictures follow from the step."""
    kept, average, scaler = _learned(trainer.detector), trainer.average, trainer.accelerator.scaler
    return {
        "step": trainer.step, "evaluated": trainer.evaluated, "best": trainer.best, "seconds": trainer.seconds,
        "model": {name: value for name, value in trainer.detector.state_dict().items() if name in kept},
        "optimizer": trainer.optimizer.state_dict(),
        "average": None if average is None else
        {"count": int(average.n_averaged), "model": {n: v for n, v in average.module.state_dict().items() if n in kept}},
        "scaler": None if scaler is None else scaler.state_dict(),
    }


def restore(trainer: Trainer, state: dict[str, Any]) -> None:
    """Go on where the snapshot was taken."""
    _load(trainer.detector, state["model"])
    trainer.optimizer.load_state_dict(state["optimizer"])
    if trainer.average is not None and state["average"] is not None:
        _load(trainer.average.module, state["average"]["model"])
        trainer.average.n_averaged.fill_(state["average"]["count"])
    if trainer.accelerator.scaler is not None and state["scaler"]:
        trainer.accelerator.scaler.load_state_dict(state["scaler"])
    trainer.step, trainer.evaluated = state["step"], state["evaluated"]
    trainer.best, trainer.seconds = state["best"], state["seconds"]


def _learned(detector: Detector) -> set[str]:
    """Names of all tensors but those of a backbone that never learns."""
    frozen = not any(p.requires_grad for p in detector.backbone.parameters())
    return {name for name in detector.state_dict() if not (frozen and name.startswith("backbone."))}


def _load(detector: Detector, tensors: dict[str, Tensor]) -> None:
    if different := sorted(_learned(detector) ^ set(tensors)):
        raise ValueError(f"The checkpoint is of another detector ({len(different)} tensors differ, first {different[0]!r}): start anew.")
    detector.load_state_dict(tensors, strict=False)
