# pyright: reportArgumentType=false
# diffusers annotates its constructors wrongly (optional values as required).
"""FLUX.1: packing, noise levels, T5 in other names, and what is refused."""

import json
import math
from pathlib import Path

import gguf
import pytest
import torch
from diffusers.pipelines.flux.pipeline_flux import FluxPipeline
from safetensors.torch import load_file, save_file
from torch import Tensor

from backend.engine.families.base import Conditioning, DenoiserSettings
from backend.engine.families.flux1 import TRANSFORMER as FLUX_TRANSFORMER
from backend.engine.families.flux_model import (
    Flux1,
    packed,
    positions,
    resolution_shift,
    unpacked,
)
from backend.engine.loading.files import CheckpointFiles, family_configs
from backend.engine.loading.original.t5 import t5_llama_cpp_sources
from backend.engine.loading.parts import CLIP_L
from backend.engine.loading.parts import VAE as VAE_PART
from backend.engine.loading.t5_encoder import t5_encoder
from backend.engine.registry import find_family, find_sampler, find_schedule
from backend.engine.samplers.noise import PictureNoise
from backend.schema.errors import ModelError, ModelMissingError
from tests.fixtures.loaded import checkpoint_files, loaded
from tests.fixtures.tiny_checkpoint import TinyCheckpoint
from tests.fixtures.tiny_flux import CLIP, T5, TRANSFORMER, VAE, save_tiny_flux

pytestmark = pytest.mark.usefixtures("one_thread")

PARTS = ("transformer", "text_encoder", "text_encoder_2", "vae")
SIDE = 32


@pytest.fixture(scope="module")
def tiny(tmp_path_factory) -> TinyCheckpoint:
    """With guidance, as dev has it."""
    return save_tiny_flux(tmp_path_factory.mktemp("tiny") / "checkpoint")


@pytest.fixture(scope="module")
def configs(tiny, tmp_path_factory) -> Path:
    """Its configs, but with the blocks and guidance of the published ones."""
    folder = tmp_path_factory.mktemp("configs")
    for part in PARTS:
        config = json.loads((tiny.folder / part / "config.json").read_text())
        if part == "transformer":
            config |= {"num_layers": 19, "num_single_layers": 38, "guidance_embeds": True}
        (folder / f"{part}.json").write_text(json.dumps(config))
    return folder


@pytest.fixture(scope="module")
def separate(tiny, tmp_path_factory) -> dict[str, Path]:
    """The text encoders and the VAE as files of their own."""
    folder = tmp_path_factory.mktemp("separate")
    return {
        "clip_l": tiny.save(folder / "clip_l.safetensors", [CLIP], without=CLIP),
        "t5xxl": tiny.save(folder / "t5xxl_fp16.safetensors", [T5], without=T5),
        "vae": tiny.save(folder / "ae.safetensors", [VAE], without=VAE),
    }


