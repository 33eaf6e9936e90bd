# pyright: reportArgumentType=false
# diffusers annotates its pipelines wrongly (optional values as required).
"""Steps that a ControlNet steers equal those of diffusers' pipelines, for SD 3, 3.5 and FLUX.1.

On tiny random weights in float64, with equal batch shape, from the same noise; each ControlNet is
read from its folder. The pipelines draw the map's latents at random, and are made not to.
"""

from collections.abc import Iterator
from typing import Any
from unittest import mock

import numpy as np
import pytest
from diffusers.models.autoencoders.vae import DiagonalGaussianDistribution
from diffusers.pipelines.controlnet_sd3.pipeline_stable_diffusion_3_controlnet import (
    StableDiffusion3ControlNetPipeline,
)
from diffusers.pipelines.controlnet_sd3.pipeline_stable_diffusion_3_controlnet_inpainting import (
    StableDiffusion3ControlNetInpaintingPipeline,
)
from diffusers.pipelines.flux.pipeline_flux_controlnet import FluxControlNetPipeline
from diffusers.schedulers.scheduling_flow_match_euler_discrete import (
    FlowMatchEulerDiscreteScheduler,
)
from PIL import Image
from torch import Tensor
from torch.nn import Module

from backend.engine.control.unit import Unit
from backend.engine.families.base import DenoiserSettings
from backend.engine.families.flux_model import packed, unpacked
from backend.engine.registry import find_sampler, find_schedule
from backend.engine.samplers.noise import PictureNoise
from backend.schema.control_types import ControlType
from backend.schema.controls import ResolvedControl
from tests.fixtures.bare_models import bare_flux, bare_sd3
from tests.fixtures.parity import hearing_flow
from tests.fixtures.tiny_controlnets import (
    read_controlnet,
    tiny_flux_controlnet,
    tiny_large_controlnet,
    tiny_sd3_controlnet,
    tiny_xlabs_controlnet,
    unit_of,
)

pytestmark = pytest.mark.usefixtures("one_thread")

TOLERANCE = 1e-5
SEEDS = (11, 12)
WIDTH, HEIGHT = 96, 64
SHAPE = (16, HEIGHT // 8, WIDTH // 8)
STEPS, CFG_SCALE, GUIDANCE, WEIGHT = 2, 4.0, 2.5, 0.7
SD3_CASES: dict[str, tuple[str, Any, Any]] = {
    "two streams": (
        "sd3",
        lambda: tiny_sd3_controlnet("sd3"),
        StableDiffusion3ControlNetPipeline,
    ),
    "with the whole": (
        "sd3",
        lambda: tiny_sd3_controlnet("sd3", force_zeros_for_pooled_projection=False),
        StableDiffusion3ControlNetPipeline,
    ),
    "to inpaint": (
        "sd3",
        lambda: tiny_sd3_controlnet("sd3", extra_conditioning_channels=1),
        StableDiffusion3ControlNetInpaintingPipeline,
    ),
    "second attention": (
        "sd35_medium",
        lambda: tiny_sd3_controlnet("sd35_medium"),
        StableDiffusion3ControlNetPipeline,
    ),
    "one stream": ("sd35_large", tiny_large_controlnet, StableDiffusion3ControlNetPipeline),
}
FLUX_CASES: dict[str, tuple[Any, ControlType | None]] = {
    "latents": (tiny_flux_controlnet, None),
    "told the guidance": (lambda: tiny_flux_controlnet(guidance_embeds=True), None),
    "union": (lambda: tiny_flux_controlnet(num_mode=10), ControlType.DEPTH),
    "pixels": (tiny_xlabs_controlnet, None),
}


@pytest.fixture(autouse=True)
def nothing_at_random() -> Iterator[None]:
    """The pipelines take the middle of what the autoencoder takes for likely, as we do."""
    with mock.patch.object(
        DiagonalGaussianDistribution, "sample", lambda likely, generator=None: likely.mode()
    ):
        yield


@pytest.fixture(scope="module")
def picture() -> Image.Image:
    """A map of stripes and noise."""
    levels = np.random.default_rng(5).integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8)
    levels[:, ::7] = 255
    return Image.fromarray(levels)


