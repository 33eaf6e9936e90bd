"""SD 3 and 3.5: with and without T5, long prompts, sizes, and what is read off the tensors."""

from collections.abc import Mapping
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from backend.engine.families.base import DenoiserSettings
from backend.engine.families.sd3_loading import TRANSFORMER
from backend.engine.families.sd3_model import StableDiffusion3
from backend.engine.loading.files import CheckpointFiles, family_configs
from backend.engine.loading.weights import open_weights
from backend.engine.registry import find_family, find_sampler, find_schedule
from backend.engine.samplers.noise import PictureNoise
from backend.schema.errors import ModelMissingError, OutOfRangeError
from backend.schema.models import Role
from tests.fixtures.loaded import checkpoint_files, loaded
from tests.fixtures.model_files import write_safetensors
from tests.fixtures.published_sd3 import PUBLISHED, transformer_tensors
from tests.fixtures.tiny_checkpoint import TinyCheckpoint
from tests.fixtures.tiny_sd3 import (
    CLIP_G_WIDTH,
    CLIP_L_WIDTH,
    T5_WIDTH,
    save_tiny_sd3,
    transformer_config,
)

pytestmark = pytest.mark.usefixtures("one_thread")

FAMILY = "sd35_medium"
NETWORK, PIXELS = "model.diffusion_model.", "first_stage_model."
ENCODERS: dict[Role, str] = {
    role: f"text_encoders.{role}.transformer." for role in ("clip_l", "clip_g", "t5xxl")
}
SIDE = 32
Separate = Mapping[Role, Path]


@pytest.fixture(scope="module")
def tiny(tmp_path_factory) -> TinyCheckpoint:
    return save_tiny_sd3(tmp_path_factory.mktemp("tiny") / "checkpoint", FAMILY)


@pytest.fixture(scope="module")
def separate(tiny, tmp_path_factory) -> Separate:
    """The text encoders and the VAE as files of their own."""
    folder = tmp_path_factory.mktemp("separate")
    prefixes: dict[Role, str] = {**ENCODERS, "vae": PIXELS}
    return {
        role: tiny.save(folder / f"{role}.safetensors", [prefix], without=prefix)
        for role, prefix in prefixes.items()
    }


