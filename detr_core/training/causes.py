"""Why a run failed, as a name, a sentence and the next step."""
from __future__ import annotations

import errno
import re
from collections.abc import Iterator
from dataclasses import dataclass

import torch

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)    # EFBIG: a limit on the size of files
_MEMORY = re.compile(r"not enough memory|can't allocate memory|out of memory|CUBLAS_STATUS_ALLOC_FAILED", re.IGNORECASE)
_DISK = re.compile(r"No space left on device|Disk quota exceeded|File too large|PytorchStreamWriter failed writing|"
                   r"basic_ios::clear: iostream error")     # the last two are how torch.save says it


class TrainingDiverged(FloatingPointError):
    """The loss is no longer a number."""


@dataclass(frozen=True)
class Cause:
    """`kind`: "memory", "diverged", "disk", "data" or "error"; `sentence` says what happened and what to do."""

    kind: str
    sentence: str


def cause_of(error: BaseException) -> Cause:
    """The first error of the chain that has a name; a library often wraps the one that says what happened."""
    for each in _chain(error):
        if isinstance(each, (torch.OutOfMemoryError, MemoryError)) or (isinstance(each, RuntimeError) and _MEMORY.search(str(each))):
            return Cause("memory", "The memory was not enough: go on with half the pictures at once (--accumulate doubled gives the same "
                         "numbers in smaller pieces), or choose smaller pictures.")
        if (isinstance(each, OSError) and each.errno in FULL) or _DISK.search(str(each)):
            return Cause("disk", "The disk is full: the last checkpoint is whole, so make room and resume.")
        if isinstance(each, FloatingPointError):                # ours, or that of the matching, which meets broken numbers first
            return Cause("diverged", str(each))
    return Cause("data" if type(error).__name__ == "DataError" else "error", f"{type(error).__name__}: {error}")


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        yield error
        seen.add(id(error))
        error = error.__cause__ or error.__context__
