# pyright: reportArgumentType=false, reportAttributeAccessIssue=false
# diffusers annotates its constructors wrongly (tuples of one); the profiler's events have no types.
"""What the estimate says of activations, beside what the allocator hands out in real runs.

The measuring side knows nothing of the estimate: it is the profiler's record of every allocation.
"""

from collections.abc import Callable
from itertools import accumulate
from typing import TypeVar

import pytest
import torch
from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL
from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel
from torch.profiler import ProfilerActivity, profile

from backend.engine.families.base import DenoiserSettings
from backend.engine.families.tiled_decoding import tiled_pixels
from backend.memory.estimate import Part
from backend.memory.tables import PUBLISHED, STARTER, load_tables
from backend.schema.models import PartFacts
from tests.fixtures.loaded import loaded
from tests.fixtures.starter import STARTER as STARTER_FOLDER

Module = TypeVar("Module", bound=torch.nn.Module)
CLOSE = 0.1
SD15 = {
    "block_out_channels": (320, 640, 1280, 1280),
    "cross_attention_dim": 768,
    "attention_head_dim": 8,
}
SD15_VAE = {
    "block_out_channels": (128, 256, 512, 512),
    "layers_per_block": 2,
    "down_block_types": ("DownEncoderBlock2D",) * 4,
    "up_block_types": ("UpDecoderBlock2D",) * 4,
}


def allocated_peak(call: Callable[[], object]) -> int:
    """The most bytes that were allocated at once while it ran, beyond what there was before."""
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as record, torch.no_grad():
        call()
    assert record.profiler
    assert record.profiler.kineto_results
    changes = [
        (event.start_ns(), event.nbytes())
        for event in record.profiler.kineto_results.events()
        if event.name() == "[memory]"
    ]
    return max(accumulate(size for _, size in sorted(changes, key=lambda change: change[0])))


def part_of(name: str, role: str) -> Part:
    [family] = [t for t in load_tables().families if (t.family, t.name) == ("sd15", name)]
    [table] = [part for part in family.parts if part.role == role]
    facts = PartFacts(role=table.role, parameters=table.parameters, bytes=4 * table.parameters)
    return Part.on("cpu", facts, table)


def estimated(name: str, role: str, side: int, rows: int) -> int:
    return part_of(name, role).activations(side * side, rows)


@pytest.fixture(scope="module")
def starter():
    return loaded("sd15", STARTER_FOLDER)


@pytest.mark.parametrize("side", [32, 48])
@pytest.mark.parametrize(("cfg_scale", "rows"), [(1.0, 1), (4.5, 2)])
def test_the_starter_draws_in_the_memory_that_was_estimated(starter, side, cfg_scale, rows):
    settings = DenoiserSettings(cfg_scale=cfg_scale, width=side * 8, height=side * 8)
    denoise = starter.denoiser(starter.encode_prompts("an apple", ""), settings)
    latents = torch.randn(1, 4, side, side)

    peak = allocated_peak(lambda: denoise(latents, torch.tensor(5.0)))

    assert peak == pytest.approx(estimated(STARTER, "diffusion_model", side, rows), rel=CLOSE)


@pytest.mark.parametrize("side", [32, 64])
def test_the_starter_decodes_in_the_memory_that_was_estimated(starter, side):
    latents = torch.randn(1, 4, side, side)

    peak = allocated_peak(lambda: starter.vae.decode(latents))

    assert peak == pytest.approx(estimated(STARTER, "vae", side, 1), rel=CLOSE)


def test_the_starter_decodes_in_tiles_in_the_memory_that_was_estimated(starter):
    side, tile = 48, 32
    latents = torch.randn(1, 4, side, side)
    decode = tiled_pixels(starter.vae, latents, tile, starter.workplace)

    peak = allocated_peak(lambda: list(decode))

    planned = part_of(STARTER, "vae").tiled_activations(tile, side * side)
    assert peak == pytest.approx(planned, rel=CLOSE)


def filled(build: Callable[[], Module]) -> Module:
    """A module of full size with some weights, faster than with random ones."""
    with torch.device("meta"):
        module = build()
    module.to_empty(device="cpu").eval()
    for tensor in (*module.parameters(), *module.buffers()):
        tensor.data.fill_(0.01)
    return module


def sd15_peak(side: int, rows: int) -> int:
    unet = filled(lambda: UNet2DConditionModel(**SD15))
    latents, words = torch.randn(rows, 4, side, side), torch.randn(rows, 77, 768)
    return allocated_peak(lambda: unet(latents, 500, words, return_dict=False))


def test_sd15_draws_256_pixels_in_the_memory_that_was_estimated():
    peak = sd15_peak(32, 1)

    assert peak == pytest.approx(estimated(PUBLISHED, "diffusion_model", 32, 1), rel=CLOSE)


def test_sd15_decodes_256_pixels_in_the_memory_that_was_estimated():
    vae = filled(lambda: AutoencoderKL(**SD15_VAE))

    peak = allocated_peak(lambda: vae.decode(torch.randn(1, 4, 32, 32)))

    assert peak == pytest.approx(estimated(PUBLISHED, "vae", 32, 1), rel=CLOSE)


@pytest.mark.slow
@pytest.mark.parametrize(("side", "rows"), [(32, 2), (64, 1), (64, 2)])
def test_sd15_draws_larger_pictures_in_the_memory_that_was_estimated(side, rows):
    peak = sd15_peak(side, rows)

    assert peak == pytest.approx(estimated(PUBLISHED, "diffusion_model", side, rows), rel=CLOSE)
