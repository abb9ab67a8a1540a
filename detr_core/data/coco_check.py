"""Read a COCO annotation file strictly: every flaw is found, named with its file and id, and told how to mend."""

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

TOLERANCE = 2.0
"""Pixels a box may reach beyond its picture without a word: rounding of annotation tools."""
SHOWN = 5


@dataclass
class Report:
    """What is wrong with an annotation file. Errors make it unusable; of warnings, the objects concerned were mended or left out."""

    file: str
    errors: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def error(self, text: str) -> None:
        """Note something that makes the file unusable."""
        self.errors.append(f"{self.file}: {text}")

    def warn(self, text: str) -> None:
        """Note something that was mended or left out."""
        self.warnings.append(f"{self.file}: {text}")

    def __str__(self) -> str:
        problems = self.errors or self.warnings
        rest = len(problems) - SHOWN
        return "\n".join(problems[:SHOWN]) + (f"\n... and {rest} more like these." if rest > 0 else "")


class DataError(ValueError):
    """A data set that cannot be used. `report` has every flaw; the message shows the first few."""

    spoken = True
    """The message is written for a user: pages and endpoints show it as it is."""

    def __init__(self, problem: Report | str) -> None:
        super().__init__(str(problem))
        self.report = problem if isinstance(problem, Report) else Report("", [problem])


def load_table(path: Path) -> dict[str, Any]:
    """Parse the JSON and make sure that the three lists are there."""
    try:
        table = json.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError as error:
        raise DataError(f"{path.name}: there is no such annotation file in {path.parent.name or '.'!r}; check the path.") from error
    except (ValueError, RecursionError) as error:
        where = f" (line {error.lineno})" if isinstance(error, json.JSONDecodeError) else ""
        raise DataError(f"{path.name}: this is not valid JSON{where}; export the annotations again.") from error
    except OSError as error:
        raise DataError(f"{path.name}: the annotation file cannot be read; check that it is a file you may open.") from error
    report = Report(path.name)
    if not isinstance(table, dict):
        report.error("the JSON is not a COCO table; it must be an object with images, annotations and categories.")
    else:
        for key in ("images", "annotations", "categories"):
            if not isinstance(table.get(key), list):
                report.error(f'the list "{key}" is missing; COCO needs images, annotations and categories (lists may be empty).')
            elif not all(isinstance(row, dict) for row in table[key]):
                report.error(f'the list "{key}" holds something that is not an object; export the annotations again.')
    if report.errors:
        raise DataError(report)
    return table


def shown(value: Any) -> str:
    """A value of the file as it may stand in a message: quoted, on one line, and short."""
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."


