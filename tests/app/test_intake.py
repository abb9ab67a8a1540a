"""An archive that arrives in pieces is whole at the end, whatever happens on the way, and only its owner can touch it."""
from __future__ import annotations

import base64
import re
import time
from pathlib import Path

import pytest

from app.intake import Intake
from app.runs import AtlasError
from app.shelf import Shelf
from detr_core.data import DataError
from detr_core.data.check import Limits
from detr_core.data.store import Datasets

from ..data.zoo import packed, yolo


@pytest.fixture
def intake(tmp_path) -> Intake:
    return Intake(Datasets(tmp_path / "data", limits=Limits(free=0, archive=2**20)))


def settled(intake: Intake, owner: str, ticket: str) -> dict:
    for _ in range(600):
        if (news := intake.news(owner, ticket))["stage"] in ("done", "failed"):
            return news
        time.sleep(0.05)
    raise AssertionError(news)


def code(data: bytes) -> str:
    return base64.b64encode(data).decode()


def test_pieces_are_joined_even_when_some_are_sent_twice(intake, tmp_path):
    data = packed(yolo(), tmp_path / "a.zip").read_bytes()
    ticket = intake.begin("ann", "mine.zip", len(data))
    half = len(data) // 2
    assert intake.piece("ann", ticket, 0, code(data[:half])) == half
    assert intake.piece("ann", ticket, 0, code(data[:half])) == half, "sent again because the answer was lost"
    assert intake.piece("ann", ticket, half + 5, code(data[half + 5:])) == half, "a piece too far"
    with pytest.raises(AtlasError, match="damaged"):
        intake.piece("ann", ticket, half, "not base64!")
    for act in (intake.news, intake.drop, lambda owner, ticket: intake.piece(owner, ticket, half, "")):
        with pytest.raises(AtlasError, match="no longer here"):
            act("bob", ticket)
    assert intake.piece("ann", ticket, half, code(data[half:])) == len(data)
    news = settled(intake, "ann", ticket)
    assert news["stage"] == "done" and intake.running("ann") == []
    shelf = Shelf(intake.datasets)
    told = shelf.list("ann")["sets"][0]
    assert (told["id"], told["name"], told["layout"], told["pictures"], told["own"]) == (news["dataset"], "mine", "yolo", 32, True)
    assert [path.name for path in intake.datasets.folder.iterdir()] == [news["dataset"]], "the archive itself is not kept"
    assert intake.piece("ann", ticket, 0, code(b"x")) == len(data), "what comes late changes nothing"


def test_what_cannot_be_used_is_said_and_leaves_nothing(intake):
    for size, says in ((0, "empty"), (2**20 + 1, "archives of up to 1 MB")):
        with pytest.raises(AtlasError, match=says):
            intake.begin("ann", "a.zip", size)
    ticket = intake.begin("ann", "a.zip", 4)
    intake.piece("ann", ticket, 0, code(b"junk"))
    news = settled(intake, "ann", ticket)
    assert news["stage"] == "failed" and "no zip" in news["error"]
    given_up = intake.begin("ann", "b.zip", 100)
    intake.drop("ann", given_up)
    assert intake.news("ann", given_up)["stage"] == "failed" and list(intake.datasets.folder.iterdir()) == []
    assert "not among those" in settled(intake, "ann", intake.folder("ann", "/etc"))["error"]
    for _ in range(3):
        intake.begin("ann", "a.zip", 100)
    with pytest.raises(AtlasError, match="3 data sets of yours"):
        intake.begin("ann", "a.zip", 100)
    intake.begin("bob", "a.zip", 100)


def test_samples_are_pages_of_pictures_with_boxes(intake, tmp_path):
    made = intake.datasets.add_archive("ann", packed(yolo(), tmp_path / "a.zip"), "a")
    shelf = Shelf(intake.datasets)
    first, last = shelf.samples("ann", made.id), shelf.samples("ann", made.id, 2)
    assert (first["total"], len(first["pictures"]), len(last["pictures"])) == (32, 12, 8)
    one = first["pictures"][0]
    assert one["jpeg"] and (one["width"], one["height"]) == (64, 48)
    assert len(one["boxes"]) == 2 and all(0 <= value <= 1 for value in one["boxes"][0])
    assert first == shelf.samples("ann", made.id), "a page looks the same each time"
    assert {label for each in shelf.samples("ann", made.id, label=1)["pictures"] for *_, label in each["boxes"]} == {0, 1}
    asked = shelf.samples("ann", made.id, names=[one["name"], "../../../dataset.json", "nowhere.jpg"])["pictures"]
    assert asked[0] == one and [each.get("missing") for each in asked[1:]] == [True, True]
    for act in (shelf.report, shelf.samples):
        with pytest.raises(DataError, match="no such data set"):
            act("bob", made.id)
    told = shelf.fit("ann", made.id, "detr", "tiny", {"short": 0, "long": 0, "queries": 1})
    assert told["fit"]["queries"] == 1 and [row["code"] for row in told["findings"]] == ["queries_few"]


def test_every_finding_has_russian_words():
    from detr_core.data.check.codes import CODES

    text = (Path(__file__).resolve().parents[2] / "app" / "static" / "words" / "dataset.ru.js").read_text()
    assert set(re.findall(r"^    (\w+): \[", text, re.MULTILINE)) == set(CODES)
