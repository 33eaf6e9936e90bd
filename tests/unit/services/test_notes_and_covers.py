"""The owner's notes about models, and small versions of the pictures beside them."""

import os

import pytest
from PIL import Image

from backend.library.library import Library
from backend.library.notes import NoteBook
from backend.metadata.catalogue import load_catalogue
from backend.places import Places
from backend.schema.errors import NotAllowedError, NotFoundError
from backend.schema.jobs import OWNER, Actor, Role
from backend.services.covers import Covers
from backend.services.models import Models
from backend.services.notes import Notes
from tests.fixtures.model_files import sd15_checkpoint, write_safetensors

ANNA = Actor(id="anna", role=Role.GUEST)
MODEL = "dream.safetensors"


@pytest.fixture
def places(tmp_path):
    places = Places(tmp_path, tmp_path / "outputs", tmp_path / "data", tmp_path / "models")
    places.models.mkdir()
    write_safetensors(places.models / MODEL, sd15_checkpoint())
    Image.new("RGB", (1024, 512), "red").save(places.models / "dream.preview.png")
    return places


@pytest.fixture
def models(places):
    return Models(Library(places, load_catalogue()), load_catalogue())


def test_notes_are_the_owners(models, places):
    notes = Notes(models, NoteBook(places.data / "notes.json"))
    notes.put(OWNER, MODEL, "Mine.")

    assert notes.get(OWNER, MODEL) == "Mine."
    with pytest.raises(NotAllowedError):
        notes.get(ANNA, MODEL)
    with pytest.raises(NotAllowedError):
        notes.put(ANNA, MODEL, "Not mine.")
    with pytest.raises(NotFoundError):
        notes.put(OWNER, "gone.safetensors", "Where?")


def test_a_cover_is_small_and_made_once_until_its_picture_changes(models, places):
    covers = Covers(models, places)

    first = covers.of(ANNA, MODEL)

    with Image.open(first) as small:
        assert (small.format, small.size) == ("WEBP", (320, 160))
    made = first.stat().st_mtime_ns
    assert covers.of(OWNER, MODEL) == first
    assert first.stat().st_mtime_ns == made
    picture = places.models / "dream.preview.png"
    Image.new("RGB", (64, 64), "blue").save(picture)
    os.utime(picture, ns=(1, 1))
    assert covers.of(OWNER, MODEL) != first


def test_what_is_no_picture_gives_none(models, places):
    (places.models / "dream.preview.png").write_text("<svg onload='alert(1)'/>")

    with pytest.raises(NotFoundError):
        Covers(models, places).of(OWNER, MODEL)
    with pytest.raises(NotFoundError):
        Covers(models, places).of(OWNER, "gone.safetensors")
