"""Previews: rare, cheap, small and roughly right."""

import base64
import io
import itertools

import pytest
import torch
from PIL import Image

from backend.engine.families.base import LatentFormat, LatentToRgb
from backend.engine.preview import PreviewPacer, preview_picture

RED_IS_CHANNEL_0 = LatentToRgb(factors=((1, 0, 0), (0, 1, 0), (0, 0, 1), (0, 0, 0)))
FORMAT = LatentFormat(channels=4, scale=8, to_rgb=RED_IS_CHANNEL_0)


class Clock:
    """Time that passes when the test says so, and by `cost` with each look during a preview."""

    def __init__(self) -> None:
        self.time = 100.0

    def __call__(self) -> float:
        return self.time


class SlowLatents:
    """A batch whose previews take their time."""

    def __init__(self, clock: Clock, seconds: float) -> None:
        self._clock, self._seconds = clock, seconds

    def __iter__(self):
        self._clock.time += self._seconds
        return iter(torch.zeros(1, 4, 8, 8))


def make(pacer: PreviewPacer, clock: Clock, seconds: float) -> None:
    list(pacer.make(SlowLatents(clock, seconds), FORMAT))  # pyright: ignore[reportArgumentType]


def test_the_first_half_second_passes_without_a_preview():
    clock = Clock()
    pacer = PreviewPacer(clock)

    assert not pacer.due()
    clock.time += 0.49
    assert not pacer.due()
    clock.time += 0.02
    assert pacer.due()


@pytest.mark.parametrize("cost", [0.0005, 0.005, 0.05, 0.4])
def test_previews_stay_half_a_second_apart_and_cost_two_percent(cost):
    clock = Clock()
    pacer = PreviewPacer(clock)
    began = clock.time
    shown: list[float] = []
    while clock.time < began + 120:
        clock.time += 0.03
        if pacer.due():
            shown.append(clock.time)
            make(pacer, clock, cost)

    assert len(shown) > 1
    assert min(later - sooner for sooner, later in itertools.pairwise(shown)) >= 0.5
    # The first preview's cost is not known before it is made.
    assert (len(shown) - 1) * cost <= 0.02 * (clock.time - began) + 1e-9


def test_a_guess_has_the_colours_of_the_factors():
    latent = torch.full((4, 8, 8), -1.0)
    latent[0, :, :4] = 1.0

    picture = preview_picture(latent, FORMAT)

    assert picture.getpixel((1, 32)) == (255, 0, 0)
    assert picture.getpixel((62, 32)) == (0, 0, 0)


@pytest.mark.parametrize(
    ("latent", "expected"),
    [((4, 8, 8), (64, 64)), ((4, 64, 64), (256, 256)), ((4, 32, 96), (256, 85))],
)
def test_a_guess_has_the_pictures_proportions_and_at_most_256_pixels(latent, expected):
    assert preview_picture(torch.zeros(latent), FORMAT).size == expected


def test_the_previews_of_a_batch_are_jpegs():
    jpegs = list(PreviewPacer().make(torch.zeros(2, 4, 8, 8), FORMAT))

    assert len(jpegs) == 2
    for jpeg in jpegs:
        with Image.open(io.BytesIO(base64.b64decode(jpeg))) as picture:
            assert (picture.format, picture.size) == ("JPEG", (64, 64))


def test_numbers_that_overflowed_do_not_break_a_preview():
    assert preview_picture(torch.full((4, 8, 8), float("nan")), FORMAT).getpixel((0, 0)) is not None