def is_number(value: Any) -> bool:
    """A finite int or float; JSON's NaN and Infinity, booleans and strings are none."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e15 and math.isfinite(value)


def is_whole(value: Any) -> bool:
    """A whole number that can be an id or a size."""
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**63


def with_ids(rows: list[dict[str, Any]], kind: str, report: Report) -> Iterator[dict[str, Any]]:
    """Pass on the rows whose id is a whole number not seen before."""
    seen: set[int] = set()
    for place, row in enumerate(rows):
        if not is_whole(row.get("id")):
            report.error(f"{kind} number {place + 1} of the list has the id {shown(row.get('id'))}; give it a whole number.")
        elif row["id"] in seen:
            report.error(f"{kind} {row['id']} appears twice; ids must be unique, renumber one of them.")
        else:
            seen.add(row["id"])
            yield row


def checked_categories(rows: list[dict[str, Any]], report: Report) -> list[dict[str, Any]]:
    """Categories in the order of their ids."""
    good, names = [], set()
    for row in with_ids(rows, "category", report):
        name = row.get("name")
        if not isinstance(name, str) or not name.strip():
            report.error(f"category {row['id']} has no name; give it one.")
        elif name in names:
            report.error(f"category {row['id']} has the name {shown(name)} of another one; merge the two or rename one.")
        else:
            names.add(name)
            good.append({"id": row["id"], "name": name})
    if not rows:
        report.error("there is no category; a detector needs at least one class.")
    return sorted(good, key=lambda row: row["id"])


def escapes(name: str) -> bool:
    """Whether a file name would leave the folder of pictures."""
    posix, windows = PurePosixPath(name), PureWindowsPath(name)
    return posix.is_absolute() or bool(windows.drive or windows.root) or ".." in posix.parts or ".." in windows.parts or "\0" in name


def checked_images(rows: list[dict[str, Any]], folder: Path, report: Report) -> list[dict[str, Any]]:
    """Images whose size is known and whose file exists inside the folder."""
    good, names = [], set()
    for row in with_ids(rows, "image", report):
        name, number = row.get("file_name"), row["id"]
        if not isinstance(name, str) or not name:
            report.error(f"image {number} has no file_name; give the picture's name inside the folder of pictures.")
        elif escapes(name):
            report.error(f"image {number} has the file_name {shown(name)}, which leaves the folder of pictures; use a name inside it.")
        elif not (is_whole(row.get("width")) and is_whole(row.get("height")) and row["width"] > 0 and row["height"] > 0):
            size = f"{shown(row.get('width'))} x {shown(row.get('height'))}"
            report.error(f"image {number} has the size {size}; width and height must be whole numbers of pixels above 0.")
        elif not _is_file(folder / name):
            report.error(f"image {number}: the file {shown(name)} is not in {folder.name!r}; add it or remove the image from the list.")
        else:
            if name in names:
                report.warn(f"image {number} names the file {shown(name)} of another image; make sure that this is meant.")
            names.add(name)
            good.append(row)
    if not rows:
        report.error("there is no image; add at least one.")
    return good


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def checked_annotations(rows: list[dict[str, Any]], images: dict[int, dict], categories: set[int], report: Report) -> list[dict[str, Any]]:
    """Annotations with known ids and a box inside their picture; slight overhang is clipped, empty boxes are left out."""
    good = []
    for row in with_ids(rows, "annotation", report):
        number, box = row["id"], row.get("bbox")
        if not _known(row.get("image_id"), images):
            missing = shown(row.get("image_id"))
            report.error(f"annotation {number} belongs to the image {missing}, which the list of images lacks; correct image_id.")
        elif not _known(row.get("category_id"), categories):
            missing = shown(row.get("category_id"))
            report.error(f"annotation {number} has the category {missing}, which the list of categories lacks; correct category_id.")
        elif row.get("iscrowd", 0) not in (0, 1):
            report.error(f"annotation {number} has iscrowd {shown(row['iscrowd'])}; it must be 0 or 1.")
        elif not isinstance(box, list) or len(box) != 4 or not all(is_number(value) for value in box):
            report.error(f"annotation {number} has the bbox {shown(box)}; it must be four finite numbers: x, y, width, height.")
        elif (inside := _inside(row, images[row["image_id"]], report)) is not None:
            good.append({**row, "bbox": inside})
    return good


def _known(key: Any, table: dict | set) -> bool:
    return is_whole(key) and key in table


def _inside(row: dict[str, Any], image: dict[str, Any], report: Report) -> list[float] | None:
    """The box clipped to its picture, or None where nothing of it remains."""
    x, y, width, height = (float(value) for value in row["bbox"])
    place = f"annotation {row['id']} of image {image['id']}"
    if width <= 0 or height <= 0:
        report.warn(f"{place} has a box of {width:g} x {height:g} and was left out; bbox is x, y, width, height, not two corners.")
        return None
    size = f"{image['width']} x {image['height']}"
    left, top = max(x, 0.0), max(y, 0.0)
    right, bottom = min(x + width, float(image["width"])), min(y + height, float(image["height"]))
    if right <= left or bottom <= top:
        report.warn(f"{place} lies outside its picture of {size} and was left out; check the order of its numbers.")
        return None
    if max(left - x, top - y, x + width - right, y + height - bottom) > TOLERANCE:
        report.warn(f"{place} reaches beyond its picture of {size} and was clipped; check its numbers.")
    return [left, top, right - left, bottom - top]
