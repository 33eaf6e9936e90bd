"""Pictures that are put together from tiles."""

import math
from itertools import pairwise

import numpy as np
import pytest
import torch
from PIL import Image

from backend.engine.families.decoding import decode
from backend.engine.memory.tiling import Canvas, tiles
from backend.schema.events import Stage
from tests.fixtures.decoding import decoded
from tests.fixtures.loaded import loaded
from tests.fixtures.starter import STARTER

LEAST_PSNR = 46.0
"""Group norm sees the mean and variance of the whole picture, as far as they were measured."""


@pytest.fixture(scope="module")
def starter():
    return loaded("sd15", STARTER)


def latents_of(model, side: int = 512):
    """The starter's own latents of a drawn scene: smooth ground, edges, and fine detail."""
    y, x = np.mgrid[0:side, 0:side] / side
    scene = np.stack([x, y, 0.5 + 0.5 * np.sin(9 * x * y)], axis=-1)
    scene[(x - 0.5) ** 2 + (y - 0.4) ** 2 < 0.06] = (0.9, 0.2, 0.15)
    scene[(x > 0.7) & (y > 0.6)] *= 0.4
    pixels = torch.tensor(scene, dtype=torch.float32).permute(2, 0, 1).unsqueeze(0) * 2 - 1
    with torch.no_grad():
        mode = model.vae.encode(pixels, return_dict=False)[0].mode()[0]
    return mode * model.vae.config["scaling_factor"]


def drawn_latents() -> torch.Tensor:
    """Latents as a sampler leaves them: smoothed noise, of the standard deviation of pictures."""
    noise = torch.randn(1, 4, 16, 16, generator=torch.Generator().manual_seed(0))
    return torch.nn.functional.interpolate(noise, scale_factor=2, mode="bicubic")[0]


def psnr(one: Image.Image, other: Image.Image) -> float:
    error = np.asarray(one, dtype=float) - np.asarray(other, dtype=float)
    return 10 * math.log10(255**2 / np.square(error).mean())


def test_tiles_show_the_whole_picture(starter):
    latents = latents_of(starter)

    assert psnr(decoded(starter, latents, 32), decoded(starter, latents)) >= LEAST_PSNR


def test_tiles_of_noise_show_the_whole_picture(starter):
    latents = drawn_latents()

    assert psnr(decoded(starter, latents, 24), decoded(starter, latents)) >= LEAST_PSNR


def test_what_fits_into_a_tile_is_decoded_as_it_is(starter):
    latents = latents_of(starter, side=128)

    assert decoded(starter, latents, 16) == decoded(starter, latents)


def test_between_two_tiles_a_person_can_cancel(starter):
    latents = latents_of(starter, side=128)[:, :16, :12]
    decoding = decode(starter, latents, 0, 8)

    heard = [next(decoding) for _ in range(4)]
    decoding.close()

    assert [each.sentence for each in heard if isinstance(each, Stage)] == [
        "Decoding",
        "Decoding part 1 of 12",
        "Decoding part 2 of 12",
        "Decoding part 3 of 12",
    ]


@pytest.mark.parametrize("size", [(8, 8), (9, 31), (64, 128), (97, 33), (5, 40)])
@pytest.mark.parametrize("side", [8, 32])
def test_tiles_that_agree_make_an_even_picture(size, side):
    height, width = size
    canvas = Canvas(height, width, scale=2)
    whole = torch.linspace(-1, 1, height * width * 4).reshape(1, height * 2, width * 2)

    cores = 0
    for tile in tiles(height, width, side):
        rows = slice(tile.rows.start * 2, tile.rows.stop * 2)
        columns = slice(tile.columns.start * 2, tile.columns.stop * 2)
        assert tile.rows.stop - tile.rows.start == min(side, height)
        canvas.lay(tile, whole[:, rows, columns])
        cores += tile.core.of(whole[:, rows, columns]).numel()

    assert cores == whole.numel()
    assert (canvas.picture() - whole).abs().max() < 1e-6


@pytest.mark.parametrize("length", range(33, 140, 7))
def test_neighbours_overlap_by_a_quarter_at_least(length):
    pieces = [tile.rows for tile in tiles(length, 8, 32)]

    assert (pieces[0].start, pieces[-1].stop) == (0, length)
    for one, following in pairwise(pieces):
        assert one.stop - following.start >= 8
