# pyright: reportArgumentType=false
# diffusers annotates its pipelines wrongly (the listener of steps, optional values as required).
"""Each step of our own denoising loop equals that of diffusers' pipeline, within 1e-5.

Compared at unit variance (latents divided by sqrt(1 + sigma²)), on tiny random weights in float64,
with equal batch shape, from the same noise. In single precision diffusers rounds latents of up to
60 to 4e-6 at each step, and the sum of that would hide what is compared.
"""

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
import torch
from diffusers.pipelines.stable_diffusion.pipeline_stable_diffusion import StableDiffusionPipeline
from torch import Tensor

from backend.engine.families.base import DenoiserSettings, Model
from backend.engine.prompts.reading import Reading
from backend.engine.registry import find_sampler, find_schedule
from backend.engine.samplers.noise import BrownianPath, PictureNoise
from backend.engine.schedules.base import NoiseLevels
from tests.fixtures.loaded import loaded
from tests.fixtures.oracle import (
    BETAS,
    SCALED_TO_UNIT_VARIANCE,
    SCHEDULERS,
    dpm_sde_scheduler,
    in_double_precision,
    save_tiny_checkpoint,
)
from tests.fixtures.parity import assert_pictures_equal, in_doubles

# diffusers hands torch's tensors to numpy in a way that numpy 2 warns about.
pytestmark = [
    pytest.mark.usefixtures("one_thread"),
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
]

TOLERANCE = 1e-5
SEEDS = (11, 12)
SHAPE = (4, 8, 8)
PROMPT, NEGATIVE = "red apple, 3d style, white background", "blurry"
KARRAS = {"use_karras_sigmas": True}
EXPONENTIAL = {"use_exponential_sigmas": True}
LINSPACE = {"timestep_spacing": "linspace"}
TRAILING = {"timestep_spacing": "trailing"}


PREDICTIONS = ("epsilon", "v_prediction")


@pytest.fixture(scope="module", params=PREDICTIONS)
def checkpoint(request, tmp_path_factory) -> Path:
    return save_tiny_checkpoint(tmp_path_factory.mktemp("tiny"), request.param)


@pytest.fixture(scope="module")
def pipeline(checkpoint) -> StableDiffusionPipeline:
    pipeline = StableDiffusionPipeline.from_pretrained(checkpoint, local_files_only=True)
    pipeline.set_progress_bar_config(disable=True)
    return pipeline.to(torch.float64)


@pytest.fixture(scope="module")
def model(checkpoint) -> Model:
    with in_doubles():
        return replace(loaded("sd15", checkpoint), levels=double_levels())


def double_levels() -> NoiseLevels:
    """The noise levels without rounding, as the pipeline's schedulers have them here.

    That the rounded ones are diffusers' rounded ones is tested with the schedules.
    """
    ends = (0.00085**0.5, 0.012**0.5)  # as in BETAS
    return NoiseLevels.from_betas(torch.linspace(*ends, 1000, dtype=torch.float64) ** 2)


def our_steps(
    model: Model, sampler: str, sigmas: Tensor, cfg_scale: float
) -> tuple[Tensor, list[Tensor]]:
    """Our latents before the first and after each model call."""
    noise = PictureNoise(SEEDS, SHAPE, highest=sigmas[0].item())
    settings = DenoiserSettings(cfg_scale=cfg_scale, width=64, height=64)
    denoise = model.denoiser(model.encode_prompts(PROMPT, NEGATIVE), settings)
    start = noise().double() * sigmas[0]
    steps = find_sampler(sampler)(denoise, start, sigmas, noise)
    return start, [step.latents for step in steps]


