"""Pictures of other programs: size and infotext by their heads alone, wherever these put it."""

import json

import pytest
from PIL import Image, PngImagePlugin

from backend.metadata.foreign import ForeignPicture, read_foreign
from tests.fixtures.installations import INFOTEXT, picture


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".jpeg", ".webp"])
def test_infotext_stands_where_a1111_writes_it(tmp_path, suffix):
    path = picture(tmp_path / f"a{suffix}")

    assert read_foreign(path) == ForeignPicture(32, 24, INFOTEXT)


@pytest.mark.parametrize(
    ("comment", "text"),
    [
        (b"UNICODE\0" + "a “fox”".encode("utf-16-le"), "a “fox”"),
        (b"ASCII\0\0\0a fox", "a fox"),
        (b"a fox", "a fox"),
        (b"UNICODE\0\0", "�"),
        (b"", ""),
        (b'ASCII\0\0\0{"prompt": "x"}', ""),
    ],
)
def test_comments_of_other_writers_are_read_too(tmp_path, comment, text):
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0x9286] = comment
    Image.new("RGB", (8, 8)).save(tmp_path / "a.jpg", exif=exif.tobytes())

    head = read_foreign(tmp_path / "a.jpg")

    assert head
    assert head.infotext == text


def test_json_in_the_place_of_infotext_is_none(tmp_path):
    path = picture(tmp_path / "a.png", json.dumps({"prompt": "fooocus"}))

    assert read_foreign(path) == ForeignPicture(32, 24)


def test_what_is_no_whole_picture_is_none(tmp_path):
    whole = picture(tmp_path / "a.png").read_bytes()
    (tmp_path / "cut.png").write_bytes(whole[:20])
    (tmp_path / "page.png").write_text("<svg>")
    Image.new("RGB", (8, 8)).save(tmp_path / "gif.png", "GIF")

    for name in ("cut.png", "page.png", "gif.png"):
        assert read_foreign(tmp_path / name) is None


def test_what_the_system_refuses_may_be_read_another_time(tmp_path):
    with pytest.raises(FileNotFoundError):
        read_foreign(tmp_path / "absent.png")


def test_a_text_that_would_fill_the_memory_is_refused(tmp_path):
    info = PngImagePlugin.PngInfo()
    info.add_text("parameters", "x" * (PngImagePlugin.MAX_TEXT_CHUNK + 1), zip=True)
    Image.new("RGB", (8, 8)).save(tmp_path / "a.png", pnginfo=info)

    assert read_foreign(tmp_path / "a.png") is None
