# pyright: reportArgumentType=false
# diffusers annotates its pipelines wrongly (the listener of steps, optional values as required).
"""Drawing with control models: each step equals diffusers' pipelines, within 3e-5.

On tiny random weights in float64, with equal batch shape, from the same noise, compared at unit
variance; times are in single precision in both.
"""

from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from typing import Any
from unittest import mock

import numpy as np
import pytest
import torch
from diffusers.pipelines.controlnet.pipeline_controlnet import StableDiffusionControlNetPipeline
from diffusers.pipelines.controlnet.pipeline_controlnet_sd_xl import (
    StableDiffusionXLControlNetPipeline,
)
from diffusers.pipelines.controlnet.pipeline_controlnet_union_sd_xl import (
    StableDiffusionXLControlNetUnionPipeline,
)
from diffusers.pipelines.t2i_adapter.pipeline_stable_diffusion_adapter import (
    StableDiffusionAdapterPipeline,
)
from PIL import Image
from torch import Tensor

from backend.engine.control import loading
from backend.engine.control.book import steered_between
from backend.engine.control.unit import Unit
from backend.engine.families.base import DenoiserSettings
from backend.engine.loading.original.controlnet import controlnet_sources
from backend.engine.loading.original.t2i_adapter import t2i_adapter_sources
from backend.engine.registry import find_sampler, find_schedule
from backend.engine.samplers.noise import PictureNoise
from backend.schema.control_types import ControlType
from backend.schema.models import Family, ModelKind
from tests.fixtures.loaded import loaded
from tests.fixtures.parity import euler, hearing, in_doubles, levels_in_doubles
from tests.fixtures.tiny_controls import (
    asked_unit,
    bar_map,
    ready_unit,
    ring_map,
    save_single,
    tiny_adapter,
    tiny_controlnet,
    tiny_union,
)
from tests.fixtures.tiny_unets import save_tiny_sd15, save_tiny_sdxl

pytestmark = [
    pytest.mark.usefixtures("one_thread"),
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
]

TOLERANCE = 3e-5
SEEDS, SIDE, SHAPE = (11, 12), 64, (4, 8, 8)
PROMPT, NEGATIVE, CFG_SCALE, STEPS = "a red apple on a table", "blurry", 6.5, 8
ADAPTED = {
    "down_block_types": ("CrossAttnDownBlock2D", "DownBlock2D"),
    "up_block_types": ("UpBlock2D", "CrossAttnUpBlock2D"),
}
"""A UNet whose first level takes what an adapter adds, as SD 1.5's does."""


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    save = {
        "sd15": save_tiny_sd15,
        "sdxl": save_tiny_sdxl,
        "adapted": lambda folder: save_tiny_sd15(folder, **ADAPTED),
    }

    @cache
    def folder(name: str):
        return save[name](tmp_path_factory.mktemp(name)).folder

    return folder


@contextmanager
def controls_in_doubles():
    with in_doubles(), mock.patch.object(loading, "weights_dtype", return_value=torch.float64):
        yield


def as_tensor(picture: Image.Image) -> Tensor:
    values = torch.from_numpy(np.asarray(picture, dtype=np.float64) / 255)
    return values.permute(2, 0, 1)[None].repeat(len(SEEDS), 1, 1, 1)


def sigmas_of(model: Any) -> Tensor:
    return find_schedule("normal")(model.levels, STEPS)


def ours(model: Any, begun: Tensor, units: tuple[Unit, ...]) -> list[Tensor]:
    settings = DenoiserSettings(CFG_SCALE, SIDE, SIDE, controls=units)
    denoise = model.denoiser(model.encode_prompts(PROMPT, NEGATIVE), settings)
    sigmas = sigmas_of(model)
    noise = PictureNoise(SEEDS, SHAPE, highest=sigmas[0].item())
    walk = find_sampler("euler")(denoise, begun * sigmas[0], sigmas, noise)
    return [step.latents for step in walk]


def noise() -> Tensor:
    return torch.randn(len(SEEDS), *SHAPE, generator=torch.Generator().manual_seed(1)).double()


def assert_equal(pipeline: Any, model: Any, units: tuple[Unit, ...], **told: Any) -> None:
    begun = noise()
    pipeline.set_progress_bar_config(disable=True)
    with hearing(pipeline, "euler", euler) as (theirs, options):
        pipeline(
            prompt=[PROMPT] * len(SEEDS),
            negative_prompt=[NEGATIVE] * len(SEEDS),
            latents=begun.clone(),
            height=SIDE,
            width=SIDE,
            num_inference_steps=STEPS,
            guidance_scale=CFG_SCALE,
            **told,
            **options,
        )
    found = ours(model, begun, units)
    scales = (1 + sigmas_of(model)[1:] ** 2).rsqrt()
    largest = max(
        (one - other).abs().max().item() * scale.item()
        for one, other, scale in zip(found, theirs, scales, strict=True)
    )
    without = (ours(model, begun, ())[-1] - found[-1]).abs().max()
    assert largest < TOLERANCE
    assert without > 0.01  # else equal pictures would say nothing


