"""Is a data set sound? Unpack it, see its layout, name every flaw, mend what is safe, convert it to COCO's layout."""

from .report import Example, Finding, Report
from .table import Table
from .unpack import Limits, unpack

__all__ = ["Example", "Finding", "Limits", "Report", "Table", "unpack"]
