"""Unpack an archive from anybody."""
from __future__ import annotations

import errno
import lzma
import shutil
import stat
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from ...room import size_words
from ..coco_check import DataError, shown

PICTURES = (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff", ".avif", ".ppm", ".jp2")
LABELS = (".json", ".xml", ".txt", ".yaml", ".yml", ".names", ".data")
JUNK = ("__MACOSX", ".DS_Store", "Thumbs.db", "desktop.ini", ".git", ".ipynb_checkpoints")
CHUNK = 1 << 20
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Limits:
    """What an archive or a folder may have, and an owner in all. Sizes in bytes.

    `ratio` is unpacked : packed of one file beyond `trusted` bytes.
    """

    archive: int = 8 * 2**30
    files: int = 400_000
    total: int = 24 * 2**30
    file: int = 512 * 2**20
    picture: int = 128 * 2**20
    ratio: float = 200.0
    trusted: int = 16 * 2**20
    free: int = 512 * 2**20                         # left over on the disk
    sets: int = 20                                  # of one owner
    owned: int = 32 * 2**30                         # bytes of all of them


def silent(done: int, total: int) -> None:
    """Progress nobody asked for."""


def unpack(archive: Path, folder: Path, limits: Limits | None = None, progress: Progress = silent) -> int:
    """Unpack the pictures and label files of a zip into a new folder; how many members were left out.

    Everything is judged by the archive's own table before a byte is written, and again by what really comes out.

    Raises:
        DataError: for what is no zip, and for members that leave the folder, are links, encrypted, twice there or too large.
    """
    limits = limits or Limits()
    if (size := archive.stat().st_size) > limits.archive:
        raise DataError(f"The archive has {size_words(size)}, more than the {size_words(limits.archive)} taken here; send a part of it.")
    damaged = "The file is no zip that can be opened, or it is damaged; pack the folder as .zip again."
    try:
        opened = zipfile.ZipFile(archive)
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError) as error:
        raise DataError(damaged) from error
    try:
        with opened:
            members, ignored = _judged(opened.infolist(), limits)
            _room(folder, sum(info.file_size for info in members.values()), limits)
            folder.mkdir(parents=True)
            _extract(opened, members, folder, progress)
    except (zipfile.BadZipFile, NotImplementedError, EOFError, ValueError, RuntimeError, zlib.error, lzma.LZMAError) as error:
        if isinstance(error, DataError):
            raise
        raise DataError(damaged) from error
    except OSError as error:
        if error.errno in (None, errno.EINVAL):     # offsets that lead nowhere
            raise DataError(damaged) from error
        raise DataError("The archive could not be written to the disk; free some space on the server or shorten the file names.") from error
    return ignored


def _judged(infos: list[zipfile.ZipInfo], limits: Limits) -> tuple[dict[str, zipfile.ZipInfo], int]:
    """Path inside the folder -> member, for those worth unpacking, and how many are not."""
    members: dict[str, zipfile.ZipInfo] = {}
    folded, ignored, total = set(), 0, 0
    if len(infos) > limits.files:
        raise DataError(f"The archive has {len(infos):,} files, more than the {limits.files:,} taken here; send a part of it.")
    for info in infos:
        name = _inside(info)
        if info.is_dir() or not _wanted(name):
            ignored += not info.is_dir()
            continue
        _bounded(info, limits)
        total += info.file_size
        path = name.as_posix()
        if path.casefold() in folded:
            raise DataError(f"The archive has {shown(path)} twice; give every file a name of its own, also without regard to upper case.")
        folded.add(path.casefold())
        members[path] = info
    for path in members:
        if any(parent.as_posix() in members for parent in PurePosixPath(path).parents):
            raise DataError(f"The archive has {shown(path)} inside what is also a file; pack the folder again.")
    if total > limits.total:
        most = size_words(limits.total)
        raise DataError(f"Unpacked, the archive has {size_words(total)}, more than the {most} taken here; send a part of it.")
    if not members:
        raise DataError("The archive has no pictures and no label files; pack a data set in COCO, Pascal VOC or YOLO layout.")
    return members, ignored


def _inside(info: zipfile.ZipInfo) -> PurePosixPath:
    """A member's path below the folder; refuses whatever could lead elsewhere."""
    told = info.orig_filename if isinstance(info.orig_filename, str) else info.filename
    name = told.replace("\\", "/")
    parts = PurePosixPath(name).parts
    odd = any(ord(letter) < 32 or ord(letter) == 127 for letter in name)
    if not parts or odd or name.startswith("/") or ":" in parts[0] or ".." in parts:
        raise DataError(f"The archive's member {shown(told)} would leave the folder it is unpacked into; pack it again with plain names.")
    if any(len(part.encode("utf-8", "replace")) > 200 for part in parts) or len(name) > 1000:
        raise DataError(f"The archive's member {shown(told)} has too long a name; shorten it.")
    kind = stat.S_IFMT(info.external_attr >> 16)
    if info.create_system == 3 and kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise DataError(f"The archive's member {shown(told)} is a link or a device, not a file; put the file itself into the archive.")
    if info.flag_bits & 0x1:
        raise DataError(f"The archive's member {shown(told)} is encrypted; pack the folder without a password.")
    return PurePosixPath(*parts)


def _wanted(name: PurePosixPath) -> bool:
    hidden = any(part in JUNK or part.startswith("._") for part in name.parts)
    return not hidden and name.suffix.lower() in PICTURES + LABELS


def _bounded(info: zipfile.ZipInfo, limits: Limits) -> None:
    """One member's declared size and how much it is squeezed."""
    name, size = f"The archive's member {shown(info.filename)}", info.file_size
    most = limits.picture if PurePosixPath(info.filename.lower()).suffix in PICTURES else limits.file
    if size > most:
        raise DataError(f"{name} has {size_words(size)} unpacked, more than the {size_words(most)} a file may have; make it smaller.")
    if size > limits.trusted and size > limits.ratio * max(1, info.compress_size):
        raise DataError(f"{name} unpacks to {size // max(1, info.compress_size):,} times its size, as decompression bombs do; "
                        "pack the data set again without it.")


def _room(folder: Path, needed: int, limits: Limits) -> None:
    place = next(parent for parent in folder.parents if parent.exists())
    free = shutil.disk_usage(place).free
    if free < needed + limits.free:
        raise DataError(f"Unpacked, the archive needs {size_words(needed)}, but the disk has {size_words(free)} left; send a part of it.")


def _extract(opened: zipfile.ZipFile, members: dict[str, zipfile.ZipInfo], folder: Path, progress: Progress) -> None:
    """Write the members; none may give more than it declared."""
    for done, (name, info) in enumerate(members.items()):
        target, left = folder / name, info.file_size
        target.parent.mkdir(parents=True, exist_ok=True)
        with opened.open(info) as source, open(target, "xb") as file:
            while chunk := source.read(CHUNK):
                left -= len(chunk)
                if left < 0:
                    raise DataError(f"The archive's member {shown(name)} holds more than it declares; pack the folder again.")
                file.write(chunk)
        progress(done + 1, len(members))
