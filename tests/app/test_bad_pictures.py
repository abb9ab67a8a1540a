"""Whatever a program sends as a picture, it gets objects or one clear sentence."""
from __future__ import annotations

import io

import numpy as np
import pytest
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError
from PIL import Image

RANDOM = np.random.default_rng(0)
PHOTO = Image.fromarray(RANDOM.integers(0, 255, (90, 160, 3), dtype=np.uint8))


def written(image: Image.Image, kind: str = "PNG", **options) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def turned() -> bytes:
    tags = PHOTO.getexif()
    tags[0x0112] = 6
    return written(PHOTO, "JPEG", exif=tags)


PICTURES = {
    "one_pixel.png": (lambda: written(Image.new("RGB", (1, 1))), (1, 1)),
    "huge.jpg": (lambda: written(Image.new("RGB", (12_000, 9_000)), "JPEG"), (4096, 3072)),
    "cmyk.jpg": (lambda: written(PHOTO.convert("CMYK"), "JPEG"), (160, 90)),
    "sixteen_bits.png": (lambda: written(Image.fromarray(RANDOM.integers(0, 65535, (90, 160), dtype=np.uint16))), (160, 90)),
    "turned.jpg": (turned, (90, 160)),
    "animated.gif": (lambda: written(PHOTO, "GIF", save_all=True, append_images=[PHOTO.rotate(180)]), (160, 90)),
}
OTHERS = {
    "huge.png": (lambda: written(Image.new("RGB", (12_000, 9_000)), compress_level=1), "12000 x 9000 pixels"),
    "words.jpg": (lambda: b"no picture", "not a picture"),
    "cut_off.jpg": (lambda: written(PHOTO, "JPEG")[:1500], "damaged or cut off"),
    "nothing.png": (lambda: b"", "empty"),
    "drawing.svg": (lambda: b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>', "SVG is a drawing"),
}


@pytest.fixture(scope="module")
def client(served) -> Client:
    return Client(served.url, verbose=False)


def detect(client: Client, path) -> dict:
    return client.predict(picture=handle_file(str(path)), variant="detr", weights="scenes", threshold=0.5, api_name="/detect")


@pytest.mark.parametrize("name", PICTURES)
def test_unusual_pictures_are_upright_pictures(client, tmp_path, name):
    make, size = PICTURES[name]
    (tmp_path / name).write_bytes(make())
    picture = detect(client, tmp_path / name)["picture"]
    assert (picture["name"], picture["width"], picture["height"]) == (name, *size)


@pytest.mark.parametrize("name", OTHERS)
def test_what_is_no_picture_is_one_sentence(client, tmp_path, name):
    make, says = OTHERS[name]
    (tmp_path / name).write_bytes(make())
    with pytest.raises(AppError, match=says) as told:
        detect(client, tmp_path / name)
    assert "Traceback" not in str(told.value) and str(tmp_path) not in str(told.value) and "\n" not in str(told.value)


@pytest.mark.parametrize(("endpoint", "wrong"), [
    ("/detect", {"threshold": "high"}), ("/detect", {"threshold": 50}), ("/detect", {"threshold": None}), ("/inspect", {"query": "best"}),
    ("/inspect", {"query": -7})])
def test_numbers_that_are_none_are_one_sentence(client, tmp_path, endpoint, wrong):
    (tmp_path / "photo.png").write_bytes(written(PHOTO))
    name, = wrong
    with pytest.raises(AppError, match=f"{name} must be a number from"):
        client.predict(picture=handle_file(str(tmp_path / "photo.png")), variant="detr", api_name=endpoint, **wrong)
