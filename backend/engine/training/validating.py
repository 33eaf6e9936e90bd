"""How wrong a training is on pictures that it does not learn, always asked in the same way."""

from collections.abc import Generator, Iterator
from statistics import fmean

import torch

from backend.engine.training.learning import Learning
from backend.engine.training.objective import loss_of
from backend.schema.events import Event, Stage
from backend.schema.training_story import BANDS


def validation_loss(learning: Learning) -> Generator[Event, None, float | None]:
    """The mean loss of all held-back pictures over all bands of noise; None where there are none.

    Each picture has the same noise every time, so only what was learned makes a difference.
    """
    losses: list[float] = []
    places = list(_held_back(learning))
    for number, place in enumerate(places, 1):
        yield Stage(sentence=f"Looking at held-back picture {number} of {len(places)}")
        losses.extend(_loss_at(learning, place, band) for band in range(BANDS))
    return fmean(losses) if losses else None


def _held_back(learning: Learning) -> Iterator[int]:
    for place, picture in enumerate(learning.wanted.pictures):
        if picture.held_back:
            yield place


def _loss_at(learning: Learning, place: int, band: int) -> float:
    """The plain loss of one picture in the middle of a band."""
    examples, prediction = learning.seeing.examples, learning.prediction
    batch = examples.batch([(place, 0)], [examples.captions[place][0]])
    chance = torch.Generator().manual_seed(learning.wanted.asked.seed + BANDS * place + band)
    noise = torch.randn(batch.latents.shape, generator=chance).to(learning.device)
    levels = torch.tensor([(band + 0.5) / BANDS])
    with (
        torch.no_grad(),
        learning.workplace.at_work(prediction.network),
        learning.shown.walked(),
    ):
        wanted = prediction.noised(batch.latents.to(learning.device), noise, levels)
        said = prediction.said(batch, wanted)
        return float(loss_of(said, wanted, torch.ones_like(wanted.ratio)).mean())
