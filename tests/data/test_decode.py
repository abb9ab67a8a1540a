"""Whatever a visitor uploads becomes an upright RGB picture or one clear sentence."""

import io
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from detr_core.data import ImageError, read_image
from detr_core.data.decode import LONGEST


def encoded(image: Image.Image, kind: str = "PNG", **options) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


@pytest.fixture(scope="module")
def photo() -> Image.Image:
    """Red on the left, blue on the right, 60 x 40."""
    image = Image.new("RGB", (60, 40), (220, 30, 30))
    ImageDraw.Draw(image).rectangle((30, 0, 59, 39), fill=(30, 30, 220))
    return image


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "PPM"])
def test_usual_formats(photo, kind):
    image = read_image(encoded(photo, kind))
    assert (image.mode, image.size) == ("RGB", (60, 40))
    assert np.abs(np.subtract(image.getpixel((5, 20)), (220, 30, 30))).max() < 12


def test_path_pillow_image_and_array(photo, tmp_path):
    path = tmp_path / "photo.png"
    photo.save(path)
    array = np.asarray(photo)
    for source in (path, str(path), photo, array, array.astype(np.float32) / 255, array.astype(np.uint16) * 257):
        assert np.array_equal(np.asarray(read_image(source)), np.asarray(photo))
    assert read_image(np.zeros((4, 5), bool)).size == (5, 4)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "0 bytes"),
        (b"hello, I am a text", "not a picture"),
        (b"%PDF-1.4 nothing", "not a picture"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "not a picture"),
        (b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"/>', "SVG"),
        (b"\xef\xbb\xbf<svg width='9'/>", "SVG"),
        (b"\x89PNG\r\n\x1a\n", "read|damaged"),
    ],
)
def test_what_is_no_picture_is_said_in_one_sentence(data, says):
    with pytest.raises(ImageError, match=says) as error:
        read_image(data)
    assert "\n" not in str(error.value) and str(error.value).endswith(".")


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "TIFF"])
def test_truncated_files_are_refused(kind):
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 255, (80, 90, 3), np.uint8))
    data = encoded(noise, kind)
    for share in (0.3, 0.6, 0.9):
        with pytest.raises(ImageError):
            read_image(data[: int(len(data) * share)])


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_honoured(photo, orientation):
    turns = {1: None, 2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}  # the transpose that undoes the camera's turn
    stored = photo if turns[orientation] is None else photo.transpose(Image.Transpose(turns[orientation]))
    exif = Image.Exif()
    exif[0x0112] = orientation
    image = read_image(encoded(stored, "PNG", exif=exif.tobytes()))
    assert image.size == (60, 40)
    assert image.getpixel((5, 20)) == (220, 30, 30) and image.getpixel((55, 20)) == (30, 30, 220)


def test_unusual_pixels_become_rgb(photo):
    assert read_image(encoded(photo.convert("CMYK"), "JPEG")).mode == "RGB"
    assert read_image(encoded(photo.convert("P"))).getpixel((5, 20))[0] > 180
    clear = Image.new("RGBA", (8, 8), (10, 10, 10, 0))
    assert read_image(encoded(clear)).getpixel((3, 3)) == (255, 255, 255)
    palette = Image.new("P", (8, 8), 0)
    assert read_image(encoded(palette, "PNG", transparency=0)).getpixel((3, 3)) == (255, 255, 255)
    assert read_image(encoded(Image.new("LA", (8, 8), (0, 128)))).getpixel((3, 3))[0] in range(125, 131)
    assert read_image(encoded(Image.new("1", (8, 8), 1))).getpixel((0, 0)) == (255, 255, 255)
    assert read_image(encoded(photo.convert("LAB"), "TIFF")).mode == "RGB"


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_sixteen_bits_are_scaled_not_clipped(kind):
    ramp = np.linspace(0, 65535, 256).astype(np.uint16)[None].repeat(4, 0)
    values = np.asarray(read_image(encoded(Image.fromarray(ramp), kind)))[0, :, 0].astype(int)
    assert values[0] == 0 and values[-1] == 255 and np.abs(np.diff(values)).max() <= 2 and abs(values[128] - 128) <= 1


