"""The library: what is installed, what a name means, and whether a file changed."""

import json
import os

import pytest

from backend.library.catalogue import load_catalogue
from backend.library.checkpoints import Library
from backend.places import Places, default_places
from backend.schema.errors import ModelDamagedError, ModelMissingError

CATALOGUE = load_catalogue()


@pytest.fixture
def places(tmp_path):
    return Places(tmp_path, tmp_path / "outputs", tmp_path / "data", tmp_path / "elsewhere")


@pytest.fixture
def library(places):
    return Library(places, CATALOGUE)


def install(folder, *, side_car=None, pipeline="StableDiffusionPipeline", weights=b"weights"):
    (folder / "unet").mkdir(parents=True)
    (folder / "model_index.json").write_text(json.dumps({"_class_name": pipeline, "vae": [None]}))
    (folder / "unet" / "model.safetensors").write_bytes(weights)
    if side_car is not None:
        (folder / "easel.json").write_text(side_car)


def test_the_starter_that_ships_is_found():
    library = Library(default_places(), CATALOGUE)

    starter = library.find("starter")

    assert starter.family == "sd15"
    assert starter.bytes > 40_000_000


def test_a_folder_without_a_side_car_draws_as_its_family_does(places, library):
    install(places.models / "photos" / "Realistic v5")

    (info,) = library.checkpoints()

    assert (info.id, info.name) == ("photos/Realistic v5", "Realistic v5")
    assert info.bytes == len(b"weights")
    assert info.defaults == CATALOGUE.families[0].defaults


def test_a_side_car_names_and_describes_a_checkpoint(places, library):
    defaults = CATALOGUE.families[0].defaults.model_copy(update={"width": 128, "steps": 5})
    text = {"name": "Small one", "note": "Draws apples.", "defaults": defaults.model_dump()}
    install(places.models / "small", side_car=json.dumps(text | {"latent_to_rgb": [[0]]}))

    info = library.find("small ONE")

    assert (info.note, info.defaults) == ("Draws apples.", defaults)


@pytest.mark.parametrize("side_car", ["", "{", "[]", '{"defaults": {"width": "wide"}}'])
def test_a_broken_side_car_does_not_hide_the_checkpoint(places, library, side_car):
    install(places.models / "a", side_car=side_car)

    assert [info.name for info in library.checkpoints()] == ["a"]


def test_what_easel_cannot_draw_with_is_not_listed(places, library):
    install(places.models / "video", pipeline="SomeVideoPipeline")
    install(places.models / "broken")
    (places.models / "broken" / "model_index.json").write_text("{")
    install(places.models / ".cache" / "hidden")

    assert library.checkpoints() == ()


def test_the_starter_is_the_last_resort(places, library):
    install(places.root / "models" / "starter")
    assert library.find(None).id == "starter"

    install(places.models / "zebra")
    install(places.models / "Alpaca")

    assert [info.id for info in library.checkpoints()] == ["Alpaca", "zebra", "starter"]
    assert library.find(None).id == "Alpaca"
    assert library.find("").id == "Alpaca"


def test_an_exact_id_wins_over_a_name(places, library):
    install(places.models / "b" / "x")
    install(places.models / "a", side_car='{"name": "b/x"}')

    assert library.find("b/x").id == "b/x"
    assert library.find("x").id == "b/x"


def test_a_missing_checkpoint_lists_what_there_is(places, library):
    with pytest.raises(ModelMissingError, match="No checkpoint is installed"):
        library.find(None)

    install(places.models / "a", side_car='{"name": "Apples"}')
    with pytest.raises(ModelMissingError, match=r"“pears” is not installed. There is “Apples”"):
        library.find("pears")


def test_a_hash_is_remembered_until_the_file_changes(places, library):
    install(places.models / "a")
    weights = places.models / "a" / "unet" / "model.safetensors"
    first = library.sha256(library.find("a"))
    state = weights.stat()

    weights.write_bytes(b"WEIGHTS")
    os.utime(weights, ns=(state.st_atime_ns, state.st_mtime_ns))
    remembered = Library(places, CATALOGUE).sha256(library.find("a"))
    os.utime(weights, ns=(state.st_atime_ns, state.st_mtime_ns + 1))
    changed = library.sha256(library.find("a"))

    assert first == remembered != changed
    assert len(first) == 64


def test_the_hash_does_not_depend_on_where_the_folder_lies(places, library):
    install(places.models / "a")
    install(places.models / "deep" / "b")
    install(places.models / "c", weights=b"others")

    hashes = [library.sha256(info) for info in library.checkpoints()]

    assert hashes[0] == hashes[1] != hashes[2]


def test_a_checkpoint_without_weights_is_damaged(places, library):
    install(places.models / "a")
    info = library.find("a")
    (places.models / "a" / "unet" / "model.safetensors").unlink()

    with pytest.raises(ModelDamagedError, match="has no weights"):
        library.sha256(info)


def test_hashes_are_worked_out_even_where_none_can_be_kept(places, library):
    install(places.models / "a")
    places.data.write_text("a file where the folder should be")

    assert len(library.sha256(library.find("a"))) == 64
