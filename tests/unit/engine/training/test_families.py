"""Each family learns what diffusers' networks say in plain PyTorch."""

from functools import partial
from typing import Any

import pytest
import torch
from diffusers.schedulers.scheduling_ddpm import DDPMScheduler

from backend.engine.training.levels import drawn, shifted
from backend.engine.training.objective import loss_of
from backend.engine.training.predicting import prediction_of
from backend.schema.errors import TrainingError
from backend.schema.training_learning import LossSettings
from tests.fixtures.loaded import loaded
from tests.fixtures.taught import CASES, LEVELS, a_batch, asked_plainly, some_paths
from tests.fixtures.tiny_flux import save_tiny_flux

pytestmark = pytest.mark.usefixtures("one_thread")


def merged(network, paths):
    """A network with what was learned in its weights, which have gradients of their own."""
    network.requires_grad_(requires_grad=True)
    with torch.no_grad():
        for name, path in paths.of.items():
            weight = network.get_submodule(name).weight
            weight += (path.scale * path.up @ path.down.flatten(1)).view_as(weight)
    return network


def reference(family, folder, network, learned, asked):
    """The losses of the pictures, as papers and diffusers have them."""
    batch, noise = learned
    if CASES[family].part == "transformer":
        levels = LEVELS.view(-1, 1, 1, 1)
        seen = (1 - levels) * batch.latents + levels * noise
        said = asked_plainly(family, network, batch, seen)
        return (said - (noise - batch.latents)).square().mean((1, 2, 3))
    scheduler: Any = DDPMScheduler.from_pretrained(folder / "scheduler")
    timesteps = (LEVELS * 1000).long()
    seen = scheduler.add_noise(batch.latents, noise, timesteps)
    said = asked_plainly(family, network, batch, seen)
    ratio = scheduler.alphas_cumprod[timesteps] / (1 - scheduler.alphas_cumprod[timesteps])
    if scheduler.config.prediction_type == "v_prediction":
        target, ratio_of_error = scheduler.get_velocity(batch.latents, noise, timesteps), ratio + 1
    else:
        target, ratio_of_error = noise, ratio
    counts = {
        "none": torch.ones(2),
        "min_snr": ratio.clamp(max=asked.gamma) / ratio_of_error,
        "debiased": 1 / ratio_of_error.clamp(max=1000).sqrt(),
    }[asked.weighting]
    return (said - target).square().mean((1, 2, 3)) * counts


@pytest.mark.parametrize(
    ("family", "weighting", "layers"),
    [
        ("sd15", "none", "all"),
        ("sd15", "min_snr", "attention"),
        ("sd2", "min_snr", "blocks"),
        ("sd2", "debiased", "attention"),
        ("sdxl", "debiased", "blocks"),
        ("sd35_medium", "min_snr", "all"),
        ("flux1", "none", "all"),
    ],
)
def test_a_step_learns_what_plain_pytorch_says(folders, family, weighting, layers):
    case, folder = CASES[family], folders(family)
    asked = LossSettings(weighting=weighting)
    prediction = prediction_of(loaded(family, folder))
    paths = some_paths(prediction.network, layers)
    batch, noise = a_batch(case)
    plain = merged(case.network.from_pretrained(folder / case.part), paths)

    wanted = prediction.noised(batch.latents, noise, LEVELS)
    with paths.walked(prediction.network):
        said = prediction.said(batch, wanted)
    losses = loss_of(said, wanted, prediction.weights(wanted, asked))
    losses.mean().backward()
    expected = reference(family, folder, plain, (batch, noise), asked)
    expected.mean().backward()

    assert torch.allclose(losses, expected, rtol=1e-4)
    for name, path in paths.of.items():
        slope = plain.get_submodule(name).weight.grad
        if slope is None:
            assert path.up.grad is None  # the last block's words are said to nobody
            continue
        slope = slope.flatten(1) * path.scale
        assert path.up.grad is not None
        assert path.down.grad is not None
        nearly(path.up.grad, slope @ path.down.flatten(1).T)
        nearly(path.down.grad.flatten(1), path.up.T @ slope)


def nearly(one, other):
    assert (one - other).abs().max() <= 2e-3 * other.abs().max() + 1e-7


@pytest.mark.parametrize(
    ("save", "reason"),
    [
        (partial(save_tiny_flux, guided=False), "takes no guidance: like schnell"),
        (partial(save_tiny_flux, channels=384), "Fill learned to repaint"),
    ],
)
def test_what_would_forget_how_it_draws_is_refused(tmp_path, save, reason):
    model = loaded("flux1", save(tmp_path / "tiny").folder)

    with pytest.raises(TrainingError, match=reason):
        prediction_of(model)


def test_noise_levels_are_drawn_as_the_paper_says():
    chance = torch.Generator().manual_seed(0)
    samples = {kind: drawn(kind, 20_000, chance) for kind in ("uniform", "logit_normal", "mode")}

    for levels in samples.values():
        assert float(levels.min()) >= 0
        assert float(levels.max()) <= 1
        assert float(levels.mean()) == pytest.approx(0.5, abs=0.01)
    between = {
        kind: float(((levels > 0.25) & (levels < 0.75)).float().mean())
        for kind, levels in samples.items()
    }
    # a standard normal number is within ±ln 3 in 72.8 % of all cases
    assert between["logit_normal"] == pytest.approx(0.728, abs=0.02)
    assert between["uniform"] == pytest.approx(0.5, abs=0.02)
    assert between["mode"] > 0.55
    assert shifted(torch.tensor([0.0, 0.5, 1.0]), 3.0).tolist() == [0.0, 0.75, 1.0]


@pytest.mark.parametrize(
    ("family", "shifts"),
    [("sd35_medium", {64: 3.0}), ("flux1", {32: 1.6487, 128: 3.1582})],
)
def test_flow_is_learned_at_the_levels_that_are_drawn_through(folders, family, shifts):
    prediction = prediction_of(loaded(family, folders(family)))

    def levels(side, **asked):
        chance = torch.Generator().manual_seed(0)
        latents = torch.zeros(6, 16, side, side)
        return prediction.levels(latents, LossSettings(**asked), chance)

    for side, shift in shifts.items():
        assert torch.allclose(levels(side), levels(side, shift=shift), atol=1e-3)
        assert torch.allclose(levels(side), shifted(levels(side, shift=1.0), shift), atol=1e-3)
