# pyright: reportArgumentType=false, reportAttributeAccessIssue=false
# diffusers annotates its constructors wrongly (tuples of one); the profiler's events have no types.
"""What the estimate says of activations, beside what the allocator hands out in real runs.

The measuring side knows nothing of the estimate: it is the profiler's record of every allocation.
"""

from collections.abc import Callable, Generator
from itertools import accumulate
from typing import TypeVar

import pytest
import torch
from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL
from diffusers.models.controlnets.controlnet import ControlNetModel
from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel
from PIL import Image
from torch.profiler import ProfilerActivity, profile

from backend.engine.control.registry import find_network
from backend.engine.control.unit import Unit
from backend.engine.families.base import DenoiserSettings
from backend.engine.families.encoding import encode
from backend.engine.families.tiled_decoding import tiled_pixels
from backend.engine.tiled_denoiser import TiledDenoiser
from backend.memory.estimate import Part
from backend.memory.guests import Guests
from backend.memory.tables import PUBLISHED, STARTER, load_tables
from backend.schema.controls import ResolvedControl, ResolvedControlModel
from backend.schema.memory import Guest
from backend.schema.models import Family, ModelKind, PartFacts
from tests.fixtures.loaded import loaded
from tests.fixtures.starter import STARTER as STARTER_FOLDER

Module = TypeVar("Module", bound=torch.nn.Module)
Result = TypeVar("Result")
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


def to_the_end(work: Generator[object, None, Result]) -> Result:
    while True:
        try:
            next(work)
        except StopIteration as done:
            return done.value


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


def steered(name: str, side: int, rows: int, units: int = 1) -> int:
    """What is estimated of drawing with so many units of one ControlNet."""
    network = part_of(name, "diffusion_model")
    [family] = [t for t in load_tables().families if (t.family, t.name) == ("sd15", name)]
    guest = Guest(file="x", parameters=1, spans=((0.0, 1.0),) * units)
    guests = Guests.of((guest,), family.control, network)
    return guests.need(0, network.activations(side * side, rows), side * side, rows)[1]


@pytest.mark.parametrize(("units", "side", "rows"), [(1, 32, 2), (2, 32, 1), (1, 48, 2)])
def test_the_starter_is_steered_in_the_memory_that_was_estimated(starter, units, side, rows):
    unit = starter_unit(starter, side * 8)
    settings = DenoiserSettings(
        cfg_scale=4.5 if rows == 2 else 1.0,
        width=side * 8,
        height=side * 8,
        controls=(unit,) * units,
    )
    denoise = starter.denoiser(starter.encode_prompts("an apple", ""), settings)
    latents = torch.randn(1, 4, side, side)

    peak = allocated_peak(lambda: denoise(latents, torch.tensor(5.0)))

    assert peak == pytest.approx(steered(STARTER, side, rows, units), rel=CLOSE)


def starter_unit(starter, side: int) -> Unit:
    """The starter's ControlNet with a map, at full strength all the time."""
    folder = STARTER_FOLDER / "controlnet-canny"
    model = ResolvedControlModel(
        id="starter/controlnet-canny",
        name="canny",
        path=str(folder),
        kind=ModelKind.CONTROLNET,
        family=Family.SD15,
        layout="diffusers_folder",
    )
    control = ResolvedControl(number=1, picture=None, model=model)
    network = to_the_end(find_network(model.kind, model.family).load(control, starter))
    shown = network.shown(Image.new("RGB", (side, side), "grey"), None)
    return Unit(network, shown, weight=1.0, mode="balanced", begins=1e9, ends=-1.0)


def test_the_starter_draws_in_tiles_in_the_memory_of_one(starter):
    side, tile = 64, 32
    settings = DenoiserSettings(cfg_scale=4.5, width=tile * 8, height=tile * 8)
    one = starter.denoiser(starter.encode_prompts("an apple", ""), settings)
    latents = torch.randn(1, 4, side, side)

    peak = allocated_peak(lambda: TiledDenoiser(one, tile)(latents, torch.tensor(5.0)))

    assert peak == pytest.approx(estimated(STARTER, "diffusion_model", tile, 2), rel=CLOSE)


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


@pytest.mark.parametrize("tile", [None, 32])
def test_the_starter_encodes_in_the_memory_that_decoding_is_estimated_to_take(starter, tile):
    side = 64
    pixels = torch.zeros(1, 3, side * 8, side * 8)
    encoding = encode(starter, pixels, tile)

    peak = allocated_peak(lambda: list(encoding))

    vae = part_of(STARTER, "vae")
    planned = vae.activations(side * side, 1)
    assert peak < (planned if tile is None else vae.tiled_activations(tile, side * side))


@pytest.mark.slow
def test_sd15_encodes_in_the_memory_that_decoding_is_estimated_to_take():
    vae = filled(lambda: AutoencoderKL(**SD15_VAE))

    peak = allocated_peak(lambda: vae.encode(torch.zeros(1, 3, 256, 256)))

    assert peak < estimated(PUBLISHED, "vae", 32, 1)


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


@pytest.mark.slow
def test_sd15_decodes_256_pixels_in_the_memory_that_was_estimated():
    vae = filled(lambda: AutoencoderKL(**SD15_VAE))

    peak = allocated_peak(lambda: vae.decode(torch.randn(1, 4, 32, 32)))

    assert peak == pytest.approx(estimated(PUBLISHED, "vae", 32, 1), rel=CLOSE)


def sd15_steered_peak(side: int, rows: int) -> int:
    unet = filled(lambda: UNet2DConditionModel(**SD15))
    control = filled(lambda: ControlNetModel(**SD15))
    control.controlnet_cond_embedding = torch.nn.Identity()  # which has worked before
    latents, words = torch.randn(rows, 4, side, side), torch.randn(rows, 77, 768)
    seen = torch.randn(1, 320, side, side)

    def step() -> object:
        down, middle = control(latents, 500, words, seen, return_dict=False)
        return unet(
            latents,
            500,
            words,
            down_block_additional_residuals=down,
            mid_block_additional_residual=middle,
            return_dict=False,
        )

    return allocated_peak(step)


@pytest.mark.slow
@pytest.mark.parametrize(("side", "rows"), [(32, 1), (64, 1)])
def test_sd15_is_steered_in_the_memory_that_was_estimated(side, rows):
    peak = sd15_steered_peak(side, rows)

    assert peak == pytest.approx(steered(PUBLISHED, side, rows), rel=CLOSE)


@pytest.mark.slow
@pytest.mark.parametrize(("side", "rows"), [(32, 2), (64, 1), (64, 2)])
def test_sd15_draws_larger_pictures_in_the_memory_that_was_estimated(side, rows):
    peak = sd15_peak(side, rows)

    assert peak == pytest.approx(estimated(PUBLISHED, "diffusion_model", side, rows), rel=CLOSE)