def pipeline_steps(
    pipeline: StableDiffusionPipeline, start: Tensor, steps: int, **options: object
) -> list[Tensor]:
    """The pipeline's latents after each model call; the generators have drawn `start` already."""
    generators = [torch.Generator().manual_seed(seed) for seed in SEEDS]
    for generator in generators:
        torch.randn(SHAPE, generator=generator)
    heard: list[Tensor] = []

    def listen(
        _pipe: object, _step: int, _time: object, told: dict[str, Tensor]
    ) -> dict[str, Tensor]:
        heard.append(told["latents"])
        return {}

    pipeline(
        [PROMPT] * len(SEEDS),
        negative_prompt=[NEGATIVE] * len(SEEDS),
        latents=start,
        generator=generators,
        num_inference_steps=steps,
        output_type="latent",
        callback_on_step_end=listen,
        **options,
    )
    return heard


def starting_like(sampler: str, start: Tensor, sigmas: Tensor) -> Tensor:
    """Our starting latents as the pipeline wants them, before it scales them itself."""
    return start * unit(sigmas[0]) if sampler in SCALED_TO_UNIT_VARIANCE else start / sigmas[0]


def levels_after_calls(sampler: str, sigmas: Tensor) -> list[Tensor]:
    """The noise level that the latents have after each model call."""
    if find_sampler(sampler).info.calls_per_step == 1:
        return list(sigmas[1:])
    twice = [
        [(before * after).sqrt() if sampler == "dpmpp_sde" else after, after]
        for before, after in pairwise(sigmas[:-1])
    ]
    return [*[level for pair in twice for level in pair], sigmas[-1]]


def unit(level: Tensor) -> Tensor:
    return (1 + level**2).rsqrt()


def assert_steps_agree(
    sampler: str, ours: list[Tensor], theirs: list[Tensor], sigmas: Tensor
) -> None:
    levels = levels_after_calls(sampler, sigmas)
    assert len(ours) == len(theirs) == len(levels)
    for number, level in enumerate(levels):
        scale = unit(level)
        other = theirs[number] * (1 if sampler in SCALED_TO_UNIT_VARIANCE else scale)
        difference = (ours[number] * scale - other).abs().max().item()
        assert difference < TOLERANCE, f"call {number + 1}: {difference:.1e}"


CASES = [
    ("euler", "normal", LINSPACE, 10),  # 999 / 9: whole timesteps, see NoiseLevels
    ("euler", "karras", KARRAS, 8),
    ("euler", "exponential", EXPONENTIAL, 8),
    ("euler", "simple", TRAILING, 10),
    ("euler_a", "normal", LINSPACE, 10),
    ("euler_a", "simple", TRAILING, 10),
    ("heun", "normal", LINSPACE, 4),
    ("heun", "karras", KARRAS, 6),
    ("heun", "exponential", EXPONENTIAL, 6),
    ("dpmpp_2m", "simple", TRAILING, 20),
    ("dpmpp_2m", "karras", KARRAS, 16),
    ("dpmpp_2m", "exponential", EXPONENTIAL, 16),
    ("ddim", "simple", TRAILING, 10),
    ("lcm", "simple", {}, 5),
]


def every_time(prediction: str, case: tuple[object, ...]) -> bool:
    """What a network predicts has nothing to do with the schedule: one for each sampler will do."""
    return prediction == PREDICTIONS[0] or case in {one[0]: one for one in CASES}.values()


@pytest.mark.parametrize(
    ("checkpoint", "case"),
    [
        pytest.param(
            prediction,
            case,
            id=f"{prediction}-{case[0]}-{case[1]}",
            marks=() if every_time(prediction, case) else pytest.mark.slow,
        )
        for prediction in PREDICTIONS
        for case in CASES
    ],
    indirect=["checkpoint"],
)
def test_guided_steps_equal_the_pipeline(model, pipeline, case):
    sampler, schedule, options, steps = case

    compare(model, pipeline, (sampler, schedule, options), steps, 7.5)


def test_steps_without_guidance_equal_the_pipeline(model, pipeline):
    compare(model, pipeline, ("euler", "karras", KARRAS), 8, 1.0)


