"""Single files in the models folder appear in the picker when Easel can draw with them."""

import hashlib
from pathlib import Path

import pytest

from backend.library.checkpoints import Library
from backend.metadata.catalogue import load_catalogue
from backend.places import Places
from tests.fixtures import model_files as made


@pytest.fixture
def models(tmp_path) -> Path:
    folder = tmp_path / "models"
    (folder / "checkpoints").mkdir(parents=True)
    return folder


@pytest.fixture
def library(tmp_path, models) -> Library:
    places = Places(tmp_path / "program", tmp_path / "out", tmp_path / "data", models)
    return Library(places, load_catalogue())


def test_a_whole_checkpoint_is_offered_with_its_familys_defaults(library, models):
    made.write_safetensors(models / "checkpoints" / "dream.safetensors", made.sd15_checkpoint())

    [found] = library.checkpoints()

    assert (found.id, found.name, found.family) == (
        "checkpoints/dream.safetensors",
        "dream",
        "sd15",
    )
    assert found.defaults.width == 512
    assert library.find("dream") == found


@pytest.mark.parametrize(
    "tensors",
    [
        made.checkpoint(made.unet()),
        made.sd15_checkpoint(made.unet(inputs=9)),
        made.sdxl_checkpoint(),
        made.kohya_lora(),
        made.VAE,
    ],
    ids=["bare network", "inpainting", "SDXL", "LoRA", "VAE"],
)
def test_what_the_engine_cannot_draw_with_is_not_offered(library, models, tensors):
    made.write_safetensors(models / "file.safetensors", tensors)

    assert library.checkpoints() == ()


def test_broken_and_foreign_files_are_passed_over(library, models):
    (models / "page.safetensors").write_bytes(b"<html>")
    made.write_safetensors(models / "cut.safetensors", made.sd15_checkpoint(), missing=9)

    assert library.checkpoints() == ()


def test_its_fingerprint_is_that_of_the_file(library, models):
    path = made.write_safetensors(models / "tiny.safetensors", made.sd15_checkpoint())
    [found] = library.checkpoints()

    with path.open("rb") as file:
        assert library.sha256(found) == hashlib.file_digest(file, "sha256").hexdigest()


def test_a_file_that_was_replaced_is_looked_at_again(library, models):
    path = made.write_safetensors(models / "model.safetensors", made.sd15_checkpoint())
    assert len(library.checkpoints()) == 1

    made.write_safetensors(path, made.VAE)

    assert library.checkpoints() == ()
