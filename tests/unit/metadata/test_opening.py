"""Pictures of any origin, opened as they are meant to be seen."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image, ImageCms

from backend.metadata.opening import open_picture, size_of
from backend.schema.errors import NotFoundError, RequestError


def save(folder, name, picture, **options):
    picture.save(folder / name, **options)
    return folder / name


def chunk(kind, body):
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def bomb(folder, width, height):
    """A PNG that says that it is huge."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(1000)))
    path = folder / "bomb.png"
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunks + chunk(b"IEND", b""))
    return path


def test_a_turned_picture_stands_upright(tmp_path):
    picture = Image.new("RGB", (40, 20), "navy")
    picture.paste("white", (0, 0, 10, 20))
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned clockwise
    path = save(tmp_path, "a.png", picture, exif=exif)

    opened = open_picture(path)

    assert size_of(path) == opened.pixels.size == (20, 40)
    assert opened.pixels.getpixel((10, 2)) == (255, 255, 255)
    assert opened.pixels.getpixel((10, 38)) == (0, 0, 128)


@pytest.mark.parametrize(
    ("mode", "colour", "expected"),
    [
        ("RGBA", (10, 20, 30, 128), (10, 20, 30, 128)),
        ("LA", (10, 128), (10, 10, 10, 128)),
        ("L", 77, (77, 77, 77)),
        ("1", 1, (255, 255, 255)),
    ],
)
def test_colours_and_transparency_are_kept(tmp_path, mode, colour, expected):
    opened = open_picture(save(tmp_path, "a.png", Image.new(mode, (4, 4), colour)))

    assert opened.pixels.getpixel((1, 1)) == expected
    assert opened.notes == ()


def test_sixteen_bits_become_eight_and_it_is_said(tmp_path):
    values = np.array([[0, 257 * 100], [257 * 200, 65535]], np.uint16)
    opened = open_picture(save(tmp_path, "a.png", Image.fromarray(values)))

    assert np.asarray(opened.pixels)[..., 0].tolist() == [[0, 100], [200, 255]]
    assert "more than 8 bits" in opened.notes[0]


def test_colours_for_printing_become_those_for_screens(tmp_path):
    opened = open_picture(save(tmp_path, "a.jpg", Image.new("CMYK", (8, 8), (255, 0, 0, 0))))

    red, green, blue = np.asarray(opened.pixels)[3, 3]
    assert red < 40
    assert min(green, blue) > 150
    assert "CMYK" in opened.notes[0]


def test_a_colour_profile_is_applied(tmp_path):
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB"))
    broken = open_picture(
        save(tmp_path, "a.png", Image.new("RGB", (4, 4), "red"), icc_profile=profile.tobytes())
    )
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    plain = open_picture(save(tmp_path, "b.png", Image.new("RGB", (4, 4), "red"), icc_profile=srgb))

    assert broken.pixels.getpixel((0, 0)) == (255, 0, 0)  # a profile that makes no sense
    assert plain.pixels.getpixel((0, 0)) == (255, 0, 0)


@pytest.mark.parametrize("name", ["a.gif", "a.webp", "a.png"])
def test_of_an_animation_the_first_picture_is_taken(tmp_path, name):
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue")]
    path = save(tmp_path, name, frames[0], save_all=True, append_images=frames[1:])

    opened = open_picture(path)

    assert np.asarray(opened.pixels)[4, 4, 0] > 200
    assert "animated" in opened.notes[0]


def test_what_is_no_whole_picture_is_told(tmp_path):
    whole = io.BytesIO()
    noise = np.random.default_rng(1).integers(0, 255, (64, 64, 3), np.uint8)
    Image.fromarray(noise).save(whole, "PNG")
    half, none = tmp_path / "half.png", tmp_path / "none.png"
    half.write_bytes(whole.getvalue()[: len(whole.getvalue()) // 2])
    none.write_bytes(b"no picture")

    assert size_of(half) == (64, 64)  # its head is whole
    for path in (half, none):
        with pytest.raises(RequestError, match="no whole picture"):
            open_picture(path)


@pytest.mark.parametrize("sides", [(60_000, 60_000), (12_000, 12_000)])
def test_a_bomb_is_not_opened(tmp_path, sides):
    with pytest.raises(RequestError, match="larger than any picture"):
        open_picture(bomb(tmp_path, *sides))


def test_a_file_that_is_not_there_is_told(tmp_path):
    with pytest.raises(NotFoundError, match=r"no file gone.png"):
        size_of(tmp_path / "gone.png")
