"""Is a data set sound? Unpack it, see its layout, name every flaw, mend what is safe, convert it to another layout."""

from .examine import Checked, check, examine
from .facts import fit
from .layout import detect
from .report import Example, Finding, Report
from .table import Table
from .unpack import Limits, unpack
from .write import write

__all__ = ["Checked", "Example", "Finding", "Limits", "Report", "Table", "check", "detect", "examine", "fit", "unpack", "write"]