def latents(model: StableDiffusion3) -> Tensor:
    """Two steps from noise with both prompts."""
    sigmas = find_schedule("simple")(model.levels_for(SIDE, SIDE), 2)
    noise = PictureNoise([5], (16, SIDE // 8, SIDE // 8), highest=1.0, blended=True)
    conditioning = model.encode_prompts("a red apple", "blurry")
    denoise = model.denoiser(conditioning, DenoiserSettings(5.0, SIDE, SIDE))
    return list(find_sampler("dpmpp_2m")(denoise, noise(), sigmas, noise))[-1].latents


@pytest.fixture(scope="module")
def from_folder(tiny) -> StableDiffusion3:
    return loaded(FAMILY, tiny.folder)


@pytest.fixture(scope="module")
def expected(from_folder) -> Tensor:
    """What the diffusers folder draws."""
    return latents(from_folder)


def only(parts: Separate, *roles: Role) -> Separate:
    return {role: parts[role] for role in roles}


def test_a_file_without_text_encoders_draws_the_same(tiny, separate, expected, tmp_path):
    path = tiny.save(tmp_path / "sd3.5_medium.safetensors", [NETWORK, PIXELS])
    encoders = only(separate, "clip_l", "clip_g", "t5xxl")

    assert torch.equal(
        latents(loaded(FAMILY, checkpoint_files(FAMILY, path, separate=encoders))), expected
    )


def bare_transformer(tiny: TinyCheckpoint, folder: Path) -> Path:
    return tiny.save(folder / "transformer.safetensors", [NETWORK], without=NETWORK)


def test_without_t5_its_tokens_are_zeros(tiny, from_folder, tmp_path):
    path = tiny.save(
        tmp_path / "sd3.5_medium_incl_clips.safetensors",
        [NETWORK, PIXELS, ENCODERS["clip_l"], ENCODERS["clip_g"]],
    )

    model = loaded(FAMILY, path)

    ours, full = (m.encode_prompts("a red apple", "").positive for m in (model, from_folder))
    assert ours.states.shape == full.states.shape == (1, 77 + 256, T5_WIDTH)
    assert torch.equal(ours.states[:, :77], full.states[:, :77])
    assert not ours.states[:, 77:].any()
    assert full.states[:, 77:].any()
    assert torch.equal(ours.pooled, full.pooled)
    assert latents(model).isfinite().all()


def test_a_projection_in_a_clip_l_file_is_not_used(tiny, separate, from_folder, tmp_path):
    """OpenAI's own file has one, with which SD 3 was not trained."""
    path = tmp_path / "clip_l.safetensors"
    tensors = load_file(separate["clip_l"])
    projection = torch.full((CLIP_L_WIDTH, CLIP_L_WIDTH), 0.5)
    save_file({**tensors, "text_projection.weight": projection}, path, tiny.told_sizes())
    whole = tiny.save(tmp_path / "whole.safetensors")

    model = loaded(FAMILY, checkpoint_files(FAMILY, whole, separate={"clip_l": path}))

    pooled = [m.encode_prompts("a red apple", "").positive.pooled for m in (model, from_folder)]
    assert torch.equal(*pooled)


def test_weights_act_through_the_clips_alone_and_this_is_told(tiny, from_folder, tmp_path):
    plain = from_folder.encode_prompts("a red apple", "").positive
    heavy = from_folder.encode_prompts("a (red:1.5) apple", "").positive

    assert not torch.equal(heavy.states[:, :77], plain.states[:, :77])
    assert torch.equal(heavy.states[:, 77:], plain.states[:, 77:])
    assert torch.equal(heavy.pooled, plain.pooled)
    assert "T5 knows none" in from_folder.deaf_to_weights
    clips = [NETWORK, PIXELS, ENCODERS["clip_l"], ENCODERS["clip_g"]]
    assert not loaded(FAMILY, tiny.save(tmp_path / "no_t5.safetensors", clips)).deaf_to_weights


def test_a_long_prompt_is_read_to_its_end(from_folder):
    words = "red apple, " * 40
    long = from_folder.encode_prompts(words + "white background", "")
    other = from_folder.encode_prompts(words + "black background", "")

    assert long.positive.states.shape == long.negative.states.shape == (1, 2 * 77 + 256, T5_WIDTH)
    assert long.positive.pooled.shape == (1, CLIP_L_WIDTH + CLIP_G_WIDTH)
    clips = CLIP_L_WIDTH + CLIP_G_WIDTH
    second = slice(77, 2 * 77)
    assert torch.equal(long.positive.states[:, :77], other.positive.states[:, :77])
    assert not torch.equal(long.positive.states[:, second], other.positive.states[:, second])
    assert not long.positive.states[:, : 2 * 77, clips:].any()


def test_a_transformer_alone_says_what_it_needs(tiny, tmp_path):
    path = bare_transformer(tiny, tmp_path)

    with pytest.raises(ModelMissingError, match="does not hold the CLIP-L text encoder"):
        loaded(FAMILY, checkpoint_files(FAMILY, path))


def test_a_picture_beyond_the_known_places_is_refused_in_words(from_folder):
    conditioning = from_folder.encode_prompts("a red apple", "")

    assert from_folder.denoiser(conditioning, DenoiserSettings(5.0, 128, 128))
    with pytest.raises(OutOfRangeError, match="up to 128 pixels") as refused:
        from_folder.denoiser(conditioning, DenoiserSettings(5.0, 64, 144))
    assert refused.value.field == "size.height"


def test_levels_are_moved_up_by_three(tiny, from_folder, tmp_path):
    single = loaded(FAMILY, tiny.save(tmp_path / "whole.safetensors"))

    for model in (from_folder, single):
        levels = find_schedule("simple")(model.levels_for(1024, 1024), 4)
        assert levels.tolist() == pytest.approx([1.0, 0.9, 0.75, 0.5, 0.0])


@pytest.mark.parametrize("family", PUBLISHED)
def test_the_network_has_the_size_that_its_tensors_tell(family, tmp_path):
    tensors = transformer_tensors(PUBLISHED[family])
    path = write_safetensors(tmp_path / "transformer.safetensors", tensors, dtype="F8_E4M3")
    published = CheckpointFiles(path, family_configs("sd3")).config(path, "transformer")

    with open_weights(path) as weights:
        adapted = TRANSFORMER.adapt(published, weights)

    assert adapted.items() >= transformer_config(PUBLISHED[family]).items()


def test_the_recommended_settings():
    info = find_family("sd35_large").info

    assert info.size_multiple == 16
    assert info.defaults.model_dump(include={"width", "steps", "cfg_scale", "sampler"}) == {
        "width": 1024,
        "steps": 28,
        "cfg_scale": 4.5,
        "sampler": "dpmpp_2m",
    }
    turbo = info.defaults_for(["turbo"])
    assert (turbo.steps, turbo.cfg_scale, turbo.sampler) == (4, 1.0, "euler")
