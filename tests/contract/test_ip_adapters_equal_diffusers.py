# pyright: reportArgumentType=false, reportPrivateUsage=false
# diffusers annotates its pipelines wrongly (optional values as required).
"""Each step with pictures that are read equals that of diffusers' pipeline, within 1e-5.

On tiny random weights in float64, with equal batch shape, from the same noise, compared at unit
variance.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from diffusers.pipelines.stable_diffusion.pipeline_stable_diffusion import StableDiffusionPipeline
from diffusers.pipelines.stable_diffusion_xl.pipeline_stable_diffusion_xl import (
    StableDiffusionXLPipeline,
)
from PIL import Image
from safetensors.torch import save_file
from torch import Tensor
from transformers import CLIPImageProcessor

from backend.engine.control.unit import Unit
from backend.engine.families.base import DenoiserSettings
from backend.engine.registry import find_sampler, find_schedule
from backend.engine.samplers.noise import PictureNoise
from tests.fixtures.controls import ip_adapter_network
from tests.fixtures.loaded import loaded
from tests.fixtures.parity import euler, hearing, in_doubles, levels_in_doubles
from tests.fixtures.tiny_families import TINY_FAMILIES
from tests.fixtures.tiny_ip_adapters import (
    SIDE,
    ip_adapter,
    nested,
    save_image_encoder,
    tiny_image_encoder,
)

pytestmark = [
    pytest.mark.usefixtures("one_thread"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
]
TOLERANCE = 1e-5
SEEDS = (11, 12)
DRAWN, SHAPE = 64, (4, 8, 8)
PROMPT, NEGATIVE = "a red apple on a table", "blurry"
CFG_SCALE, STEPS = 5.0, 4
PIPELINES: dict[str, Any] = {"sd15": StableDiffusionPipeline, "sdxl": StableDiffusionXLPipeline}


@dataclass(frozen=True)
class Shown:
    """A picture that is read."""

    picture: Image.Image
    weight: float
    mask: Tensor | None = None


def noise_picture(seed: int) -> Image.Image:
    """Of the very size that the encoder sees, so that nothing is resized."""
    pixels = np.random.default_rng(seed).integers(0, 256, (SIDE, SIDE, 3), dtype=np.uint8)
    return Image.fromarray(pixels)


def side_mask(*, left: bool) -> Tensor:
    mask = torch.zeros(1, 1, DRAWN, DRAWN, dtype=torch.float64)
    half = slice(None, DRAWN // 2) if left else slice(DRAWN // 2, None)
    mask[..., half] = 1
    return mask


FIRST, SECOND = noise_picture(1), noise_picture(2)
CASES = [
    ("sd15", "plain", [Shown(FIRST, 0.7), Shown(SECOND, 0.4)]),
    ("sd15", "full", [Shown(FIRST, 0.6)]),
    (
        "sd15",
        "plus",
        [Shown(FIRST, 0.9, side_mask(left=True)), Shown(SECOND, 0.5, side_mask(left=False))],
    ),
    ("sdxl", "plus", [Shown(FIRST, 0.8)]),
]
NAMES = ["plain, two pictures", "full", "plus, one for each side", "sdxl"]


@pytest.fixture(scope="module")
def subjects(tmp_path_factory) -> Callable[[str], tuple[Any, Any]]:
    """A checkpoint in Easel, and in diffusers."""

    def make(family: str) -> tuple[Any, Any]:
        folder = tmp_path_factory.mktemp(family) / "it"
        TINY_FAMILIES[family].save(folder)
        with in_doubles():
            model = replace(loaded(family, folder), levels=levels_in_doubles())
        pipeline = PIPELINES[family].from_pretrained(
            folder, local_files_only=True, torch_dtype=torch.float64
        )
        pipeline.set_progress_bar_config(disable=True)
        return model, pipeline

    return cache(make)


@pytest.mark.parametrize(("family", "form", "shown"), CASES, ids=NAMES)
def test_steps_equal_the_pipeline(subjects, tmp_path, family, form, shown):
    model, pipeline = subjects(family)
    tensors = ip_adapter(form, model.unet)
    sigmas = find_schedule("normal")(model.levels_for(DRAWN, DRAWN), STEPS)
    noise = PictureNoise(SEEDS, SHAPE, highest=sigmas[0].item())
    begun = noise().double()

    theirs = pipeline_steps(pipeline, tensors, shown, begun.clone())
    ours = our_steps(model, our_units(model, tmp_path, tensors, shown), begun, sigmas, noise)
    without = our_steps(model, (), begun, sigmas, noise)

    scales = (1 + sigmas[1:] ** 2).rsqrt().tolist()
    for one, other, scale in zip(ours, theirs, scales, strict=True):
        assert (one - other).abs().max().item() * scale < TOLERANCE
    assert (ours[-1] - without[-1]).abs().max() > 1e-2


def our_units(
    model: Any, folder: Path, tensors: dict[str, Tensor], shown: Sequence[Shown]
) -> tuple[Unit, ...]:
    save_file(tensors, folder / "adapter.safetensors")
    encoder = save_image_encoder(folder / "encoder.safetensors")
    network = ip_adapter_network(model, folder / "adapter.safetensors", encoder)
    highest = torch.inf
    return tuple(
        Unit(
            network,
            network.shown(each.picture, None),
            weight=each.weight,
            mode="balanced",
            begins=highest,
            ends=0.0,
            mask=each.mask,
        )
        for each in shown
    )


def our_steps(
    model: Any, units: tuple[Unit, ...], begun: Tensor, sigmas: Tensor, noise: PictureNoise
) -> list[Tensor]:
    settings = DenoiserSettings(CFG_SCALE, DRAWN, DRAWN, controls=units)
    denoise = model.denoiser(model.encode_prompts(PROMPT, NEGATIVE), settings)
    steps = find_sampler("euler")(denoise, begun * sigmas[0], sigmas, noise)
    return [step.latents for step in steps]


def pipeline_steps(
    pipeline: Any, tensors: dict[str, Tensor], shown: Sequence[Shown], begun: Tensor
) -> list[Tensor]:
    pipeline.register_modules(
        image_encoder=tiny_image_encoder().double(),
        feature_extractor=CLIPImageProcessor(size=SIDE, crop_size=SIDE),
    )
    count = len(shown)
    pipeline.load_ip_adapter([nested(tensors)] * count, subfolder="", weight_name=[""] * count)
    pipeline.set_ip_adapter_scale([each.weight for each in shown])
    pipeline.unet.double()
    more: dict[str, Any] = {}
    if shown[0].mask is not None:
        more["cross_attention_kwargs"] = {"ip_adapter_masks": [each.mask for each in shown]}
    with hearing(pipeline, "euler", euler) as (heard, options):
        pipeline(
            PROMPT,
            negative_prompt=NEGATIVE,
            num_images_per_prompt=len(SEEDS),
            latents=begun,
            height=DRAWN,
            width=DRAWN,
            num_inference_steps=STEPS,
            guidance_scale=CFG_SCALE,
            ip_adapter_image=[each.picture for each in shown],
            **more,
            **options,
        )
    pipeline.unload_ip_adapter()
    return heard
