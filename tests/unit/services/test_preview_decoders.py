"""Which tiny decoder makes the previews of a family."""

from dataclasses import replace

import numpy as np
import pytest
from safetensors.numpy import save_file

from backend.library.library import Library
from backend.metadata.catalogue import load_catalogue
from backend.places import default_places
from backend.services.preview_decoders import preview_decoder


def save_decoder(path, channels: int, first: str = "1.weight", block: str = "3.conv.0.weight"):
    path.parent.mkdir(parents=True, exist_ok=True)
    shapes = {first: (64, channels, 3, 3), block: (64, 64, 3, 3)}
    save_file({name: np.zeros(shape, np.float16) for name, shape in shapes.items()}, path)


@pytest.fixture
def library(tmp_path):
    models = tmp_path / "models"
    folder = models / "vae_approx"
    for name, channels in (("taesd", 4), ("taesdxl", 4), ("taesd3", 16)):
        save_decoder(folder / f"{name}_decoder.safetensors", channels)
    save_decoder(folder / "taesd_encoder.safetensors", 3, "0.weight", "1.conv.0.weight")
    diffusers = folder / "taef1" / "diffusion_pytorch_model.safetensors"
    save_decoder(diffusers, 16, "decoder.layers.0.weight", "decoder.layers.3.conv.0.weight")
    diffusers.with_name("config.json").write_text('{"_class_name": "AutoencoderTiny"}')
    places = replace(default_places(), data=tmp_path / "data", models=models)
    library = Library(places, load_catalogue())
    library.rescan()
    yield library
    library.close()


@pytest.mark.parametrize(
    ("family", "name"),
    [
        ("sd15", "taesd_decoder"),
        ("sd2", "taesd_decoder"),
        ("sdxl", "taesdxl_decoder"),
        ("sdxl_refiner", "taesdxl_decoder"),
        ("sd35_large", "taesd3_decoder"),
        ("flux1", "taef1"),
    ],
)
def test_a_family_has_its_own(library, family, name):
    found = preview_decoder(family, library.entries())

    assert found is not None
    assert name in found


def test_without_a_file_there_is_none():
    assert preview_decoder("sd15", ()) is None
