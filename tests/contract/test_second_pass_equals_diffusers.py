# pyright: reportArgumentType=false
# diffusers annotates its pipelines wrongly (optional values as required).
"""High-resolution fix: the second pass takes the steps of diffusers' image to image.

On tiny random weights in float64, from the same enlarged latents and the same noise.
"""

from dataclasses import replace
from typing import Any
from unittest import mock

import pytest
import torch
from diffusers.pipelines.stable_diffusion import pipeline_stable_diffusion_img2img

from backend.engine.batches import remaining_batches
from backend.engine.hires.enlarging import larger_latents
from backend.engine.hires.story import begun, pass_of
from backend.engine.pace import Pace
from backend.engine.registry import find_sampler
from backend.engine.sampling import begin, denoiser_settings
from backend.engine.seamless import NO_WRAP
from backend.schema.hires import ResolvedHires
from backend.schema.picture_settings import BatchSettings, PromptSettings
from backend.schema.resolved import ResolvedModel, ResolvedRequest, ResolvedSampling, ResolvedSize
from tests.fixtures.loaded import loaded
from tests.fixtures.parity import euler, hearing, in_doubles, levels_in_doubles
from tests.fixtures.tiny_unets import save_tiny_sd15

pytestmark = [
    pytest.mark.usefixtures("one_thread"),
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
]

TOLERANCE = 1e-5
STRENGTH, STEPS, CFG_SCALE = 0.5, 4, 5.0
HIRES = ResolvedHires(
    factor=1.5,
    method="latent",
    strength=STRENGTH,
    steps=STEPS,
    sampler="euler",
    schedule="normal",
    prompt=PromptSettings(positive="a red apple on a table"),
    sizes=((96, 96),),
)
WANTED = ResolvedRequest(
    prompt=PromptSettings(positive="something else", negative="blurry"),
    model=ResolvedModel(checkpoint="x", name="x", path="x", family="sd15", sha256=""),
    size=ResolvedSize(width=64, height=64),
    sampling=ResolvedSampling(sampler="dpmpp_2m", schedule="karras", steps=9, cfg_scale=CFG_SCALE),
    hires=HIRES,
    seed=11,
    batch=BatchSettings(size=2),
)


def test_the_second_pass_is_image_to_image_on_the_enlarged_latents(tmp_path):
    folder = save_tiny_sd15(tmp_path / "checkpoint").folder
    with in_doubles():
        model: Any = replace(loaded("sd15", folder), levels=levels_in_doubles())
    first = torch.randn(2, 4, 8, 8, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    latents = larger_latents(first, 12, 12, NO_WRAP)
    (batch,) = remaining_batches(WANTED, set())
    (each,) = HIRES.passes
    wanted = pass_of(WANTED, HIRES, each)

    drawing = begun(begin(model, wanted, batch, Pace(1)), HIRES, latents)
    drawing = replace(drawing, first_noise=drawing.first_noise.double())
    prompt = wanted.prompt_of(0)
    conditioning = model.encode_prompts(prompt.positive, prompt.negative)
    denoise = model.denoiser(conditioning, denoiser_settings(wanted, drawing.beginning))
    sigmas = drawing.sigmas[drawing.first_step :]
    walk = find_sampler("euler")(denoise, drawing.start(), sigmas, drawing.noise)
    ours = [step.latents for step in walk]

    kind = pipeline_stable_diffusion_img2img.StableDiffusionImg2ImgPipeline
    pipeline: Any = kind.from_pretrained(folder, local_files_only=True).to(torch.float64)
    noise = mock.patch.object(
        pipeline_stable_diffusion_img2img, "randn_tensor", return_value=drawing.first_noise
    )
    with noise, hearing(pipeline, "euler", euler) as (theirs, options):
        pipeline(
            prompt=["a red apple on a table"] * 2,
            negative_prompt=["blurry"] * 2,
            image=latents,
            strength=STRENGTH,
            num_inference_steps=int(STEPS / STRENGTH),
            guidance_scale=CFG_SCALE,
            **options,
        )

    assert len(ours) == len(theirs) == STEPS
    scales = (1 + sigmas[1:] ** 2).rsqrt()
    for mine, other, scale in zip(ours, theirs, scales, strict=True):
        assert ((mine - other).abs().max() * scale).item() < TOLERANCE
