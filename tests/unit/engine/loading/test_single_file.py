"""One file and a diffusers folder with the same weights draw the same pixels."""

import json
from typing import cast

import pytest
import torch
from safetensors.torch import load_file, save_file

from backend.engine.families import sd15
from backend.engine.loading.original.clip import clip_sources
from backend.engine.loading.original.unet import unet_sources
from backend.engine.loading.original.vae import vae_sources
from backend.engine.loading.single_file import SingleFile, family_configs
from backend.engine.prompts.clip_tokenizer import clip_tokenizer
from backend.engine.run import generate
from backend.engine.samplers.noise import PictureNoise
from backend.schema.errors import ModelDamagedError
from backend.schema.events import ImageReady
from tests.fixtures.oracle import save_tiny_checkpoint
from tests.fixtures.starter import context_in, of_type, starter_request

CPU = torch.device("cpu")
PARTS = (
    ("unet/diffusion_pytorch_model", "model.diffusion_model.", unet_sources),
    ("vae/diffusion_pytorch_model", "first_stage_model.", vae_sources),
    ("text_encoder/model", "cond_stage_model.transformer.", clip_sources),
)


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    """A tiny checkpoint as a folder with CLIP's vocabulary, as one file, and its configs."""
    folder = tmp_path_factory.mktemp("pair")
    checkpoint = save_tiny_checkpoint(folder / "checkpoint", "epsilon", clip_tokenizer())
    tensors: dict[str, torch.Tensor] = {}
    (folder / "configs").mkdir()
    for name, prefix, sources in PARTS:
        state = load_file(checkpoint / f"{name}.safetensors")
        part = name.partition("/")[0]
        tensors |= {prefix + sources(state)[key].name: value for key, value in state.items()}
        (folder / "configs" / f"{part}.json").write_text(
            (checkpoint / part / "config.json").read_text()
        )
    save_file(tensors, folder / "whole.safetensors")
    return checkpoint, folder / "whole.safetensors", folder / "configs"


def loaded(path) -> sd15.StableDiffusion1:
    loading = sd15.load.load(path, CPU)
    while True:
        try:
            next(loading)
        except StopIteration as end:
            return end.value


def test_the_same_latents_and_pixels_from_either(pair, monkeypatch):
    folder, file, configs = pair
    monkeypatch.setattr(sd15, "family_configs", lambda family: configs)
    models = [loaded(folder), loaded(file)]

    results = []
    for model in models:
        noise = PictureNoise([5], (4, 8, 8), highest=10.0)()
        conditioning = model.encode_prompts("a red apple", "blurry")
        denoise = model.denoiser(conditioning, 7.5)
        results.append(denoise(noise * 10, torch.tensor(10.0, dtype=torch.float64)))

    assert torch.equal(results[0], results[1])
    pixels = [model.decode(torch.ones(4, 8, 8)).tobytes() for model in models]
    assert pixels[0] == pixels[1]


def test_a_request_with_a_single_file_makes_a_picture(pair, tmp_path, monkeypatch):
    _, file, configs = pair
    monkeypatch.setattr(sd15, "family_configs", lambda family: configs)
    request = starter_request()
    model = request.model.model_copy(update={"path": str(file)})

    wanted = request.model_copy(update={"model": model}).model_dump()

    assert of_type(generate(wanted, context_in(tmp_path)), ImageReady)


def test_a_velocity_mark_is_seen(pair, tmp_path):
    _, file, configs = pair
    marked = tmp_path / "marked.safetensors"
    save_file({**load_file(file), "v_pred": torch.zeros(0)}, marked)

    assert SingleFile(file, configs).scheduler().prediction_type == "epsilon"
    assert SingleFile(marked, configs).scheduler().prediction_type == "v_prediction"


def test_a_file_without_its_autoencoder_is_refused_in_words(pair, tmp_path):
    _, file, configs = pair
    part = tmp_path / "part.safetensors"
    tensors = load_file(file)
    save_file({k: v for k, v in tensors.items() if "first_stage" not in k}, part)

    with pytest.raises(ModelDamagedError, match=r"first_stage_model\."):
        SingleFile(part, configs).vae(CPU, torch.float32)


def test_the_published_sizes_are_in_the_repository():
    """As published for SD 1.5."""
    assert numbers(sd15.UNet2DConditionModel, "unet") == 859_520_964
    assert numbers(sd15.AutoencoderKL, "vae") == 83_653_863


def numbers(kind: type[sd15.UNet2DConditionModel] | type[sd15.AutoencoderKL], name: str) -> int:
    config = json.loads(family_configs("sd15").joinpath(f"{name}.json").read_text())
    with torch.device("meta"):
        module = cast("torch.nn.Module", kind.from_config(config))
    return sum(each.numel() for each in module.parameters())
