"""Which checkpoints can be taught, and why others cannot."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import pytest

from backend.library.library import Library
from backend.metadata.catalogue import load_catalogue
from backend.places import default_places
from backend.schema.errors import ModelError
from backend.schema.jobs import OWNER
from backend.schema.training import TrainingRequest
from backend.services.training import Training
from tests.fixtures.model_folders import UNET, install_folder

FLUX = {"_class_name": "FluxTransformer2DModel", "in_channels": 64}


@pytest.fixture
def training(tmp_path):
    def put(name, network, part="transformer", pipeline="FluxPipeline"):
        install_folder(tmp_path / "models" / name, network=network, part=part, pipeline=pipeline)

    put("dev", FLUX | {"guidance_embeds": True})
    put("schnell", FLUX | {"guidance_embeds": False})
    put("fill", FLUX | {"guidance_embeds": True, "in_channels": 384})
    put("plain", UNET, "unet", "StableDiffusionPipeline")
    put("paints", UNET | {"in_channels": 9}, "unet", "StableDiffusionInpaintPipeline")
    places = replace(default_places(), data=tmp_path / "data", models=tmp_path / "models")
    library = Library(places, load_catalogue())
    library.rescan()
    nothing = cast("Any", SimpleNamespace(places=places))
    yield Training(nothing, nothing, library, load_catalogue(), nothing, nothing)
    library.close()


def test_those_that_would_forget_how_they_draw_cannot_be_taught(training):
    assert {each.name for each in training.teachable(OWNER)} >= {"plain"}
    assert not {"schnell", "fill", "paints"} & {each.name for each in training.teachable(OWNER)}


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("schnell", "four steps, and would forget that while it learns. Teach FLUX.1 dev; "),
        ("fill", "cannot be taught from pictures alone. Teach FLUX.1 dev; "),
        ("paints", "cannot be taught from pictures alone. Teach the checkpoint that it was made "),
    ],
)
def test_the_reason_is_said_and_what_to_do(training, name, reason):
    request = TrainingRequest.from_short_names({"model": name, "dataset": "nowhere"})

    with pytest.raises(ModelError) as caught:
        training.submit(OWNER, request)

    assert reason in f"{caught.value.sentence} {caught.value.hint}"
