"""Between two previews, nothing in the loop of steps waits for the graphics card.

Fake tensors on a card have no numbers: whatever asks for one, which is where a program waits until
the card has done all its work, fails.
"""

from types import SimpleNamespace
from typing import Any, cast

import pytest
import torch
from torch._subclasses.fake_tensor import DataDependentOutputException, FakeTensorMode

from backend.engine.families.base import Conditioning, DenoiserSettings, Encoded
from backend.engine.families.guiding import PromptRows
from backend.engine.families.unet_model import UNetDenoiser, UNetModel
from backend.engine.loading.scheduler_config import SchedulerConfig
from backend.engine.memory.workplace import Workplace
from backend.engine.registry import find_schedule, samplers
from backend.engine.schedules.base import NoiseLevels
from tests.unit.engine.memory.test_two_devices import CARD, unet

SHAPE = (2, 4, 16, 16)


@pytest.fixture
def fake() -> FakeTensorMode:
    return FakeTensorMode(allow_non_fake_inputs=True)


@pytest.fixture
def levels() -> NoiseLevels:
    return NoiseLevels.from_betas(torch.linspace(0.00085**0.5, 0.012**0.5, 1000) ** 2)


class OnTheCard:
    """Noise that is on the card already; drawing it is done on the processor."""

    def __init__(self, fake: FakeTensorMode) -> None:
        self._fake = fake

    def __call__(self) -> torch.Tensor:
        with self._fake:
            return torch.empty(SHAPE, device=CARD)

    def signal(self, sigma: torch.Tensor) -> torch.Tensor:
        return torch.ones_like(sigma)

    def between(self, sigma: torch.Tensor, sigma_next: torch.Tensor) -> torch.Tensor:
        return self()


@pytest.mark.parametrize("sampler", samplers(), ids=lambda sampler: sampler.info.id)
def test_no_sampler_asks_the_card_for_a_number(fake, levels, sampler):
    noise = OnTheCard(fake)
    sigmas = find_schedule("karras")(levels, 4)

    steps = list(sampler(lambda x, sigma: x * 0.5, noise(), sigmas, noise))

    assert len(steps) >= 4
    assert steps[-1].latents.device == CARD


def test_asking_would_be_noticed(fake):
    with pytest.raises(DataDependentOutputException):
        OnTheCard(fake)().sum().item()


@pytest.mark.parametrize("in_turn", [False, True])
def test_the_guided_estimate_asks_the_card_for_nothing(fake, in_turn):
    middle = torch.tensor(500.0)  # noise levels are worked out on the processor, with numbers
    with fake, torch.no_grad(), torch.device(CARD):
        prompt = Encoded(torch.empty(1, 24, 32))
        workplace = Workplace(CARD)
        workplace.prompts_in_turn = in_turn
        model = UNetModel(
            unet=cast("Any", unet()),
            vae=cast("Any", None),
            encode=cast("Any", None),
            scheduler=SchedulerConfig(),
            levels=cast("Any", None),
            latent_format=cast("Any", None),
            predicts="epsilon",
            workplace=workplace,
        )
        levels = cast("Any", SimpleNamespace(timestep=lambda sigma: middle))
        rows = PromptRows.of(Conditioning(prompt, prompt), 7.0, 0.7)
        denoise = UNetDenoiser(model, rows, DenoiserSettings(7.0, 128, 128), levels, None)

        estimate = denoise(torch.empty(SHAPE), torch.tensor(1.5, device="cpu"))

    assert (estimate.device, estimate.shape) == (CARD, SHAPE)
