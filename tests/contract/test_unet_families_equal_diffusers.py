# pyright: reportArgumentType=false
# diffusers annotates its pipelines wrongly (the listener of steps, optional values as required).
"""SD 2, SDXL, its refiner, inpainting and LCM: each step equals diffusers' pipeline, within 1e-5.

On tiny random weights in float64, with equal batch shape, from the same noise, compared at unit
variance.
"""

from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
import torch
from diffusers.pipelines.latent_consistency_models.pipeline_latent_consistency_text2img import (
    LatentConsistencyModelPipeline,
)
from diffusers.pipelines.stable_diffusion.pipeline_stable_diffusion import StableDiffusionPipeline
from diffusers.pipelines.stable_diffusion.pipeline_stable_diffusion_inpaint import (
    StableDiffusionInpaintPipeline,
)
from diffusers.pipelines.stable_diffusion_xl.pipeline_stable_diffusion_xl import (
    StableDiffusionXLPipeline,
)
from diffusers.pipelines.stable_diffusion_xl.pipeline_stable_diffusion_xl_img2img import (
    StableDiffusionXLImg2ImgPipeline,
)
from diffusers.schedulers.scheduling_lcm import LCMScheduler
from torch import Tensor

from backend.engine.families.base import Conditioning, DenoiserSettings, Encoded
from backend.engine.families.unet_model import UNetModel
from backend.engine.prompts.reading import Reading
from backend.engine.registry import find_sampler, find_schedule
from backend.engine.samplers.noise import PictureNoise
from tests.fixtures.loaded import loaded
from tests.fixtures.oracle import BETAS
from tests.fixtures.parity import euler, hearing, in_doubles, levels_in_doubles
from tests.fixtures.tiny_unets import (
    save_tiny_refiner,
    save_tiny_sd2,
    save_tiny_sd15,
    save_tiny_sdxl,
)

pytestmark = [
    pytest.mark.usefixtures("one_thread"),
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
]

TOLERANCE = 1e-5
SEEDS = (11, 12)
SIDE, SHAPE = 64, (4, 8, 8)
PROMPT, NEGATIVE = "a red apple on a table", "blurry"
CFG_SCALE = 6.5
STEPS = 10


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tiny")
    return {
        "sd2": save_tiny_sd2(folder / "sd2").folder,
        "sdxl": save_tiny_sdxl(folder / "sdxl").folder,
        "sdxl_refiner": save_tiny_refiner(folder / "refiner").folder,
        "inpainting": save_tiny_sd15(folder / "inpainting", in_channels=9).folder,
        "lcm": save_tiny_sd15(folder / "lcm", time_cond_proj_dim=16).folder,
    }


@cache
def loaded_in_doubles(family: str, folder: Path) -> UNetModel:
    with in_doubles():
        model = loaded(family, folder)
    return replace(model, levels=levels_in_doubles())


@cache
def oracle(kind, folder: Path):
    pipeline = kind.from_pretrained(folder, local_files_only=True)
    pipeline.set_progress_bar_config(disable=True)
    return pipeline.to(torch.float64)


def settings(cfg_scale: float = CFG_SCALE, cfg_rescale: float = 0.0) -> DenoiserSettings:
    return DenoiserSettings(cfg_scale, SIDE, SIDE, cfg_rescale=cfg_rescale)


def our_steps(
    model: UNetModel,
    start: Tensor,
    sigmas: Tensor,
    cfg_scale: float = CFG_SCALE,
    cfg_rescale: float = 0.0,
) -> list[Tensor]:
    wanted = settings(cfg_scale, cfg_rescale)
    denoise = model.denoiser(model.encode_prompts(PROMPT, NEGATIVE), wanted)
    noise = PictureNoise(SEEDS, SHAPE, highest=20.0)
    return [step.latents for step in find_sampler("euler")(denoise, start, sigmas, noise)]


def first_noise() -> Tensor:
    return PictureNoise(SEEDS, SHAPE, highest=20.0)().double()


def assert_close(ours: list[Tensor], theirs: list[Tensor], levels: Tensor) -> None:
    assert len(ours) == len(theirs) == len(levels)
    scales = (1 + levels**2).rsqrt()
    differences = [
        ((a - b).abs().max() * scale).item()
        for a, b, scale in zip(ours, theirs, scales, strict=True)
    ]
    assert max(differences) < TOLERANCE, differences


@pytest.mark.parametrize(
    ("family", "kind"), [("sd2", StableDiffusionPipeline), ("sdxl", StableDiffusionXLPipeline)]
)
@pytest.mark.parametrize(("cfg_scale", "cfg_rescale"), [(CFG_SCALE, 0.0), (1.0, 0.0), (9.0, 0.7)])
def test_steps_equal_the_pipeline(folders, family, kind, cfg_scale, cfg_rescale):
    model, pipeline = loaded_in_doubles(family, folders[family]), oracle(kind, folders[family])
    sigmas = find_schedule("normal")(model.levels, STEPS)
    start = first_noise() * sigmas[0]

    with hearing(pipeline, "euler", euler) as (theirs, options):
        pipeline(
            [PROMPT] * 2,
            negative_prompt=[NEGATIVE] * 2,
            latents=start / sigmas[0],
            height=SIDE,
            width=SIDE,
            num_inference_steps=STEPS,
            guidance_scale=cfg_scale,
            guidance_rescale=cfg_rescale,
            **options,
        )

    assert_close(our_steps(model, start, sigmas, cfg_scale, cfg_rescale), theirs, sigmas[1:])


