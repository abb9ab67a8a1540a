"""Read Pascal VOC's layout: an XML file for every picture, splits in ImageSets/Main or in the folders' names."""
from __future__ import annotations

from pathlib import PurePosixPath
from xml.etree.ElementTree import Element

from ..coco_check import is_number, shown
from .classes import Classes
from .layout import voc_labels
from .notes import Notes
from .raw import Files, RawObject, RawPicture, RawSet, split_of
from .unpack import PICTURES
from .xml_safe import XmlError, parse

LARGEST = 8 * 2**20


def read(files: Files, notes: Notes) -> RawSet:
    """Every annotation file with its picture."""
    lists, names, pictures = _lists(files), set(), {}
    for name in voc_labels(files):
        root = _opened(files, name, notes)
        if root is None:
            continue
        split = lists.get(PurePosixPath(name).stem, "") if lists else split_of(name)
        picture = _picture(files, root, name, split, notes)
        if picture is None:
            continue
        if picture.file in pictures:
            notes.add("picture_repeated", picture=picture.file, note=name)
            picture = pictures[picture.file]
        pictures[picture.file] = picture
        for place, item in enumerate(root.iter("object")):
            if (found := _object(item, f"{name}: object {place + 1}", picture, notes)) is not None:
                picture.objects.append(found)
                names.add(found.key)
    for name in sorted(files.known - set(pictures)):
        notes.add("picture_unlisted", picture=name, note=name)
    classes = Classes(notes)
    classes.table(enumerate(sorted(names)), "names")
    return RawSet(list(pictures.values()), classes.rows())


def _lists(files: Files) -> dict[str, str]:
    """{stem: split} from ImageSets/Main; what stands in trainval only is left to be split."""
    found: dict[str, str] = {}
    for name in files.labels:
        path = PurePosixPath(name)
        if path.suffix.lower() == ".txt" and "ImageSets" in path.parts and path.stem in ("train", "val", "test"):
            try:
                lines = files.text(name).splitlines()
            except (OSError, ValueError):
                continue
            for line in lines:
                if words := line.split():
                    found.setdefault(PurePosixPath(words[0]).stem, path.stem)
    return found


def _opened(files: Files, name: str, notes: Notes) -> Element | None:
    try:
        if files.path(name).stat().st_size > LARGEST:
            raise XmlError(f"it is larger than {LARGEST >> 20} MB")
        root = parse(files.path(name).read_bytes())
    except (XmlError, OSError) as error:
        notes.add("label_unreadable", note=f"{name}: {error}")
        return None
    if root.tag != "annotation":
        notes.add("label_unreadable", note=f"{name}: its root is {shown(root.tag)}, not annotation")
        return None
    return root


def _picture(files: Files, root: Element, name: str, split: str, notes: Notes) -> RawPicture | None:
    """The picture by the label file's own name first: <filename> often names another machine's file."""
    path = PurePosixPath(name)
    told = (root.findtext("filename") or "").strip()
    places = [str(path.parent), *(str(path.parent.parent / word) for word in ("JPEGImages", "images", "Images", split or "JPEGImages"))]
    places = ["" if place == "." else place for place in places]
    suffixes = dict.fromkeys([PurePosixPath(told).suffix, *PICTURES, *(suffix.upper() for suffix in PICTURES)])
    file, expected = next(((found, True) for suffix in suffixes if suffix for place in places
                           if (found := f"{place}/{path.stem}{suffix}".lstrip("/")) in files.known), ("", True))
    if not file and told:
        file, expected = files.find(told, places, split)
    if not file:
        notes.add("picture_missing", note=f"{name}: {shown(told or path.stem)}")
        return None
    if not expected:
        notes.add("picture_moved", picture=file, note=f"{name}: {shown(told)}")
    size = [_number(root.findtext(f"size/{side}")) for side in ("width", "height")]
    recorded = (round(size[0]), round(size[1])) if all(side is not None and 0 < side < 2**31 for side in size) else None
    return RawPicture(file, split, recorded)


def _object(item: Element, where: str, picture: RawPicture, notes: Notes) -> RawObject | None:
    name = " ".join((item.findtext("name") or "").split())
    box = [_number(item.findtext(f"bndbox/{side}")) for side in ("xmin", "ymin", "xmax", "ymax")]
    if not name or any(side is None for side in box):
        notes.add("object_malformed", picture=picture.file, note=f"{where}: {shown(name)} {box}")
        return None
    return RawObject(name[:120], tuple(box), where)


def _number(text: str | None) -> float | None:
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if is_number(value) else None