@pytest.fixture(scope="module")
def mask() -> Image.Image:
    """White in the left half."""
    levels = np.zeros((HEIGHT, WIDTH), np.uint8)
    levels[:, : WIDTH // 2] = 255
    return Image.fromarray(levels)


def steered(model: Any, unit: Unit, cfg_scale: float) -> tuple[Tensor, list[Tensor]]:
    """Our latents before the first and after each step."""
    sigmas = find_schedule("simple")(model.levels_for(WIDTH, HEIGHT), STEPS)
    noise = PictureNoise(SEEDS, SHAPE, highest=sigmas[0].item(), blended=True)
    settings = DenoiserSettings(cfg_scale, WIDTH, HEIGHT, guidance=GUIDANCE, controls=(unit,))
    denoise = model.denoiser(model.encode_prompts("", ""), settings)
    start = noise().double() * sigmas[0]
    return start, [step.latents for step in find_sampler("euler")(denoise, start, sigmas, noise)]


def read_unit(
    control: ResolvedControl, model: Any, picture: Image.Image, mask: Image.Image | None = None
) -> Unit:
    network = read_controlnet(control, model)
    shown = network.shown(picture, mask)
    return Unit(network, shown, WEIGHT, "balanced", 1.0, 0.0, control.type)


def pipeline_of(kind: Any, model: Any, controlnet: Module, **parts: object) -> Any:
    """The pipeline of our model's own modules, without text encoders."""
    pipeline = kind(
        **parts,
        **dict.fromkeys(("text_encoder", "text_encoder_2", "tokenizer", "tokenizer_2")),
        transformer=model.transformer,
        vae=model.vae,
        controlnet=controlnet.double(),
    )
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def told(model: Any, *, negative: bool) -> dict[str, Tensor]:
    """The prompts as a pipeline is handed them, for each picture."""
    encoded = model.encode_prompts("", "")
    texts = {"": encoded.positive} | ({"negative_": encoded.negative} if negative else {})
    rows = {f"{name}prompt_embeds": text.states for name, text in texts.items()}
    rows |= {f"{name}pooled_prompt_embeds": text.pooled for name, text in texts.items()}
    return {name: row.repeat_interleave(len(SEEDS), dim=0) for name, row in rows.items()}


def assert_equal(ours: list[Tensor], theirs: list[Tensor]) -> None:
    assert len(ours) == len(theirs) == STEPS
    differences = [(a - b).abs().max().item() for a, b in zip(ours, theirs, strict=True)]
    assert max(differences) < TOLERANCE, differences


@pytest.mark.parametrize("case", SD3_CASES)
def test_sd3_steps_equal_the_pipeline(case, picture, mask, tmp_path):
    family, make, kind = SD3_CASES[case]
    model, controlnet = bare_sd3(family), make()
    controlnet.save_pretrained(tmp_path)
    masked = {"control_mask": mask} if kind is StableDiffusion3ControlNetInpaintingPipeline else {}
    unit = read_unit(unit_of(tmp_path, family), model, picture, *masked.values())
    start, ours = steered(model, unit, CFG_SCALE)

    pipeline = pipeline_of(
        kind,
        model,
        controlnet,
        scheduler=FlowMatchEulerDiscreteScheduler(shift=3.0),
        text_encoder_3=None,
        tokenizer_3=None,
    )
    with hearing_flow() as (heard, options):
        pipeline(
            **told(model, negative=True),
            **masked,
            control_image=picture,
            controlnet_conditioning_scale=WEIGHT,
            latents=start.clone(),
            width=WIDTH,
            height=HEIGHT,
            num_inference_steps=STEPS,
            sigmas=np.linspace(1, 1 / STEPS, STEPS),
            guidance_scale=CFG_SCALE,
            **options,
        )
    assert_equal(ours, heard)


@pytest.mark.parametrize("cfg_scale", [1.0, 3.0])
@pytest.mark.parametrize("case", FLUX_CASES)
def test_flux_steps_equal_the_pipeline(case, cfg_scale, picture, tmp_path):
    make, kind = FLUX_CASES[case]
    model, controlnet = bare_flux(), make()
    controlnet.save_pretrained(tmp_path)
    unit = read_unit(unit_of(tmp_path, "flux1", kind), model, picture)
    start, ours = steered(model, unit, cfg_scale)

    scheduler = FlowMatchEulerDiscreteScheduler(use_dynamic_shifting=True)
    pipeline = pipeline_of(FluxControlNetPipeline, model, controlnet, scheduler=scheduler)
    with hearing_flow() as (heard, options):
        pipeline(
            **told(model, negative=cfg_scale > 1),
            true_cfg_scale=cfg_scale,
            control_image=picture,
            control_mode=None if kind is None else 2,
            controlnet_conditioning_scale=WEIGHT,
            latents=packed(start),
            width=WIDTH,
            height=HEIGHT,
            num_inference_steps=STEPS,
            guidance_scale=GUIDANCE,
            **options,
        )
    assert_equal(ours, [unpacked(tokens, *SHAPE[1:]) for tokens in heard])
