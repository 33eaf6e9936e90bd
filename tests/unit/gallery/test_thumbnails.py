"""Thumbnails: small, the same shape, and never of a broken picture."""

import io

import pytest
from PIL import Image

from backend.gallery.thumbnails import make_thumbnail
from backend.schema.errors import NotFoundError


def saved(path, size=(1000, 500)):
    Image.effect_noise(size, 64).convert("RGB").save(path)
    return path


def test_a_large_picture_fits_and_keeps_its_shape(tmp_path):
    make_thumbnail(saved(tmp_path / "a.png"), tmp_path / "thumbs" / "a.webp")

    with Image.open(tmp_path / "thumbs" / "a.webp") as thumbnail:
        assert thumbnail.format == "WEBP"
        assert thumbnail.size == (320, 160)


def test_a_small_picture_keeps_its_pixels(tmp_path):
    source = saved(tmp_path / "a.png", (128, 64))

    make_thumbnail(source, tmp_path / "a.webp")

    with Image.open(tmp_path / "a.webp") as thumbnail, Image.open(source) as original:
        assert thumbnail.convert("RGB").tobytes() == original.tobytes()


def test_transparency_survives(tmp_path):
    Image.new("RGBA", (1000, 500), (255, 0, 0, 100)).save(tmp_path / "a.png")

    make_thumbnail(tmp_path / "a.png", tmp_path / "a.webp", side=100)

    with Image.open(tmp_path / "a.webp") as thumbnail:
        assert thumbnail.mode == "RGBA"
        assert thumbnail.size == (100, 50)


def test_a_broken_picture_is_told_in_words(tmp_path):
    path = saved(tmp_path / "a.png")
    path.write_bytes(path.read_bytes()[:2000])

    with pytest.raises(NotFoundError, match="not a whole picture"):
        make_thumbnail(path, tmp_path / "a.webp")

    assert not (tmp_path / "a.webp").exists()


def test_a_damaged_avif_is_no_whole_picture(tmp_path):
    buffer = io.BytesIO()
    Image.new("RGB", (48, 40), "teal").save(buffer, "AVIF")
    whole, refused = buffer.getvalue(), 0

    for place in range(0, len(whole), 7):
        damaged = io.BytesIO(whole[:place] + b"\0\0\0" + whole[place + 3 :])
        try:
            make_thumbnail(damaged, tmp_path / "small.webp")
        except NotFoundError:
            refused += 1

    assert refused > 10
