# pyright: reportArgumentType=false
# diffusers annotates its pipelines wrongly (the listener of steps, optional values as required).
"""SD 3 and 3.5: each step of our own loop equals that of diffusers' pipeline, within 1e-5.

On tiny random weights in float64, with equal batch shape, from the same noise. The pipeline is
given the noise levels of training, which it would otherwise begin to shift twice.
"""

from pathlib import Path

import numpy as np
import pytest
import torch
from diffusers.pipelines.stable_diffusion_3.pipeline_stable_diffusion_3 import (
    StableDiffusion3Pipeline,
)
from torch import Tensor

from backend.engine.families.base import DenoiserSettings
from backend.engine.families.sd3_model import StableDiffusion3
from backend.engine.registry import find_sampler, find_schedule
from backend.engine.samplers.noise import PictureNoise
from tests.fixtures.loaded import loaded
from tests.fixtures.parity import assert_pictures_equal, hearing_flow, in_doubles
from tests.fixtures.tiny_sd3 import TINY, save_tiny_sd3

pytestmark = pytest.mark.usefixtures("one_thread")

TOLERANCE = 1e-5
SEEDS = (11, 12)
WIDTH, HEIGHT = 96, 64
SHAPE = (16, HEIGHT // 8, WIDTH // 8)
PROMPT, NEGATIVE = "a red apple on a table", "blurry"


@pytest.fixture(scope="module", params=TINY)
def family(request) -> str:
    return request.param


@pytest.fixture(scope="module")
def checkpoint(family, tmp_path_factory) -> Path:
    return save_tiny_sd3(tmp_path_factory.mktemp(family) / "checkpoint", family).folder


@pytest.fixture(scope="module")
def pipeline(checkpoint) -> StableDiffusion3Pipeline:
    pipeline = StableDiffusion3Pipeline.from_pretrained(checkpoint, local_files_only=True)
    pipeline.set_progress_bar_config(disable=True)
    torch.nn.init.normal_(pipeline.text_encoder.text_projection.weight)
    return pipeline.to(torch.float64)


@pytest.fixture(scope="module")
def model(family, checkpoint, pipeline) -> StableDiffusion3:
    # A projection that changes something shows whether it is used.
    pipeline.text_encoder.save_pretrained(checkpoint / "text_encoder")
    with in_doubles():
        return loaded(family, checkpoint)


def our_steps(model: StableDiffusion3, steps: int, cfg_scale: float) -> tuple[Tensor, list[Tensor]]:
    """Our latents before the first and after each model call."""
    sigmas = find_schedule("simple")(model.levels_for(WIDTH, HEIGHT), steps)
    noise = PictureNoise(SEEDS, SHAPE, highest=sigmas[0].item(), blended=True)
    conditioning = model.encode_prompts(PROMPT, NEGATIVE)
    denoise = model.denoiser(conditioning, DenoiserSettings(cfg_scale, WIDTH, HEIGHT))
    start = noise().double() * sigmas[0]
    return start, [step.latents for step in find_sampler("euler")(denoise, start, sigmas, noise)]


def pipeline_steps(
    pipeline: StableDiffusion3Pipeline, start: Tensor, steps: int, cfg_scale: float
) -> list[Tensor]:
    """The pipeline's latents after each model call."""
    with hearing_flow() as (heard, options):
        pipeline(
            [PROMPT] * len(SEEDS),
            negative_prompt=[NEGATIVE] * len(SEEDS),
            latents=start,
            width=WIDTH,
            height=HEIGHT,
            num_inference_steps=steps,
            sigmas=np.linspace(1, 1 / steps, steps),
            guidance_scale=cfg_scale,
            **options,
        )
    return heard


@pytest.mark.parametrize(("steps", "cfg_scale"), [(5, 5.0), (2, 1.0)])
def test_steps_equal_the_pipeline(model, pipeline, steps, cfg_scale):
    start, ours = our_steps(model, steps, cfg_scale)

    theirs = pipeline_steps(pipeline, start, steps, cfg_scale)

    assert len(ours) == len(theirs) == steps
    differences = [(a - b).abs().max().item() for a, b in zip(ours, theirs, strict=True)]
    assert max(differences) < TOLERANCE, differences


def test_encoded_prompts_equal_the_pipeline(model, pipeline):
    ours = model.encode_prompts(PROMPT, NEGATIVE)

    positive, negative, pooled, negative_pooled = pipeline.encode_prompt(
        PROMPT, None, None, negative_prompt=NEGATIVE, device="cpu"
    )

    for encoded, states, whole in (
        (ours.positive, positive, pooled),
        (ours.negative, negative, negative_pooled),
    ):
        assert (encoded.states - states).abs().max() < TOLERANCE
        assert (encoded.pooled - whole).abs().max() < TOLERANCE


def test_decoded_pictures_equal_the_pipeline(model, pipeline):
    latents = torch.randn(16, 8, 8, generator=torch.Generator().manual_seed(0)).double()

    assert_pictures_equal(model, pipeline, latents)
