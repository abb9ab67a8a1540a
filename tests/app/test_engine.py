"""Many visitors, one detector at a time, nobody sees another's picture."""
import io
import threading

import numpy as np
import pytest
from PIL import Image

from app.engine import Engine
from app.runs import AtlasError

from .fake import FakeRunner
from .pictures import encoded, painted


@pytest.fixture
def engine(assets):
    runner = FakeRunner()
    made = Engine(lambda: runner, assets)
    made.runner_for_tests = runner
    return made


def test_a_stored_example_opens_without_the_libraries(assets):
    def connect():
        raise AssertionError("nothing may be loaded for a stored run")

    engine = Engine(connect, assets)
    first = engine.opening()
    run = engine.run(first.picture, first.model, first.weights).result(1)
    assert run.facts["picture"]["key"] == "example:patches"
    assert engine.find(run.id).query(0)


def test_the_same_picture_runs_once(engine):
    picture = engine.add(encoded(painted())).result(20)
    first = engine.run(picture.key, "detr", "scenes").result(5)
    assert engine.add(encoded(painted())).result(5).key == picture.key
    assert engine.run(picture.key, "detr", "scenes").result(5) is first
    assert engine.runner_for_tests.calls == 1


def test_ids_of_another_process_do_not_open_a_picture(assets):
    data = encoded(painted())
    mine, other = Engine(FakeRunner, assets), Engine(FakeRunner, assets)
    key = other.add(data).result(20).key
    assert key != mine.add(data).result(5).key
    with pytest.raises(AtlasError, match="no longer on the server"):
        mine.run(key, "detr", "scenes").result(5)


@pytest.mark.parametrize("guess", ["", "..", "example:../../x", "example:patches--detr--scenes", "0" * 32])
def test_a_guessed_run_is_not_found(engine, guess):
    with pytest.raises(AtlasError, match="no longer kept"):
        engine.find(guess)


def test_the_line_moves_in_order_and_can_be_left(engine):
    gate = threading.Event()
    engine.runner_for_tests.inspect, real = lambda *a: (gate.wait(10), real(*a))[1], engine.runner_for_tests.inspect
    keys = [engine.add(encoded(painted(shift=0.01 * i))).result(20).key for i in range(3)]
    futures = [engine.run(key, "detr", "scenes", f"t{i}") for i, key in enumerate(keys)]
    assert [engine.ahead(f"t{i}") for i in range(3)] == [0, 1, 2]
    engine.cancel("t1")
    assert futures[1].cancelled() and engine.ahead("t2") == 1
    gate.set()
    assert futures[0].result(10).id != futures[2].result(10).id
    assert engine.ahead("t2") is None


def test_the_oldest_runs_make_room(assets):
    engine = Engine(FakeRunner, assets, budget=1)
    old = engine.run("example:patches", "detr", "scenes").result(20)
    engine.run("example:moved", "detr", "scenes").result(20)
    with pytest.raises(AtlasError, match="no longer kept"):
        engine.find(old.id)


def test_boxes_are_told_in_pixels_of_a_large_file(engine):
    picture = engine.add(encoded(painted(3000, 2250))).result(20)
    run = engine.run(picture.key, "detr", "scenes").result(20)
    box = next(each["box"] for each in run.detections(0.5) if each["label"] == 0)
    assert box == pytest.approx([.19 * 3000, .43 * 2250, .41 * 3000, .77 * 2250], rel=0.1)


BROKEN = {"empty": b"", "text": b"hello", "svg": b"<svg xmlns='http://www.w3.org/2000/svg'/>", "cut off": encoded(painted())[:900]}


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_no_picture_gets_one_sentence(engine, name):
    with pytest.raises(AtlasError) as error:
        engine.add(BROKEN[name]).result(20)
    assert 20 < len(str(error.value)) < 160 and "\n" not in str(error.value)


def test_unusual_pictures_are_read(engine):
    turned = painted(300, 200)
    exif = Image.Exif()
    exif[0x0112] = 6
    out = io.BytesIO()
    turned.save(out, "JPEG", exif=exif)
    assert engine.add(out.getvalue()).result(20).facts["height"] == 300
    deep = Image.fromarray(np.linspace(0, 65535, 64 * 64).reshape(64, 64).astype(np.uint16))
    for image, kind in ((painted().convert("CMYK"), "JPEG"), (deep, "PNG"), (painted().resize((1, 1)), "PNG")):
        assert engine.add(encoded(image, kind)).result(20).image.mode == "RGB"


def test_a_detector_nobody_knows_is_refused_in_words(engine):
    with pytest.raises(AtlasError, match=r"no detector named '\.\./\.\./etc'"):
        engine.run("example:patches", "../../etc", "scenes").result(20)
