"""A picture's PNG: its pixels whole, and all that makes it again inside."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from backend.metadata.catalogue import find_named, load_catalogue
from backend.metadata.encoding import encode
from backend.metadata.infotext import read
from backend.metadata.own import read_metadata
from backend.version import VERSION
from tests.fixtures.requests import resolved


def picture() -> Image.Image:
    return Image.frombytes("RGB", (4, 2), bytes(range(24)))


def test_pixels_and_settings_survive(tmp_path):
    path = tmp_path / "a.png"
    request = resolved("a cat, “fluffy”\nsecond line", "bad")

    path.write_bytes(encode(picture(), request, 3, 1_700_000_000.25))

    found = read_metadata(path)
    assert found is not None
    assert found.request.as_request(3) == request.as_request(3)
    assert (found.index, found.created, found.easel_version) == (3, 1_700_000_000.25, VERSION)
    with Image.open(path) as opened:
        assert opened.convert("RGB").tobytes() == picture().tobytes()
        assert read(opened.info["parameters"], load_catalogue()) == request.as_request(3)


def test_the_file_says_nothing_about_this_machines_folders(tmp_path):
    content = encode(picture(), resolved(), 0, 1.0)

    assert b"/home/me" not in content


def test_the_own_chunk_is_versioned_json(tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(encode(picture(), resolved(), 0, 1.5))

    with Image.open(path) as opened:
        own = json.loads(opened.info["easel"])

    assert {key: own[key] for key in ("version", "index", "created", "easel")} == {
        "version": 1,
        "index": 0,
        "created": 1.5,
        "easel": VERSION,
    }
    assert own["request"]["prompt"]["positive"] == "a red apple"


@given(positive=st.text(max_size=50), negative=st.text(max_size=50))
def test_any_prompt_survives(tmp_path_factory, positive, negative):
    path = tmp_path_factory.mktemp("png") / "a.png"
    path.write_bytes(encode(picture(), resolved(positive, negative), 0, 1.0))

    found = read_metadata(path)

    assert found is not None
    assert (found.request.prompt.positive, found.request.prompt.negative) == (positive, negative)


@pytest.mark.parametrize("content", [b"", b"not a picture", b"\x89PNG\r\n\x1a\n" + bytes(40)])
def test_what_is_no_picture_has_no_metadata(tmp_path, content):
    path = tmp_path / "a.png"
    path.write_bytes(content)

    assert read_metadata(path) is None


def test_a_cut_off_picture_never_raises(tmp_path):
    whole = encode(picture(), resolved(), 0, 1.0)
    path = tmp_path / "a.png"

    for length in range(0, len(whole), 7):
        path.write_bytes(whole[:length])
        read_metadata(path)

    assert read_metadata(tmp_path / "missing.png") is None


def test_a_picture_of_another_program_has_none_of_ours(tmp_path):
    path = tmp_path / "a.png"
    picture().save(path)

    assert read_metadata(path) is None


CATALOGUE = load_catalogue()


@pytest.mark.parametrize("entry", CATALOGUE.samplers, ids=lambda entry: entry.id)
def test_every_name_of_a_sampler_finds_it(entry):
    for name in (entry.id, entry.label, *entry.aliases):
        assert find_named(CATALOGUE.samplers, f" {name.upper()} ") == entry


@pytest.mark.parametrize("entry", CATALOGUE.schedules, ids=lambda entry: entry.id)
def test_every_name_of_a_schedule_finds_it(entry):
    for name in (entry.id, entry.label, *entry.aliases):
        assert find_named(CATALOGUE.schedules, f" {name.upper()} ") == entry


def test_an_unknown_name_finds_nothing():
    assert find_named(CATALOGUE.samplers, "none of these") is None
