# pyright: reportArgumentType=false
# diffusers annotates its pipelines wrongly (optional values as required).
"""Each step of our own loop with FLUX.1 equals that of diffusers' pipeline, within 1e-5.

On tiny random weights in float64, with equal batch shape, from the same noise; told guidance as dev
has it, and without as schnell has it.
"""

from pathlib import Path

import pytest
import torch
from diffusers.pipelines.flux.pipeline_flux import FluxPipeline
from torch import Tensor

from backend.engine.families.base import DenoiserSettings
from backend.engine.families.flux_model import Flux1, packed, unpacked
from backend.engine.registry import find_sampler, find_schedule
from backend.engine.samplers.noise import PictureNoise
from tests.fixtures.loaded import loaded
from tests.fixtures.parity import assert_pictures_equal, hearing_flow, in_doubles
from tests.fixtures.tiny_flux import save_tiny_flux

pytestmark = pytest.mark.usefixtures("one_thread")

TOLERANCE = 1e-5
SEEDS = (11, 12)
WIDTH, HEIGHT = 96, 64
SHAPE = (16, HEIGHT // 8, WIDTH // 8)
TOKENS = {"dev": 512, "schnell": 256}
PROMPT, NEGATIVE = "a red apple on a table", "blurry"


@pytest.fixture(scope="module", params=["dev", "schnell"])
def variant(request) -> str:
    return request.param


@pytest.fixture(scope="module")
def checkpoint(variant, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp(variant)
    return save_tiny_flux(folder / "checkpoint", guided=variant == "dev").folder


@pytest.fixture(scope="module")
def pipeline(checkpoint) -> FluxPipeline:
    pipeline = FluxPipeline.from_pretrained(checkpoint, local_files_only=True)
    pipeline.set_progress_bar_config(disable=True)
    return pipeline.to(torch.float64)


@pytest.fixture(scope="module")
def model(checkpoint) -> Flux1:
    with in_doubles():
        return loaded("flux1", checkpoint)


def our_steps(model: Flux1, steps: int, settings: DenoiserSettings) -> tuple[Tensor, list[Tensor]]:
    """Our latents before the first and after each model call."""
    sigmas = find_schedule("simple")(model.levels_for(WIDTH, HEIGHT), steps)
    noise = PictureNoise(SEEDS, SHAPE, highest=sigmas[0].item(), blended=True)
    denoise = model.denoiser(model.encode_prompts(PROMPT, NEGATIVE), settings)
    start = noise().double() * sigmas[0]
    return start, [s.latents for s in find_sampler("euler")(denoise, start, sigmas, noise)]


def pipeline_steps(
    pipeline: FluxPipeline, start: Tensor, steps: int, **options: object
) -> list[Tensor]:
    """The pipeline's latents after each model call."""
    with hearing_flow() as (heard, told):
        pipeline(
            [PROMPT] * len(SEEDS),
            latents=packed(start),
            width=WIDTH,
            height=HEIGHT,
            num_inference_steps=steps,
            **told,
            **options,
        )
    return [unpacked(tokens, *SHAPE[1:]) for tokens in heard]


@pytest.mark.parametrize(("steps", "cfg_scale"), [(10, 1.0), (4, 1.0), (4, 3.0)])
def test_steps_equal_the_pipeline(model, pipeline, variant, steps, cfg_scale):
    settings = DenoiserSettings(cfg_scale, WIDTH, HEIGHT, guidance=2.5)
    start, ours = our_steps(model, steps, settings)

    theirs = pipeline_steps(
        pipeline,
        start,
        steps,
        guidance_scale=2.5,
        true_cfg_scale=cfg_scale,
        negative_prompt=[NEGATIVE] * len(SEEDS),
        max_sequence_length=TOKENS[variant],
    )

    assert len(ours) == len(theirs) == steps
    differences = [(a - b).abs().max().item() for a, b in zip(ours, theirs, strict=True)]
    assert max(differences) < TOLERANCE, differences


def test_the_network_is_told_the_usual_guidance(model, pipeline, variant):
    start, ours = our_steps(model, 2, DenoiserSettings(1.0, WIDTH, HEIGHT))

    theirs = pipeline_steps(
        pipeline, start, 2, guidance_scale=3.5, max_sequence_length=TOKENS[variant]
    )

    assert (ours[-1] - theirs[-1]).abs().max() < TOLERANCE


def test_encoded_prompts_equal_the_pipeline(model, pipeline, variant):
    ours = model.encode_prompts(PROMPT, NEGATIVE)

    for encoded, text in ((ours.positive, PROMPT), (ours.negative, NEGATIVE)):
        states, pooled, _ = pipeline.encode_prompt(
            text, max_sequence_length=TOKENS[variant], device="cpu"
        )
        assert (encoded.states - states).abs().max() < TOLERANCE
        assert (encoded.pooled - pooled).abs().max() < TOLERANCE


def test_decoded_pictures_equal_the_pipeline(model, pipeline):
    latents = torch.randn(16, 8, 8, generator=torch.Generator().manual_seed(0)).double()

    assert_pictures_equal(model, pipeline, latents)
