"""The upscaler's patches, its start, and the file that it becomes."""

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from spandrel import ModelLoader

from recipes.starter.pair_limits import measure
from recipes.starter.train_upscaler import (
    BATCH,
    HELD_OUT,
    PATCH,
    SCALE,
    Pairs,
    distance,
    draw_patches,
    halves,
    make_network,
    signal_to_noise,
    to_tensor,
)


@pytest.fixture
def pairs() -> Pairs:
    """Noise at 64 px and the same noise with every pixel as a 4 × 4 square."""
    random = np.random.default_rng(0)
    small = random.integers(0, 256, (HELD_OUT + 3, 64, 64, 3), np.uint8)
    return Pairs(large=small.repeat(SCALE, 1).repeat(SCALE, 2), small=small)


def test_patches_show_the_same_place_turned_alike(pairs):
    small, large = draw_patches(pairs, np.random.default_rng(1))
    assert small.shape == (BATCH, 3, PATCH, PATCH)
    assert torch.equal(large[..., ::SCALE, ::SCALE], small)


def test_flat_patches_are_skipped(pairs):
    half = Pairs(large=pairs.large.copy(), small=pairs.small.copy())
    half.small[1:] = 200
    small, _ = draw_patches(half, np.random.default_rng(1))
    assert (small.flatten(1).std(1) > 0.05).float().mean() > 0.7


def test_the_untrained_network_is_linear_enlargement(pairs):
    picture = to_tensor(pairs.small[:1])
    with torch.no_grad():
        enlarged = make_network()(picture)
    linear = torch.nn.functional.interpolate(picture, scale_factor=SCALE, mode="bilinear")
    inside = (..., slice(SCALE, -SCALE), slice(SCALE, -SCALE))
    assert signal_to_noise(enlarged[inside], linear[inside]) > 60


def test_spandrel_knows_the_file(tmp_path):
    network = make_network()
    file = tmp_path / "upscaler.safetensors"
    save_file(halves(network), file)
    model = ModelLoader().load_from_file(str(file))
    assert model.architecture.id == "Compact"
    assert model.scale == SCALE
    assert file.stat().st_size < 3_000_000


def test_every_layer_learns_from_the_error(pairs):
    network = make_network()
    optimizer = torch.optim.SGD(network.parameters(), lr=0.1)
    for _ in range(2):  # the last layer first, the others through it
        optimizer.zero_grad()
        distance(network(to_tensor(pairs.small[:2])), to_tensor(pairs.large[:2]) * 0.5).backward()
        optimizer.step()
    gradients = [weight.grad for weight in network.parameters() if weight.ndim > 1]
    heard = [float(gradient.norm()) for gradient in gradients if gradient is not None]
    assert min(heard) > 1e-3 * max(heard)


def test_the_best_linear_filter_finds_what_is_linear():
    random = np.random.default_rng(3)
    small = random.integers(0, 256, (HELD_OUT + 2, 24, 24, 3), np.uint8)
    squares = Pairs(large=small.repeat(SCALE, 1).repeat(SCALE, 2), small=small)
    figures = measure(squares)
    assert figures["best linear filter"] > 60
    assert figures["nearest"] > 60
    assert figures["bilinear"] < 20
