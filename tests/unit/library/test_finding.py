"""What a name means."""

import pytest

from backend.schema.errors import ModelMissingError
from tests.fixtures import model_files as made
from tests.fixtures.model_folders import install_folder


@pytest.fixture
def dream(models):
    path = models / "checkpoints" / "Dream v5.safetensors"
    return made.write_safetensors(path, made.sd15_checkpoint())


@pytest.mark.parametrize(
    "name",
    ["checkpoints/Dream v5.safetensors", "dream V5", "Dream v5.safetensors", " Dream v5 "],
)
def test_ids_names_and_file_names_are_understood(library, dream, name):
    assert library.find(name).path == str(dream)


def test_the_short_hash_of_other_programs_is_understood(library, dream):
    hashes = library.hashes(dream)
    library.rescan()

    assert library.find(hashes.short).path == str(dream)
    assert library.find(hashes.sha256).path == str(dream)
    assert library.find(hashes.tensors.upper()).path == str(dream)


def test_an_exact_id_wins_over_a_name(library, models):
    install_folder(models / "b" / "x")
    install_folder(models / "a", card={"name": "b/x"})

    assert library.find("b/x").id == "b/x"
    assert library.find("x").id == "b/x"


def test_a_file_that_came_just_now_is_found_without_a_rescan(library, models):
    assert library.checkpoints() == ()
    made.write_safetensors(models / "new.safetensors", made.sd15_checkpoint())

    assert library.find("new").id == "new.safetensors"


def test_a_file_that_went_away_is_missing(library, dream):
    assert library.find("Dream v5")
    dream.unlink()

    with pytest.raises(ModelMissingError, match="not installed"):
        library.find("Dream v5")


def test_any_path_is_understood_from_those_who_may(library, models, tmp_path):
    path = made.write_safetensors(tmp_path / "elsewhere.safetensors", made.sd15_checkpoint())

    found = library.find(str(path), anywhere=True)

    assert (found.id, found.family, found.problem) == (str(path), "sd15", None)
    with pytest.raises(ModelMissingError, match="not installed"):
        library.find(str(path))
    with pytest.raises(ModelMissingError, match="There is no model at"):
        library.find(str(tmp_path / "gone.safetensors"), anywhere=True)


def test_a_missing_checkpoint_lists_what_there_is(library, models):
    with pytest.raises(ModelMissingError, match="No checkpoint is installed"):
        library.find(None)

    install_folder(models / "a", card={"name": "Apples"})
    with pytest.raises(ModelMissingError, match=r"“pears” is not installed. There is “Apples”"):
        library.find("pears")
