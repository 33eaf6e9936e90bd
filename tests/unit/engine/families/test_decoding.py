"""A picture that comes out black is decoded again, and told."""

from types import SimpleNamespace
from typing import Any

import pytest
import torch

from backend.engine.families.base import LatentFormat, LatentToRgb
from backend.engine.families.decoding import decode
from backend.engine.memory.workplace import Workplace
from backend.schema.events import Event, Warned


class Autoencoder(torch.nn.Module):
    """Paints grey; in half precision what overflowed."""

    def __init__(self, overflowed: float, exact: float) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.ones(1))
        self.config = {"scaling_factor": 1.0, "shift_factor": None}
        self.overflowed, self.exact = overflowed, exact

    @property
    def dtype(self) -> torch.dtype:
        return self.weight.dtype

    def decode(self, latents, *, return_dict):
        value = self.exact if self.dtype == torch.float32 else self.overflowed
        pixels = torch.full((1, 3, 16, 16), 0.5)
        pixels[..., :4] = value
        return (pixels,)


CPU = torch.device("cpu")


def model(vae: Autoencoder, dtype: torch.dtype = torch.float16) -> Any:
    form = LatentFormat(4, 8, LatentToRgb(factors=((0.0, 0.0, 0.0),) * 4))
    return SimpleNamespace(vae=vae.to(dtype), latent_format=form, workplace=Workplace(CPU))


def told(decoding) -> tuple[Any, list[Warned]]:
    heard: list[Event] = []
    while True:
        try:
            heard.append(next(decoding))
        except StopIteration as end:
            return end.value, [each for each in heard if isinstance(each, Warned)]


def test_numbers_that_overflow_in_half_precision_are_decoded_in_full():
    vae = Autoencoder(overflowed=float("nan"), exact=1.0)

    picture, [warned] = told(decode(model(vae), torch.zeros(4, 2, 2), 2))

    assert picture.getpixel((0, 0)) == (255, 255, 255)
    assert "Picture 3" in warned.sentence
    assert "full precision" in warned.sentence
    assert vae.dtype == torch.float16


@pytest.mark.parametrize("dtype", [torch.float16, torch.float32])
def test_what_full_precision_cannot_mend_is_told_with_what_to_do(dtype):
    vae = Autoencoder(overflowed=float("nan"), exact=float("nan"))

    _, heard = told(decode(model(vae, dtype), torch.zeros(4, 2, 2)))

    assert len(heard) == (2 if dtype == torch.float16 else 1)
    assert "Try a lower CFG scale" in heard[-1].sentence


def test_a_picture_that_broke_while_it_was_drawn_is_not_decoded_twice():
    latents = torch.zeros(4, 2, 2)
    latents[0, 0, 0] = float("inf")

    _, [warned] = told(decode(model(Autoencoder(float("nan"), 1.0)), latents))

    assert "while it was drawn" in warned.sentence
    assert "another sampler" in warned.sentence


@pytest.mark.parametrize("dtype", [torch.float16, torch.float32])
def test_a_sound_picture_needs_no_word(dtype):
    picture, heard = told(decode(model(Autoencoder(0.5, 0.5), dtype), torch.zeros(4, 2, 2)))

    assert heard == []
    assert picture.size == (16, 16)
