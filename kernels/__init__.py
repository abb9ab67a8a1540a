"""Operations that the detectors share and that decide their speed: multi-scale deformable attention."""

from kernels.deformable import reference
from kernels.operation import deformable_attention, softmax_deformable_attention, using_reference
from kernels.row_column import row_column_attention

__all__ = ["deformable_attention", "reference", "row_column_attention", "softmax_deformable_attention", "using_reference"]
