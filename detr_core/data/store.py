"""The data sets of a server: each belongs to its owner, lies in a folder of its own and has been checked once."""
from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from .check import Limits, Report, Table
from .coco_check import DataError

Progress = Callable[[str, int, int], None]
"""Called with a stage ("unpacking", "reading", "mending"), how much is done and of how much."""


@dataclass(frozen=True)
class Dataset:
    """A checked data set. `source` is what `Run.data` takes."""

    id: str
    owner: str
    name: str
    folder: Path | None                             # None: bundled
    report: Report
    created: float

    @property
    def source(self) -> str:
        """`scenes`, `trees` or the path of a COCO folder. Raises DataError where a blocking finding forbids training."""
        raise DataError("not yet")

    def table(self) -> Table:
        """Pictures and boxes after mending."""
        raise DataError("not yet")


class Datasets:
    """Data sets in `folder`/datasets; `allowed` are folders of the server that visitors may use."""

    def __init__(self, folder: Path, allowed: Sequence[Path] = (), limits: Limits | None = None):
        self.folder, self.allowed, self.limits = Path(folder) / "datasets", tuple(allowed), limits or Limits()

    def add_archive(self, owner: str, path: Path, name: str, progress: Progress | None = None) -> Dataset:
        """Unpack, check, mend and keep an archive. Raises DataError with one sentence for what is no data set."""
        raise DataError("not yet")

    def add_folder(self, owner: str, path: Path | str, progress: Progress | None = None) -> Dataset:
        """Check a folder that lies in an allowed one; pictures are linked, not copied."""
        raise DataError("not yet")

    def list(self, owner: str) -> list[Dataset]:
        """The owner's, newest first, and the bundled ones."""
        return self.bundled()

    def get(self, owner: str, id: str) -> Dataset:
        """Raises DataError for what does not exist and, in the same words, for what belongs to somebody else."""
        raise DataError("There is no such data set; choose one from the list.")

    def delete(self, owner: str, id: str) -> None:
        """Remove a data set with its pictures."""
        raise DataError("not yet")

    def bundled(self) -> list[Dataset]:
        """`trees` and `scenes`, which everybody has."""
        return []