def model_of(family: str, folder: Any) -> Any:
    return replace(loaded(family, folder), levels=levels_in_doubles())


def test_a_controlnet_for_sdxl(folders, tmp_path):
    net = tiny_controlnet(folders("sdxl"))
    pipeline = StableDiffusionXLControlNetPipeline.from_pretrained(
        folders("sdxl"), controlnet=net, local_files_only=True
    )
    path = save_single(net, tmp_path / "n.safetensors", controlnet_sources, "control_model.")
    with controls_in_doubles():
        model = model_of("sdxl", folders("sdxl"))
        unit = ready_unit(asked_unit(path, family=Family.SDXL, weight=0.8), model, ring_map())
        assert_equal(
            pipeline.to(torch.float64),
            model,
            (unit,),
            image=as_tensor(ring_map()),
            controlnet_conditioning_scale=0.8,
        )


def test_two_units_between_their_starts_and_ends(folders, tmp_path):
    nets = [tiny_controlnet(folders("sd15"), seed) for seed in (3, 8)]
    pipeline = StableDiffusionControlNetPipeline.from_pretrained(
        folders("sd15"), controlnet=nets, local_files_only=True
    )
    with controls_in_doubles():
        model = model_of("sd15", folders("sd15"))
        units = []
        for net, picture, start, end in zip(
            nets, (ring_map(), bar_map()), (0.0, 0.3), (0.6, 1.0), strict=True
        ):
            path = save_single(net, tmp_path / f"{start}.safetensors")
            asked = asked_unit(path, start=start, end=end, weight=0.7)
            begins, ends = steered_between(asked, sigmas_of(model)) or (0, 0)
            units.append(ready_unit(asked, model, picture, begins=begins, ends=ends))
        assert_equal(
            pipeline.to(torch.float64),
            model,
            tuple(units),
            image=[as_tensor(ring_map()), as_tensor(bar_map())],
            controlnet_conditioning_scale=[0.7, 0.7],
            control_guidance_start=[0.0, 0.3],
            control_guidance_end=[0.6, 1.0],
        )


def test_a_union_model_is_told_what_its_map_shows(folders, tmp_path):
    net = tiny_union(folders("sdxl"))
    pipeline = StableDiffusionXLControlNetUnionPipeline.from_pretrained(
        folders("sdxl"), controlnet=net, local_files_only=True
    )
    path = save_single(net, tmp_path / "union.safetensors")
    with controls_in_doubles():
        model = model_of("sdxl", folders("sdxl"))
        asked = asked_unit(path, family=Family.SDXL, type=ControlType.CANNY)
        assert_equal(
            pipeline.to(torch.float64),
            model,
            (ready_unit(asked, model, ring_map()),),
            control_image=[as_tensor(ring_map())],
            control_mode=[3],
        )


def test_a_t2i_adapter(folders, tmp_path):
    adapter = tiny_adapter()
    pipeline = StableDiffusionAdapterPipeline.from_pretrained(
        folders("adapted"), adapter=adapter, local_files_only=True
    )
    path = save_single(adapter, tmp_path / "a.safetensors", t2i_adapter_sources)
    with controls_in_doubles():
        model = model_of("sd15", folders("adapted"))
        asked = asked_unit(path, kind=ModelKind.T2I_ADAPTER, weight=0.9)
        pipeline = pipeline.to(torch.float64)
        begun = noise()
        with hearing(pipeline, "euler", euler) as (theirs, options):
            told = {name: value for name, value in options.items() if "callback" not in name}
            last = pipeline(
                prompt=[PROMPT] * len(SEEDS),
                negative_prompt=[NEGATIVE] * len(SEEDS),
                latents=begun.clone(),
                height=SIDE,
                width=SIDE,
                num_inference_steps=STEPS,
                guidance_scale=CFG_SCALE,
                image=as_tensor(ring_map()),
                adapter_conditioning_scale=0.9,
                **told,
            )[0]
        del theirs  # it tells none of its steps
        found = ours(model, begun, (ready_unit(asked, model, ring_map()),))
    assert (found[-1] - last).abs().max() < TOLERANCE
    assert (ours(model, begun, ())[-1] - last).abs().max() > 0.01
