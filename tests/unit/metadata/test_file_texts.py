"""Texts of a picture's file, wherever its format keeps them; no file makes the reader fail."""

import io
import json
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from backend.metadata.file_texts import read_texts
from tests.fixtures.foreign_pictures import SIZE, png, stealth, with_exif


def texts(content: bytes):
    found = read_texts(io.BytesIO(content))
    assert found
    return found.texts


@pytest.mark.parametrize("zipped", [False, True])
@pytest.mark.parametrize("international", [False, True])
def test_every_kind_of_text_in_a_png_is_read(zipped, international):
    content = png({"parameters": "a fox, é"}, zipped=zipped, international=international)

    assert texts(content) == {"parameters": "a fox, é"}


@pytest.mark.parametrize("kind", ["JPEG", "WEBP", "AVIF"])
@pytest.mark.parametrize(
    ("comment", "text"),
    [
        (b"UNICODE\0" + "a “fox”".encode("utf-16-be"), "a “fox”"),
        (b"UNICODE\0" + "a “fox”".encode("utf-16-le"), "a “fox”"),
        (b"ASCII\0\0\0a fox", "a fox"),
        (b"a fox", "a fox"),
        (b"UNICODE\0\0", "�"),
        ("a fox", "a fox"),
    ],
)
def test_user_comments_of_all_writers_are_read(kind, comment, text):
    assert texts(with_exif(kind, comment)) == {"UserComment": text}


def test_comfyuis_webp_say_inside_which_text_it_is():
    content = with_exif("WEBP", b"", first={0x0110: 'prompt:{"1": 2}', 0x010F: "workflow:{}"})

    assert texts(content) == {"prompt": '{"1": 2}', "workflow": "{}"}


def test_xmp_is_read_where_there_is_no_exif():
    xmp = (
        "<x:xmpmeta><exif:UserComment><rdf:Alt><rdf:li xml:lang='x-default'>a &lt;fox&gt;"
        "</rdf:li></rdf:Alt></exif:UserComment></x:xmpmeta>"
    )
    buffer = io.BytesIO()
    Image.new("RGB", SIZE).save(buffer, "WEBP", xmp=xmp.encode())

    assert texts(buffer.getvalue()) == {"UserComment": "a <fox>"}


@pytest.mark.parametrize("compressed", [False, True])
def test_texts_hidden_in_the_alpha_channel_are_read(compressed):
    told = {"Comment": '{"seed": 1}', "Software": "NovelAI"}

    assert texts(stealth(json.dumps(told), compressed=compressed)) == told
    assert texts(stealth("a fox\nSteps: 5", compressed=compressed)) == {
        "parameters": "a fox\nSteps: 5"
    }


def test_what_is_no_whole_picture_is_none(tmp_path):
    whole = png({"parameters": "a fox"})
    (tmp_path / "cut.png").write_bytes(whole[:20])
    (tmp_path / "page.png").write_text("<svg>")
    Image.new("RGB", (8, 8)).save(tmp_path / "gif.png", "GIF")

    for name in ("cut.png", "page.png", "gif.png"):
        assert read_texts(tmp_path / name) is None


def test_what_the_system_refuses_may_be_read_another_time(tmp_path):
    with pytest.raises(FileNotFoundError):
        read_texts(tmp_path / "absent.png")


def test_a_text_that_would_fill_the_memory_is_refused():
    info = PngImagePlugin.PngInfo()
    info.add_text("parameters", "x" * (PngImagePlugin.MAX_TEXT_CHUNK + 1), zip=True)
    buffer = io.BytesIO()
    Image.new("RGB", (8, 8)).save(buffer, "PNG", pnginfo=info)

    assert read_texts(buffer) is None


def chunk(name: bytes, content: bytes, length: int | None = None) -> bytes:
    size = len(content) if length is None else length
    return size.to_bytes(4) + name + content + zlib.crc32(name + content).to_bytes(4)


@pytest.mark.parametrize(
    "content",
    [
        chunk(b"IHDR", b"\x7f\xff\xff\xff" * 2 + b"\x08\x06\0\0\0"),
        chunk(b"IHDR", b"\0\0\0\x08" * 2 + b"\x08\x06\0\0\0") + chunk(b"tEXt", b"a\0b", 2**30),
        chunk(b"IHDR", b"\0\0\0\x08" * 2 + b"\x08\x06\0\0\0") + chunk(b"zTXt", b"a\0\0nonsense"),
    ],
)
def test_claims_of_a_gigabyte_are_not_believed(content):
    found = read_texts(io.BytesIO(b"\x89PNG\r\n\x1a\n" + content))

    assert found is None or not any(found.texts.values())


def test_a_hidden_text_that_claims_more_than_there_is_ends_with_the_picture():
    content = stealth("a fox", compressed=False)
    with Image.open(io.BytesIO(content)) as opened:
        picture = opened.convert("RGBA")
    for place in range(15 * 8, 19 * 8):  # the length
        picture.putpixel(divmod(place, picture.height), (200, 30, 30, 255))
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")

    assert texts(buffer.getvalue())["parameters"].startswith("a fox")


WHOLE = [
    png({"parameters": "a fox, Steps: 5"}, zipped=True),
    with_exif("JPEG", b"UNICODE\0a\0"),
    with_exif("WEBP", b"ASCII\0\0\0x", first={0x0110: "prompt:{}"}),
    with_exif("AVIF", b"a fox"),
    stealth("a fox"),
]


@pytest.mark.filterwarnings("ignore:")  # Pillow warns of what is broken
@settings(deadline=None, max_examples=80)
@given(
    content=st.sampled_from(WHOLE),
    cut=st.floats(0, 1),
    place=st.floats(0, 1),
    noise=st.binary(max_size=12),
)
def test_no_file_makes_the_reader_fail(content, cut, place, noise):
    broken = bytearray(content[: int(len(content) * cut)])
    start = int(len(broken) * place)
    broken[start : start + len(noise)] = noise

    read_texts(io.BytesIO(bytes(broken)))