def latents(model: Flux1) -> Tensor:
    """Two steps from noise with both prompts."""
    sigmas = find_schedule("simple")(model.levels_for(SIDE, SIDE), 2)
    noise = PictureNoise([5], (16, SIDE // 8, SIDE // 8), highest=1.0, blended=True)
    settings = DenoiserSettings(2.0, SIDE, SIDE, guidance=3.0)
    denoise = model.denoiser(model.encode_prompts("a red apple", "blurry"), settings)
    return list(find_sampler("euler")(denoise, noise(), sigmas, noise))[-1].latents


@pytest.fixture(scope="module")
def expected(tiny) -> Tensor:
    """What the diffusers folder draws."""
    return latents(loaded("flux1", tiny.folder))


def original_transformer(tiny: TinyCheckpoint, folder: Path) -> Path:
    return tiny.save(folder / "flux1-dev.safetensors", [TRANSFORMER], without=TRANSFORMER)


def write_gguf(path: Path, tensors: dict[str, Tensor], architecture: str) -> Path:
    writer = gguf.GGUFWriter(path, architecture)
    for name, tensor in tensors.items():
        writer.add_tensor(name, tensor.numpy())
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def draws_as_expected(files: CheckpointFiles, expected: Tensor) -> bool:
    return torch.equal(latents(loaded("flux1", files)), expected)


def test_t5_in_llama_cpps_names_draws_the_same(tiny, configs, separate, expected, tmp_path):
    state = load_file(separate["t5xxl"])
    tensors = {source.name: state[name] for name, source in t5_llama_cpp_sources(state).items()}
    t5 = write_gguf(tmp_path / "t5-v1_1-xxl-encoder-F32.gguf", tensors, "t5encoder")

    path = original_transformer(tiny, tmp_path)
    parts = {**separate, "t5xxl": t5}
    assert draws_as_expected(
        checkpoint_files("flux1", path, configs=configs, separate=parts), expected
    )


def test_a_bare_transformer_says_what_it_needs(tiny, configs, tmp_path):
    path = original_transformer(tiny, tmp_path)

    with pytest.raises(ModelMissingError, match="text encoder"):
        loaded("flux1", checkpoint_files("flux1", path, configs=configs))


def test_models_that_draw_along_a_control_picture_say_so(tiny, configs, separate, tmp_path):
    tensors = load_file(original_transformer(tiny, tmp_path))
    path = tmp_path / "flux1-canny-dev.safetensors"
    save_file({**tensors, "img_in.weight": torch.zeros(32, 128)}, path)

    with pytest.raises(ModelError, match="control picture, and Easel cannot give it one"):
        loaded("flux1", checkpoint_files("flux1", path, configs=configs, separate=separate))


def test_packing_equals_the_pipelines():
    x = torch.randn(2, 16, 6, 10)

    tokens = packed(x)

    assert torch.equal(tokens, FluxPipeline._pack_latents(x, 2, 16, 6, 10))
    assert torch.equal(unpacked(tokens, 6, 10), x)


def test_positions_equal_the_pipelines():
    expected = FluxPipeline._prepare_latent_image_ids(1, 3, 5, torch.device("cpu"), torch.float32)

    assert torch.equal(positions(6, 10, torch.device("cpu")).float(), expected)


@pytest.mark.parametrize(("tokens", "logarithm"), [(256, 0.5), (1024, 0.63), (4096, 1.15)])
def test_large_pictures_begin_with_more_steps_in_the_noise(tokens, logarithm):
    assert math.log(resolution_shift(tokens)) == pytest.approx(logarithm)


def test_levels_follow_the_size_for_dev_only(tiny, configs, separate, tmp_path):
    dev = loaded("flux1", tiny.folder)
    tensors = load_file(original_transformer(tiny, tmp_path))
    path = tmp_path / "flux1-schnell.safetensors"
    save_file({n: t for n, t in tensors.items() if not n.startswith("guidance_in")}, path)
    schnell = loaded("flux1", checkpoint_files("flux1", path, configs=configs, separate=separate))
    simple = find_schedule("simple")

    assert simple(dev.levels_for(1024, 1024), 4).tolist() == pytest.approx(
        [1.0, 0.9045, 0.7595, 0.5128, 0.0], abs=1e-4
    )
    assert simple(schnell.levels_for(1024, 1024), 4).tolist() == [1.0, 0.75, 0.5, 0.25, 0.0]
    assert dev.encode_prompts("a", "").positive.states.shape == (1, 512, 16)
    assert schnell.encode_prompts("a", "").positive.states.shape == (1, 256, 16)


def test_weights_change_nothing_and_this_is_told(tiny):
    model = loaded("flux1", tiny.folder)

    heavy = model.encode_prompts("a (red:1.5) apple", "").positive
    plain = model.encode_prompts("a red apple", "").positive

    assert torch.equal(heavy.states, plain.states)
    assert torch.equal(heavy.pooled, plain.pooled)
    assert "change nothing" in model.deaf_to_weights


def test_two_prompts_are_drawn_together_without_guidance_too(tiny):
    model = loaded("flux1", tiny.folder)
    both = model.encode_prompts("a red apple", "", "a cactus")
    settings = DenoiserSettings(1.0, SIDE, SIDE, guidance=3.0)
    noise = PictureNoise([5], (16, SIDE // 8, SIDE // 8), highest=1.0, blended=True)()
    sigma = torch.tensor(0.7, dtype=torch.float64)

    def estimate(conditioning: Conditioning) -> Tensor:
        return model.denoiser(conditioning, settings)(noise, sigma)

    alone = [Conditioning(each, each) for each in (both.negative, both.positive, *both.more)]
    nothing, apple, cactus = map(estimate, alone)
    expected = apple + cactus - nothing
    assert (estimate(both) - expected).abs().max() < 1e-4
    assert not torch.equal(apple, cactus)


def test_the_recommended_settings():
    info = find_family("flux1").info

    assert info.size_multiple == 16
    assert info.defaults.model_dump(include={"width", "steps", "cfg_scale", "guidance"}) == {
        "width": 1024,
        "steps": 20,
        "cfg_scale": 1.0,
        "guidance": 3.5,
    }
    schnell = info.defaults_for(["schnell"])
    assert (schnell.steps, schnell.guidance) == (4, None)


@pytest.mark.parametrize(
    ("component", "published"),
    [
        (FLUX_TRANSFORMER, 11_901_408_320),
        (CLIP_L, 123_060_480),
        (t5_encoder("text_encoder_2"), 4_762_310_656),
        (VAE_PART, 83_819_683),
    ],
    ids=lambda value: getattr(value, "part", ""),
)
def test_the_published_sizes_are_in_the_repository(component, published):
    config = json.loads(family_configs("flux1").joinpath(f"{component.part}.json").read_text())

    with torch.device("meta"):
        module = component.build(config)

    assert sum(each.numel() for each in module.parameters()) == published
