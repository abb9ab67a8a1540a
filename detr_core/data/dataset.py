"""One checked data set: its report, its pictures, and what training is told to read."""
from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from PIL import Image

from .bundled import bundled_set
from .check import Report, Table
from .coco import as_recorded
from .coco_check import DataError


@dataclass(frozen=True)
class Dataset:
    """A checked data set. `folder` is None for the bundled ones, `root` is where the files of its table lie."""

    id: str
    owner: str
    name: str
    folder: Path | None
    report: Report
    created: float
    root: Path | None = None
    place: str = field(default="", repr=False)      # what `source` answers

    @property
    def source(self) -> str:
        """What `Run.data` takes: `scenes`, `trees` or the path of a COCO folder.

        Raises DataError where a blocking finding forbids training.
        """
        if self.report.verdict == "blocking":
            worst = self.report.findings[0].sentence
            raise DataError(f"This data set cannot be trained on. {worst}")
        return self.place

    def table(self) -> Table:
        """Pictures and boxes after mending."""
        return bundled_set(self.id).table if self.folder is None else Table.load(self.folder / "table.npz")

    def picture(self, file: str, size: tuple[int, int] | None = None) -> Image.Image:
        """A picture of the table or of an example, with (width, height) the way its boxes were drawn.

        Raises DataError or ImageError where there is none.
        """
        if self.folder is None and (rendered := bundled_set(self.id).picture(file)) is not None:
            return rendered
        path = self.root / file
        if not path.resolve().is_relative_to(self.root.resolve()) or not path.is_file():
            raise DataError("There is no such picture in this data set.")
        return as_recorded(path, size or (0, 0))[0]


@cache
def bundled_dataset(id: str) -> Dataset:
    """`trees` or `scenes`."""
    found = bundled_set(id)
    return Dataset(id, "", id, None, found.report, 0.0, found.root, id)
