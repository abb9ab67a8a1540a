"""Operations that the detectors share and that decide their speed: multi-scale deformable attention."""

from kernels.deformable import deformable_attention

__all__ = ["deformable_attention"]
