"""Large pictures that are drawn in overlapping tiles."""

import pytest
import torch
from torch.nn import functional

from backend.engine.seamless import NO_WRAP, Wrap
from backend.engine.tiled_denoiser import TiledDenoiser, seen_at_once, wrap_of_tile

SIGMA = torch.tensor(2.0, dtype=torch.float64)


class Toy:
    """A denoiser that treats every place alike, and remembers what it saw."""

    def __init__(self) -> None:
        self.seen: list[tuple[int, ...]] = []

    def __call__(self, x: torch.Tensor, sigma: torch.Tensor) -> torch.Tensor:
        self.seen.append(tuple(x.shape))
        return torch.tanh(x) / (1 + sigma)


def latents(height: int, width: int) -> torch.Tensor:
    return torch.randn(2, 4, height, width, generator=torch.Generator().manual_seed(0))


def test_one_tile_that_covers_all_changes_no_bit():
    x = latents(12, 16)

    assert torch.equal(TiledDenoiser(Toy(), 16)(x, SIGMA), Toy()(x, SIGMA))


@pytest.mark.parametrize("wrap", [NO_WRAP, Wrap(across=True, down=True), Wrap(across=True)])
@pytest.mark.parametrize("size", [(12, 24), (17, 40), (40, 9), (33, 33)])
def test_overlapping_tiles_of_a_denoiser_that_treats_all_alike_are_the_whole(size, wrap):
    x, toy = latents(*size), Toy()

    tiled = TiledDenoiser(toy, 16, wrap)(x, SIGMA)

    torch.testing.assert_close(tiled, Toy()(x, SIGMA))
    assert {shape[-2:] for shape in toy.seen} == {seen_at_once(size[0], size[1], 16)}
    assert len(toy.seen) > 1


def test_tiles_of_a_texture_reach_beyond_its_edges():
    x = latents(12, 40)

    def blurred(x: torch.Tensor, sigma: torch.Tensor) -> torch.Tensor:
        del sigma
        return functional.pad(x, (2, 2, 0, 0), mode="replicate").unfold(-1, 5, 1).mean(-1)

    wrapping = TiledDenoiser(blurred, 16, Wrap(across=True))(x, SIGMA)
    around = torch.cat([x, x, x], dim=-1)
    whole = blurred(around, SIGMA)[..., 40:80]

    assert (wrapping - whole)[..., 0].abs().mean() < 0.2 * (blurred(x, SIGMA) - whole)[
        ..., 0
    ].abs().mean()


def test_a_network_wraps_only_along_sides_that_a_tile_covers():
    both = Wrap(across=True, down=True)

    assert wrap_of_tile(both, 12, 40, 16) == Wrap(down=True)
    assert wrap_of_tile(both, 12, 40, None) == both
