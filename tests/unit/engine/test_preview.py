"""Previews: rare, cheap, small and roughly right."""

import base64
import io
import itertools
from collections.abc import Callable

import pytest
import torch
from PIL import Image

from backend.engine.families.base import LatentFormat, LatentToRgb
from backend.engine.families.tiny_decoder import TinyDecoder
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


def test_a_tiny_decoder_makes_the_preview_and_sees_no_more_than_it_shows():
    seen: list[torch.Size] = []

    def green(latents: torch.Tensor) -> torch.Tensor:
        seen.append(latents.shape)
        height, width = latents.shape[2] * 8, latents.shape[3] * 8
        return torch.tensor([-1.0, 1.0, -1.0]).view(1, 3, 1, 1).expand(1, 3, height, width)

    decoder = standing_in_for_a_decoder(green)

    picture = preview_picture(torch.zeros(4, 32, 96), FORMAT, decoder)

    assert (picture.size, picture.getpixel((9, 9))) == ((256, 85), (0, 255, 0))
    assert seen == [(1, 4, 11, 32)]


def test_a_decoder_that_finds_no_memory_leaves_previews_to_the_guess():
    calls: list[int] = []

    def full(latents: torch.Tensor) -> torch.Tensor:
        calls.append(1)
        raise torch.OutOfMemoryError("CUDA out of memory.")

    pacer = PreviewPacer(decoder=standing_in_for_a_decoder(full))

    assert len(list(pacer.make(torch.zeros(2, 4, 8, 8), FORMAT))) == 2
    assert len(calls) == 1


def standing_in_for_a_decoder(decode: Callable[[torch.Tensor], torch.Tensor]) -> TinyDecoder:
    decoder = TinyDecoder(4)
    setattr(decoder, "forward", decode)  # noqa: B010  it has other names for its arguments
    return decoder