def test_floating_point_pictures():
    image = Image.fromarray(np.array([[0.0, 0.5, 1.0, np.nan]], np.float32))
    assert np.asarray(read_image(encoded(image, "TIFF")))[0, :, 0].tolist() == [0, 128, 255, 0]


def test_first_frame_of_an_animation(photo):
    frames = [photo, Image.new("RGB", photo.size, (0, 255, 0))]
    for kind in ("GIF", "WEBP", "PNG"):
        data = encoded(frames[0], kind, save_all=True, append_images=frames[1:])
        assert np.abs(np.subtract(read_image(data).getpixel((5, 20)), (220, 30, 30))).max() < 12


def test_photos_of_phones_with_a_second_picture_inside(photo):
    data = encoded(photo, "MPO", save_all=True, append_images=[Image.new("RGB", photo.size)])
    assert read_image(data).getpixel((5, 20))[0] > 200


def test_one_pixel():
    assert read_image(encoded(Image.new("RGB", (1, 1), (1, 2, 3)))).getpixel((0, 0)) == (1, 2, 3)


def test_a_huge_jpeg_becomes_a_picture_of_bounded_size():
    data = encoded(Image.new("RGB", (12000, 9000), (90, 120, 30)), "JPEG")
    image = read_image(data)
    assert image.size == (LONGEST, 3072)
    assert np.abs(np.subtract(image.getpixel((50, 50)), (90, 120, 30))).max() < 4


@pytest.mark.parametrize("size", [(12000, 9000), (40000, 40000)])
def test_a_decompression_bomb_is_refused_before_decoding(size):
    png = encoded(Image.new("1", (8, 8)))
    header = png[12:16] + size[0].to_bytes(4, "big") + size[1].to_bytes(4, "big") + png[24:29]
    bomb = png[:12] + header + zlib.crc32(header).to_bytes(4, "big") + png[33:]
    with pytest.raises(ImageError, match="100 megapixels"):
        read_image(bomb)


@pytest.mark.parametrize("array", [np.zeros((3, 8, 8)), np.zeros(5), np.zeros((0, 4, 3)), np.array([["a"]]), np.zeros((2, 2, 2))])
def test_arrays_that_are_no_pictures(array):
    with pytest.raises(ImageError):
        read_image(array)


def test_missing_path_is_named_without_its_folders(tmp_path):
    with pytest.raises(ImageError, match=r"'nothing\.jpg' does not exist") as error:
        read_image(tmp_path / "nothing.jpg")
    assert str(tmp_path) not in str(error.value)
    with pytest.raises(ImageError):
        read_image(tmp_path)


def test_the_callers_picture_is_left_alone():
    large = Image.new("RGB", (LONGEST + 100, 20))
    assert read_image(large).width == LONGEST and large.width == LONGEST + 100


JPEG = encoded(Image.fromarray(np.random.default_rng(1).integers(0, 255, (24, 24, 3), np.uint8)), "JPEG")
SEEDS = [JPEG, encoded(Image.open(io.BytesIO(JPEG)), "PNG"), encoded(Image.open(io.BytesIO(JPEG)), "TIFF"),
         encoded(Image.open(io.BytesIO(JPEG)), "WEBP"), encoded(Image.open(io.BytesIO(JPEG)), "GIF")]  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(SEEDS), st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), min_size=1, max_size=8))
def test_damaged_bytes_give_a_picture_or_a_sentence(data, changes):
    broken = bytearray(data)
    for place, value in changes:
        broken[min(int(place * len(broken)), len(broken) - 1)] = value
    try:
        assert read_image(bytes(broken)).mode == "RGB"
    except ImageError as error:
        assert "\n" not in str(error)


@settings(max_examples=50, deadline=None)
@given(st.binary(max_size=200))
def test_arbitrary_bytes_give_a_picture_or_a_sentence(data):
    try:
        assert read_image(data).mode == "RGB"
    except ImageError as error:
        assert str(error).endswith(".")
