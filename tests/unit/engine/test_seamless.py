"""Textures: what is drawn beyond one edge is what is at the opposite one."""

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn
from torch.nn import functional

from backend.engine.adapters.changed_layer import LayerChanges
from backend.engine.adapters.deltas.low_rank import LowRank
from backend.engine.run import generate
from backend.engine.seamless import Wrap, wrapped
from backend.schema.events import ImageReady
from backend.schema.picture_settings import Seamless
from tests.fixtures.decoding import decoded
from tests.fixtures.loaded import loaded
from tests.fixtures.starter import STARTER, context_in, starter_request


def network() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.SiLU(), nn.Conv2d(4, 3, 5, padding=2))


@pytest.mark.parametrize(
    ("seamless", "dim", "other"), [("across", -1, -2), ("down", -2, -1), ("both", -1, None)]
)
def test_a_picture_that_moves_around_stays_the_same_along_the_sides_that_wrap(seamless, dim, other):
    layers, picture = network(), torch.randn(1, 3, 12, 16)
    with torch.no_grad(), wrapped(layers, Wrap.of(seamless)):
        straight = layers(picture)
        moved = layers(picture.roll(5, dim))
        beyond = layers(picture.roll(5, other)) if other else straight.roll(5, -2)

    torch.testing.assert_close(moved, straight.roll(5, dim))
    if other:
        assert not torch.allclose(beyond, straight.roll(5, other))


def test_a_network_is_as_it_was_after_each_call_even_one_that_fails():
    layers, picture = network(), torch.randn(1, 3, 12, 16)
    before = layers(picture)

    with pytest.raises(RuntimeError), wrapped(layers, Wrap.of("both")):
        layers(torch.randn(1, 2, 12, 16))

    assert torch.equal(layers(picture), before)
    assert not any(each._forward_pre_hooks for each in layers)


def test_an_adapter_that_is_computed_beside_a_layer_wraps_around_too():
    torch.manual_seed(0)
    layer, picture = nn.Conv2d(32, 32, 3, padding=1), torch.randn(1, 32, 6, 8)
    low = LowRank(torch.randn(1, 32, 3, 3), torch.randn(32, 1), 0.1)
    LayerChanges.of(layer, {"weight": [(1.0, low)]}, torch.float32).put_on(layer)

    with torch.no_grad(), wrapped(layer, Wrap.of("both")):
        straight, moved = layer(picture), layer(picture.roll((2, 3), (-2, -1)))

    torch.testing.assert_close(moved, straight.roll((2, 3), (-2, -1)))


def steps_across(picture: Image.Image) -> tuple[float, float]:
    """How much neighbours differ over the edge that meets its opposite, and at most inside.

    The sharpest twentieth of what is inside is left out: it may be the outline of something.
    """
    pixels = np.asarray(picture, dtype=float)
    beside = np.abs(pixels - np.roll(pixels, 1, axis=1)).mean((0, 2))
    return float(beside[0]), float(np.quantile(beside[1:], 0.95))


@pytest.fixture(scope="module")
def starter():
    return loaded("sd15", STARTER)


def test_a_texture_of_the_starter_has_no_step_at_its_edge(tmp_path):
    def drawn(seamless: Seamless) -> Image.Image:
        wanted = starter_request("blue sea, white clouds", side=128)
        wanted = wanted.model_copy(update={"seamless": seamless})
        events = generate(wanted.model_dump(), context_in(tmp_path, kept=kept))
        (ready,) = [each for each in events if isinstance(each, ImageReady)]
        return Image.open(tmp_path / "outputs" / ready.path)

    kept: dict[str, object] = {}
    edge, inside = steps_across(drawn("none"))
    seamless, within = steps_across(drawn("across"))

    assert edge > 2 * inside
    assert seamless < within


@pytest.mark.parametrize(("tile", "most"), [(None, 0.1), (16, 8.0)])
def test_decoding_wraps_around_also_in_tiles(starter, tile, most):
    noise = torch.randn(1, 4, 4, 6, generator=torch.Generator().manual_seed(0))
    latents = functional.interpolate(noise, scale_factor=4, mode="bicubic")[0]

    straight, moved = (
        np.asarray(decoded(starter, each, tile, Wrap.of("both")), dtype=int)
        for each in (latents, latents.roll((5, 11), (-2, -1)))
    )

    # Without wrapping, seams are 32 and more apart.
    apart = np.abs(np.roll(straight, (40, 88), (0, 1)) - moved)
    assert max(apart.mean((0, 2)).max(), apart.mean((1, 2)).max()) < most
