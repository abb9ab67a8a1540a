"""Operations that the detectors share and that decide their speed: multi-scale deformable attention."""

from kernels.deformable import reference
from kernels.operation import deformable_attention, using_reference

__all__ = ["deformable_attention", "reference", "using_reference"]