def test_encoded_prompts_of_sdxl_equal_the_pipeline(folders):
    ours = loaded_in_doubles("sdxl", folders["sdxl"]).encode_prompts(PROMPT, NEGATIVE)

    said = oracle(StableDiffusionXLPipeline, folders["sdxl"]).encode_prompt(
        PROMPT, negative_prompt=NEGATIVE
    )

    positive, negative, whole, negative_whole = said
    wanted = Conditioning(Encoded(positive, whole), Encoded(negative, negative_whole))
    for mine, theirs in zip(as_tensors(ours), as_tensors(wanted), strict=True):
        assert (mine - theirs).abs().max() < TOLERANCE


def test_sdxl_read_before_its_usual_layer_equals_the_pipeline(folders):
    model = loaded_in_doubles("sdxl", folders["sdxl"])
    usual, two, three = (
        model.encode_prompts(PROMPT, "", reading=Reading(clip_skip=depth)).positive
        for depth in (1, 2, 3)
    )

    pipeline = oracle(StableDiffusionXLPipeline, folders["sdxl"])
    layers = pipeline.text_encoder.config.num_hidden_layers
    theirs, *_ = pipeline.encode_prompt(PROMPT, clip_skip=1 if layers > 2 else 0)

    assert torch.equal(two.states, usual.states)  # as in A1111: it is read there anyway
    assert (three.states - theirs).abs().max() < TOLERANCE


def test_both_encoders_of_sdxl_hear_weights_and_neither_changes_the_whole(folders):
    model = loaded_in_doubles("sdxl", folders["sdxl"])
    plain = model.encode_prompts("a red apple", NEGATIVE).positive
    heavy = model.encode_prompts("a (red:1.5) apple", NEGATIVE).positive

    changed = (heavy.states - plain.states).abs()[0]
    width = changed.shape[1] // 2
    assert changed[2, :width].max() > 0
    assert changed[2, width:].max() > 0
    assert torch.equal(heavy.pooled, plain.pooled)
    assert not model.deaf_to_weights


def as_tensors(conditioning: Conditioning) -> list[Tensor]:
    found = [
        tensor
        for encoded in (conditioning.positive, conditioning.negative)
        for tensor in (encoded.states, encoded.pooled)
        if tensor is not None
    ]
    assert len(found) == 4
    return found


def test_the_refiner_takes_over_as_in_the_pipelines(folders):
    """The base draws the first eight tenths of the steps, the refiner the rest."""
    base = loaded_in_doubles("sdxl", folders["sdxl"])
    sigmas = find_schedule("normal")(base.levels, STEPS)
    start = first_noise() * sigmas[0]
    switched = our_steps(base, start, sigmas[:9])
    refined = our_steps(
        loaded_in_doubles("sdxl_refiner", folders["sdxl_refiner"]), switched[-1], sigmas[8:]
    )

    refiner = oracle(StableDiffusionXLImg2ImgPipeline, folders["sdxl_refiner"])
    with hearing(refiner, "euler", euler) as (theirs, options):
        refiner(
            [PROMPT] * 2,
            negative_prompt=[NEGATIVE] * 2,
            image=switched[-1],
            original_size=(SIDE, SIDE),
            target_size=(SIDE, SIDE),
            num_inference_steps=STEPS,
            denoising_start=0.8,
            guidance_scale=CFG_SCALE,
            **options,
        )

    assert_close(refined, theirs, sigmas[9:])


def test_an_inpainting_checkpoint_paints_everything(folders):
    model = loaded_in_doubles("sd15", folders["inpainting"])
    pipeline = oracle(StableDiffusionInpaintPipeline, folders["inpainting"])
    sigmas = find_schedule("normal")(model.levels, STEPS)
    start = first_noise() * sigmas[0]
    grey = torch.zeros(1, 3, SIDE, SIDE, dtype=torch.float64)
    with torch.no_grad():
        kept = pipeline.vae.encode(grey).latent_dist.mode() * pipeline.vae.config.scaling_factor

    with hearing(pipeline, "euler", euler) as (theirs, options):
        pipeline(
            [PROMPT] * 2,
            image=torch.full((2, 3, SIDE, SIDE), 0.5, dtype=torch.float64),
            mask_image=torch.ones(2, 1, SIDE, SIDE, dtype=torch.float64),
            masked_image_latents=kept.repeat(2, 1, 1, 1),
            negative_prompt=[NEGATIVE] * 2,
            latents=start / sigmas[0],
            strength=1.0,
            num_inference_steps=STEPS,
            guidance_scale=CFG_SCALE,
            **options,
        )

    assert_close(our_steps(model, start, sigmas), theirs, sigmas[1:])


def test_lcm_is_told_the_cfg_scale(folders):
    model = loaded_in_doubles("sd15", folders["lcm"])
    sigmas = find_schedule("simple")(model.levels, 5)
    noise = PictureNoise(SEEDS, SHAPE, highest=20.0)
    denoise = model.denoiser(model.encode_prompts(PROMPT, NEGATIVE), settings(8.0))
    start = noise().double() * sigmas[0]
    steps = find_sampler("lcm")(denoise, start, sigmas, noise)
    ours = [step.latents for step in steps]

    generators = [torch.Generator().manual_seed(seed) for seed in SEEDS]
    for generator in generators:
        torch.randn(SHAPE, generator=generator)
    pipeline = oracle(LatentConsistencyModelPipeline, folders["lcm"])
    unit = (1 + sigmas**2).rsqrt()
    with hearing(pipeline, "lcm", lambda _: LCMScheduler(**BETAS)) as (theirs, options):
        pipeline(
            [PROMPT] * 2,
            latents=start * unit[0],
            generator=generators,
            num_inference_steps=5,
            guidance_scale=8.0,
            height=SIDE,
            width=SIDE,
            **options,
        )

    for mine, other, scale in zip(ours, theirs, unit[1:], strict=True):
        assert (mine * scale - other).abs().max() < TOLERANCE
