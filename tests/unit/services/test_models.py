"""What the owner and guests may do with models."""

import pytest

from backend.places import Places
from backend.schema.errors import NotAllowedError, NotFoundError
from backend.schema.jobs import OWNER, Actor, Role
from backend.services.models import open_models
from tests.fixtures import model_files as made

ANNA = Actor(id="anna", role=Role.GUEST)


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "models").mkdir()
    made.write_safetensors(tmp_path / "models" / "dream.safetensors", made.sd15_checkpoint())
    made.write_safetensors(tmp_path / "models" / "bare.safetensors", made.checkpoint(made.unet()))
    made.write_safetensors(tmp_path / "models" / "clip_l.safetensors", made.CLIP_L)
    return tmp_path / "models"


@pytest.fixture
def models(tmp_path, folder):
    places = Places(tmp_path, tmp_path / "outputs", tmp_path / "data", folder)
    with open_models(places) as opened:
        yield opened


def test_guests_see_what_there_is(models):
    assert [info.name for info in models.checkpoints(ANNA)] == ["dream", "bare"]
    assert [info.name for info in models.components(ANNA)] == ["clip_l"]
    assert models.entry(ANNA, "dream.safetensors").model is not None
    assert len(models.library(ANNA)) == 3
    assert not models.state(ANNA).scanning


@pytest.mark.parametrize(
    "act",
    [
        lambda models, folder: models.rescan(ANNA),
        lambda models, folder: models.folders(ANNA),
        lambda models, folder: models.add_folder(ANNA, str(folder)),
        lambda models, folder: models.remove_folder(ANNA, str(folder)),
        lambda models, folder: models.look(ANNA, folder / "dream.safetensors"),
        lambda models, folder: models.hashes(ANNA, folder / "dream.safetensors"),
    ],
)
def test_guests_neither_change_the_folders_nor_look_at_files(models, folder, act):
    with pytest.raises(NotAllowedError, match="Only the owner may"):
        act(models, folder)


def test_the_owner_takes_a_folder_in_and_leaves_it_again(models, tmp_path):
    (tmp_path / "more").mkdir()
    made.write_safetensors(tmp_path / "more" / "a.safetensors", made.VAE)

    models.add_folder(OWNER, str(tmp_path / "more"))

    assert models.rescan(OWNER).found == 4
    models.remove_folder(OWNER, str(tmp_path / "more"))
    assert models.rescan(OWNER).gone == ("more:a.safetensors",)
    assert len(models.folders(OWNER)) == 1


def test_what_is_chosen_for_absent_parts_is_told(models):
    chosen = {info.id: models.parts_for(ANNA, info) for info in models.checkpoints(ANNA)}

    bare = chosen["bare.safetensors"]
    assert {role: info.name for role, info in bare.items()} == {"clip_l": "clip_l"}
    assert chosen["dream.safetensors"] == {}


def test_a_preview_is_a_picture_beside_a_listed_model_and_nothing_else(models, folder):
    with pytest.raises(NotFoundError, match="no picture"):
        models.preview(ANNA, "dream.safetensors")
    (folder / "dream.png").write_bytes(b"x")
    models.rescan(OWNER)

    assert models.preview(ANNA, "dream.safetensors") == folder / "dream.png"
    (folder / "dream.png").unlink()
    for entry in ("dream.safetensors", "../secret.png", "nothing"):
        with pytest.raises(NotFoundError):
            models.preview(ANNA, entry)