def compare(
    model: Model,
    pipeline: StableDiffusionPipeline,
    combination: tuple[str, str, dict[str, object]],
    steps: int,
    cfg_scale: float,
) -> None:
    sampler, schedule, options = combination
    sigmas = find_schedule(schedule)(model.levels_for(64, 64), steps)
    start, ours = our_steps(model, sampler, sigmas, cfg_scale)
    with in_double_precision(sampler):
        pipeline.scheduler = SCHEDULERS[sampler](
            **BETAS, **options, prediction_type=pipeline.scheduler.config.prediction_type
        )
        theirs = pipeline_steps(
            pipeline, starting_like(sampler, start, sigmas), steps, guidance_scale=cfg_scale
        )

    assert_steps_agree(sampler, ours, theirs, sigmas)


@pytest.mark.parametrize("schedule", ["normal", "karras"])
def test_dpmpp_sde_steps_equal_the_pipeline_with_our_random_walk(model, pipeline, schedule):
    steps = 10 if schedule == "normal" else 8
    sigmas = find_schedule(schedule)(model.levels_for(64, 64), steps)
    start, ours = our_steps(model, "dpmpp_sde", sigmas, 7.5)
    walks = [BrownianPath(seed, SHAPE, sigmas[0].item()) for seed in SEEDS]
    prediction = pipeline.scheduler.config.prediction_type
    karras = schedule == "karras"
    with in_double_precision("dpmpp_sde"):
        pipeline.scheduler = dpm_sde_scheduler(
            walks, prediction_type=prediction, use_karras_sigmas=karras
        )
        theirs = pipeline_steps(pipeline, start / sigmas[0], steps, guidance_scale=7.5)

    assert_steps_agree("dpmpp_sde", ours, theirs, sigmas)


def test_a_long_prompt_is_read_to_its_end(model):
    words = "red apple, " * 40
    long = model.encode_prompts(words + "white background", "")
    other = model.encode_prompts(words + "black background", "")

    states, others = long.positive.states, other.positive.states
    assert states.shape[1] == 2 * 77
    assert long.negative.states.shape == states.shape
    assert torch.equal(states[:, :77], others[:, :77])
    assert not torch.equal(states[:, 77:], others[:, 77:])


def test_encoded_prompts_equal_the_pipeline(model, pipeline):
    ours = model.encode_prompts(PROMPT, NEGATIVE)

    positive, negative = pipeline.encode_prompt(
        PROMPT, "cpu", 1, do_classifier_free_guidance=True, negative_prompt=NEGATIVE
    )

    assert (ours.positive.states - positive).abs().max() < TOLERANCE
    assert (ours.negative.states - negative).abs().max() < TOLERANCE


def test_prompts_read_before_the_last_layer_equal_the_pipeline(model, pipeline):
    encoder = pipeline.text_encoder
    layers = encoder.config.num_hidden_layers
    # diffusers looks for the last norm where transformers had it before version 5
    object.__setattr__(encoder, "text_model", encoder)

    for skip in range(2, layers + 1):
        ours = model.encode_prompts(PROMPT, NEGATIVE, reading=Reading(clip_skip=skip))
        positive, negative = pipeline.encode_prompt(
            PROMPT,
            "cpu",
            1,
            do_classifier_free_guidance=True,
            negative_prompt=NEGATIVE,
            clip_skip=skip - 1,  # diffusers counts what is left out
        )
        assert (ours.positive.states - positive).abs().max() < TOLERANCE
        if skip == 2:  # diffusers always reads the negative prompt after the last layer
            assert (ours.negative.states - negative).abs().max() > TOLERANCE
    assert layers > 1


def test_decoded_pictures_equal_the_pipeline(model, pipeline):
    latents = torch.randn(4, 8, 8, generator=torch.Generator().manual_seed(0))

    assert_pictures_equal(model, pipeline, latents)
