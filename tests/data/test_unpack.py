"""An archive from anybody ends in a folder of pictures and labels, or in one sentence, and never anywhere else."""
from __future__ import annotations

import io
import stat
import struct
import tempfile
import zipfile
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from detr_core.data import DataError
from detr_core.data.check import Limits, unpack
from detr_core.data.check.xml_safe import XmlError, parse

from .zoo import coco, packed, photo

LIMITS = Limits(free=0)


def archive(*members: tuple[str | zipfile.ZipInfo, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for name, data in members:
            made.writestr(name, data)
    return out.getvalue()


def opened(data: bytes, folder: Path, limits: Limits = LIMITS) -> set[str]:
    """Unpack into a folder inside `folder`; all files that there are afterwards."""
    (folder / "brought.zip").write_bytes(data)
    unpack(folder / "brought.zip", folder / "deep" / "inside", limits)
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file() and path.suffix != ".zip"}


def test_pictures_and_labels_are_unpacked_and_the_rest_is_not(tmp_path):
    made = packed({**coco(), "run.py": "import os", "__MACOSX/._a.jpg": "x", "a.exe": b"MZ", ".DS_Store": "x"}, tmp_path / "a.zip", "top/")
    steps: list[tuple[int, int]] = []
    assert unpack(made, tmp_path / "out", LIMITS, lambda *step: steps.append(step)) == 4
    assert len([path for path in (tmp_path / "out").rglob("*") if path.is_file()]) == 34 and steps[-1] == (34, 34)


def link() -> zipfile.ZipInfo:
    info = zipfile.ZipInfo("a.jpg")
    info.create_system, info.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
    return info


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize(("members", "says"), [
    ([("../a.jpg", b"x")], "would leave"), ([("/etc/a.jpg", b"x")], "would leave"), ([("a/../../b.jpg", b"x")], "would leave"),
    ([("..\\a.jpg", b"x")], "would leave"), ([("C:\\a.jpg", b"x")], "would leave"), ([("a\nb.jpg", b"x")], "would leave"),
    ([(link(), b"/etc/passwd")], "a link"), ([("a.jpg", b"x"), ("A.JPG", b"y")], "twice"),
    ([("a.jpg", b"x"), ("a.jpg/b.jpg", b"y")], "inside what is"),
    ([("x" * 300 + ".jpg", b"x")], "too long a name"), ([("a.py", b"x")], "no pictures"), ([], "no pictures"),
    ([("a.json", bytes(200_000))], "decompression bomb"), ([(f"{i}.jpg", b"x") for i in range(30)], "30 files"),
    ([("a.json", bytes(range(256)) * 2400)], "a file may have"), ([(f"{i}.jpg", bytes(range(256)) * 300) for i in range(9)], "Unpacked"),
])  # fmt: skip
def test_archives_that_are_refused(members, says, tmp_path):
    limits = Limits(files=20, total=600_000, file=400_000, picture=100_000, ratio=50, trusted=100_000, free=0)
    with pytest.raises(DataError, match=says) as error:
        opened(archive(*members), tmp_path, limits)
    assert str(error.value).count("\n") == 0 and not (tmp_path / "deep").exists()


@pytest.mark.parametrize("data", [b"", b"PK", b"not a zip", archive(("a.jpg", b"x" * 999))[:-30], archive(("a.jpg", photo(1)))[40:]],
                         ids=["empty", "mark", "text", "end", "start"])
def test_damaged_archives_are_refused(data, tmp_path):
    with pytest.raises(DataError, match="no zip that can be opened"):
        opened(data, tmp_path)


def test_an_encrypted_member_is_refused(tmp_path):
    data = bytearray(archive(("a.jpg", b"x" * 40)))
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(mark) + offset] |= 1
    with pytest.raises(DataError, match="encrypted"):
        opened(bytes(data), tmp_path)


def test_a_member_that_holds_more_than_it_declares_is_refused(tmp_path):
    """The table of an archive is only what its maker wrote."""
    data = bytearray(archive(("a.json", b"[" * 5000)))
    for mark, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        struct.pack_into("<I", data, data.index(mark) + offset, 10)
    with pytest.raises(DataError):
        opened(bytes(data), tmp_path)
    assert sum(path.stat().st_size for path in tmp_path.rglob("*.json")) <= 10


def test_a_full_disk_is_told_before_anything_is_written(tmp_path):
    with pytest.raises(DataError, match="the disk has"):
        opened(archive(("a.jpg", b"x")), tmp_path, Limits(free=2**60))
    assert not (tmp_path / "deep").exists()


PIECES = ["..", ".", "", "a", "a.jpg", "A.JPG", "con", "C:", "~", "\\", "..\\..", "/", "\0", "a.jpg\0.py", "ä.jpg", "%2e%2e"]
PART = st.one_of(st.sampled_from(PIECES), st.text(max_size=12))
NAME = st.tuples(st.lists(PART, min_size=1, max_size=5).map("/".join), st.sampled_from([".jpg", ".json", "", "/"]))


@pytest.mark.filterwarnings("ignore:Duplicate name")
@settings(max_examples=150, deadline=None)
@given(st.lists(NAME, min_size=1, max_size=4))
@example([("../../x", ".jpg")])
def test_no_name_leads_out_of_the_folder(names):
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as out:
        for name, ending in names:
            info = zipfile.ZipInfo("x")
            info.filename = (name + ending).encode("utf-8", "replace").decode()     # the constructor would cut it at a NUL
            try:
                out.writestr(info, b"data")
            except (ValueError, UnicodeError):
                return
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        try:
            opened(made.getvalue(), folder)
        except DataError as error:
            assert "\n" not in str(error)
        target = folder / "deep" / "inside"
        strays = [path for path in folder.rglob("*") if path.is_file() and not path.is_relative_to(target) and path.name != "brought.zip"]
        assert not strays and not any(path.is_symlink() for path in folder.rglob("*"))


@pytest.mark.parametrize("text", ['<!DOCTYPE a [<!ENTITY b "ccc">]><a>&b;</a>', '<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>',
                                  "<a>&b;</a>", "<a>" * 80 + "</a>" * 80, "", "<a", "\0"])
def test_xml_expands_and_fetches_nothing(text):
    with pytest.raises(XmlError):
        parse(text.encode())


def test_a_document_type_hidden_in_another_encoding_is_found_too():
    with pytest.raises(XmlError, match="DOCTYPE"):
        parse('<?xml version="1.0" encoding="utf-16"?><!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'.encode("utf-16"))
    assert parse("<a><b>ä &lt;</b></a>".encode()).findtext("b") == "ä <"
