"""Handing pictures in over HTTP."""

import io
import os
import time

import numpy as np
import pytest
from PIL import Image

from backend.access.access import Access
from backend.api.app import create_app
from backend.schema.errors import NotAllowedError
from backend.schema.jobs import OWNER, Actor, Role
from tests.fixtures.doors import client
from tests.fixtures.studio import MemoryStudio
from tests.unit.metadata.test_opening import bomb

GUEST = Actor(id="guest", role=Role.GUEST)


@pytest.fixture
def studio(tmp_path):
    return MemoryStudio(tmp_path)


@pytest.fixture
def http(studio):
    return client(create_app(studio, Access(None)))


def content_of(picture, kind="PNG", **options):
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def noise(width, height, channels=3):
    values = np.random.default_rng(0).integers(0, 256, (height, width, channels), np.uint8)
    return Image.fromarray(values)


def hand_in(http, content, name="a.png"):
    return http.post("/api/inputs", params={"name": name}, content=content)


def test_a_picture_comes_back_as_it_was(http):
    picture = noise(30, 20)

    told = hand_in(http, content_of(picture)).json()
    shown = Image.open(io.BytesIO(http.get(f"/api/inputs/{told['id']}").content))

    assert (told["width"], told["height"], told["notes"]) == (30, 20, [])
    assert np.array_equal(np.asarray(shown), np.asarray(picture))
    assert http.get(f"/api/inputs/{told['id']}/about").json() == told
    assert hand_in(http, content_of(picture, "WEBP", lossless=True)).json()["id"] == told["id"]


def test_a_large_picture_has_a_small_version_that_goes_with_it(http, studio, tmp_path):
    told = hand_in(http, content_of(noise(900, 600))).json()

    answer = http.get(f"/api/inputs/{told['id']}/thumbnail")

    assert answer.headers["content-type"] == "image/webp"
    assert Image.open(io.BytesIO(answer.content)).size == (320, 213)
    os.utime(studio.inputs.file(OWNER, told["id"]), (0, 0))
    studio.inputs.sweep()
    assert list((tmp_path / "data" / "inputs").iterdir()) == []
    assert http.get(f"/api/inputs/{told['id']}/thumbnail").status_code == 404


def test_a_turned_picture_stands_upright(http):
    exif = Image.Exif()
    exif[0x0112] = 6

    told = hand_in(http, content_of(noise(30, 20), "JPEG", exif=exif)).json()

    assert (told["width"], told["height"]) == (20, 30)


@pytest.mark.parametrize(
    ("picture", "kind", "options", "note"),
    [
        (noise(8, 8, 4).convert("CMYK"), "JPEG", {}, "CMYK"),
        (Image.fromarray(np.full((8, 8), 40_000, np.uint16)), "PNG", {}, "more than 8 bits"),
        (
            noise(8, 8),
            "GIF",
            {"save_all": True, "append_images": [Image.new("RGB", (8, 8), "red")]},
            "animated",
        ),
    ],
)
def test_what_changes_on_the_way_is_said(http, picture, kind, options, note):
    told = hand_in(http, content_of(picture, kind, **options)).json()

    assert note in told["notes"][0]


def test_what_cannot_be_begun_with_says_why(http, tmp_path):
    whole = content_of(noise(64, 64))
    bad = {
        "single pixel": content_of(Image.new("RGB", (1, 1))),
        "no whole picture": whole[: len(whole) // 2],
        "larger than any picture": bomb(tmp_path, 100_000, 100_000).read_bytes(),
        "67 million": content_of(Image.new("1", (20_000, 4_000))),
    }
    for reason, content in bad.items():
        answer = hand_in(http, content, "holiday.png")
        error = answer.json()["error"]
        assert answer.status_code == 400
        assert reason in error["sentence"]
        assert "“holiday.png”" in error["sentence"]
        assert error["hint"]


def test_a_very_wide_picture_is_taken(http):
    assert hand_in(http, content_of(Image.new("L", (20_000, 100)))).json()["width"] == 20_000


def test_a_picture_that_is_gone_says_so(http):
    for reference in ("input-" + "0" * 40, "input-../../x", "0" * 12 + "-7"):
        assert http.get(f"/api/inputs/{reference}").status_code == 404


def test_the_owner_may_name_a_file_and_what_it_was_is_kept(studio, tmp_path):
    path = tmp_path / "own.png"
    noise(9, 9).save(path)

    found = studio.inputs.look(OWNER, str(path))
    path.unlink()

    assert found.picture.reference.startswith("input-")
    assert (found.width, found.height) == (9, 9)
    assert studio.inputs.look(OWNER, found.picture.reference) == found
    with pytest.raises(NotAllowedError):
        studio.inputs.look(GUEST, str(path))


def test_what_nobody_used_for_long_goes(studio, tmp_path):
    ids = [
        studio.inputs.keep(OWNER, io.BytesIO(content_of(noise(9, size)))).id for size in (8, 9, 10)
    ]
    long_ago = time.time() - 61 * 24 * 3600
    for known in ids[:2]:
        os.utime(studio.inputs.file(OWNER, known), (long_ago, long_ago))
    studio.inputs.find(OWNER, ids[1])

    studio.inputs.sweep()

    left = {path.stem for path in (tmp_path / "data" / "inputs").iterdir()}
    assert left == set(ids[1:])
