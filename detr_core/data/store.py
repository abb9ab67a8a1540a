"""The data sets of a server: each belongs to its owner, lies in a folder of its own and has been checked once.

<folder>/datasets/<id>/
  dataset.json   owner, name, time, where the pictures and the COCO folder are
  report.json    what the check said
  table.npz      pictures and boxes after mending
  unpacked/      what was brought in an archive
  coco/          the mended set in COCO's layout; its pictures are links to the same bytes where the disk can do that
"""
from __future__ import annotations

import re
import secrets
import shutil
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from ..room import Elsewhere, full, nothing
from ..training.files import read_json, write_json
from .bundled import BUNDLED
from .check import Checked, Limits, Report, examine, unpack, write
from .coco_check import DataError
from .dataset import Dataset, bundled_dataset
from .named import open_dataset

Progress = Callable[[str, int, int], None]
"""Called with a stage ("unpacking", "reading", "mending"), how much is done and of how much."""
GONE = "There is no such data set, or it is somebody else's; choose one from the list."
PARTIAL = ".partial"

__all__ = ["Dataset", "Datasets", "Progress"]


def silent(stage: str, done: int, total: int) -> None:
    """Progress nobody asked for."""


class Datasets:
    """Data sets in `folder`/datasets; `allowed` are folders of the server that visitors may use.

    `elsewhere`: bytes of an owner's jobs, which count against the same limit.
    """

    def __init__(self, folder: Path, allowed: Sequence[Path] = (), limits: Limits | None = None, elsewhere: Elsewhere = nothing):
        self.folder, self.limits, self.elsewhere = Path(folder) / "datasets", limits or Limits(), elsewhere
        self.allowed = tuple(Path(path).resolve() for path in allowed)
        self._read: dict[str, Dataset] = {}
        self._lock = threading.Lock()
        for left in self.folder.glob(f"*{PARTIAL}"):        # of a server that died while it checked
            shutil.rmtree(left, ignore_errors=True)

    def add_archive(self, owner: str, path: Path, name: str, progress: Progress = silent) -> Dataset:
        """Unpack, check, mend and keep an archive. Raises DataError with one sentence for what is no data set."""
        self.room(owner, path.stat().st_size)

        def fill(folder: Path) -> Path:
            unpack(path, folder / "unpacked", self.limits, lambda done, total: progress("unpacking", done, total))
            return folder / "unpacked"

        return self._add(owner, _plain(name.removesuffix(".zip")), fill, progress)

    def add_folder(self, owner: str, path: Path | str, progress: Progress = silent) -> Dataset:
        """Check a folder that lies in an allowed one. A sound COCO folder is used where it is, of others the pictures are linked."""
        self.room(owner)
        chosen = self.offered().get(str(path)) or Path(path).resolve()
        if not any(chosen.is_relative_to(root) for root in self.allowed) or not chosen.is_dir():
            raise DataError("This folder is not among those that may be used here; the operator allows folders by --allow FOLDER.")
        return self._add(owner, _plain(chosen.name), lambda _: chosen, progress)

    def offered(self) -> dict[str, Path]:
        """Names of the allowed folders and of those right below them."""
        found: dict[str, Path] = {}
        for root in self.allowed:
            if root.is_dir():
                inside = sorted(path for path in root.iterdir() if path.is_dir() and not path.is_symlink())
                found |= {root.name: root, **{f"{root.name}/{path.name}": path for path in inside[:200] if path.name[0] != "."}}
        return found

    def list(self, owner: str) -> list[Dataset]:
        """The owner's, newest first, and the bundled ones."""
        mine = [found for path in self.folder.glob("*/dataset.json") if (found := self._load(path.parent)) and found.owner == owner]
        return [*sorted(mine, key=lambda each: -each.created), *self.bundled()]

    def get(self, owner: str, id: str) -> Dataset:
        """Raises DataError for what does not exist and, in the same words, for what belongs to somebody else."""
        if id in BUNDLED:
            return bundled_dataset(id)
        found = self._load(self.folder / id) if re.fullmatch(r"[0-9a-f]{16}", id) else None
        if found is None or found.owner != owner:
            raise DataError(GONE)
        return found

    def delete(self, owner: str, id: str) -> None:
        """Remove a data set with its pictures; an allowed folder itself stays as it is."""
        found = self.get(owner, id)
        if found.folder is None:
            raise DataError("The bundled data sets belong to everybody and stay.")
        away = found.folder.with_name(found.id + PARTIAL)
        found.folder.rename(away)                           # from here on nobody finds it
        self._read.pop(id, None)
        shutil.rmtree(away, ignore_errors=True)

    def bundled(self) -> list[Dataset]:
        """`trees` and `scenes`, which everybody has."""
        return [bundled_dataset(id) for id in BUNDLED]

    def _add(self, owner: str, name: str, fill: Callable[[Path], Path], progress: Progress) -> Dataset:
        """Make everything under another name first, so that what is in the list is whole."""
        id = secrets.token_hex(8)
        folder = self.folder / (id + PARTIAL)
        folder.mkdir(parents=True)
        try:
            raw = fill(folder)
            checked = examine(raw, None, self.limits, lambda done, total: progress("reading", done, total))
            self.room(owner, checked.report.facts["bytes"] if raw.parent == folder else 0)
            place = _mended(checked, folder, raw.parent != folder, lambda done, total: progress("mending", done, total))
            checked.table.save(folder / "table.npz")
            write_json(folder / "report.json", checked.report.json())
            root = checked.root.relative_to(folder).as_posix() if raw.parent == folder else str(checked.root)
            told = {"id": id, "owner": owner, "name": name, "created": time.time(), "root": root, "place": place}
            write_json(folder / "dataset.json", told)
            folder.rename(self.folder / id)
        except OSError as error:
            raise DataError("The data set could not be kept: the server's disk may be full; free some space and try again.") from error
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        return self.get(owner, id)

    def _load(self, folder: Path) -> Dataset | None:
        with self._lock:
            if folder.name not in self._read:
                told, report = read_json(folder / "dataset.json"), read_json(folder / "report.json")
                if not told or not report or folder.name.endswith(PARTIAL):
                    return None
                root, place = (str(folder / told[key]) if told[key] else "" for key in ("root", "place"))
                self._read[folder.name] = Dataset(told["id"], told["owner"], told["name"], folder, Report.read(report), told["created"],
                                                  Path(root), place)
            return self._read[folder.name]

    def used(self, owner: str) -> int:
        """Bytes of the owner's data sets; those of an allowed folder are the operator's."""
        mine = [each for each in self.list(owner) if each.folder]
        return sum(each.report.facts.get("bytes", 0) for each in mine if Path(each.root).is_relative_to(each.folder))

    def room(self, owner: str, more: int = 0) -> None:
        """Raises DataError where the owner may not have `more` bytes, or not another data set."""
        if (sets := sum(each.folder is not None for each in self.list(owner))) >= self.limits.sets:
            raise DataError(f"You have {sets} data sets, which is the limit here; delete one first.")
        if sentence := full(self.used(owner) + self.elsewhere(owner), self.limits.owned, more):
            raise DataError(sentence)


def _mended(checked: Checked, folder: Path, foreign: bool, progress: Callable[[int, int], None]) -> str:
    """Where training reads the set: a new folder, or, of an allowed folder that is sound COCO already, the folder itself."""
    if checked.report.verdict == "blocking":
        return ""
    if foreign and checked.report.layout == "coco" and all(found.verdict == "fine" for found in checked.report.findings):
        try:
            if all(open_dataset(checked.root, split).names == checked.table.names for split in ("train", "val")):
                return str(checked.root)
        except DataError:
            pass
    write(checked.table, checked.root, folder / "coco", "coco", progress)
    return "coco"


def _plain(name: str) -> str:
    """A visitor's name for a set: one line of a sensible length."""
    return " ".join(name.split())[:80] or "data set"
