"""What a click or a box selects."""

import numpy as np
import pytest

from backend.schema.errors import RequestError
from backend.selecting.grabcut import Wanted, select


def scene(height, width, noise=25):
    """A reddish disc on noisy grey-blue, and where it is."""
    y, x = np.mgrid[:height, :width]
    inside = (x - width * 0.55) ** 2 + (y - height * 0.5) ** 2 < (height * 0.25) ** 2
    colours = np.where(inside[..., None], (200, 80, 60), (90, 110, 130))
    pixels = colours + np.random.default_rng(1).normal(0, noise, (height, width, 3))
    return pixels.clip(0, 255).astype(np.uint8), inside


def overlap(mask, wanted):
    """Intersection over union."""
    return np.count_nonzero((mask > 0) & wanted) / np.count_nonzero((mask > 0) | wanted)


@pytest.mark.parametrize(
    "wanted",
    [Wanted(point=(165, 100)), Wanted(box=(90, 40, 245, 165)), Wanted(box=(245, 165, 90, 40))],
    ids=["click", "box", "box drawn backwards"],
)
def test_a_disc_on_a_noisy_background_is_found(wanted):
    pixels, inside = scene(200, 300)

    mask = select(pixels, wanted)

    assert mask.shape == inside.shape
    assert set(np.unique(mask)) == {0, 255}
    assert overlap(mask, inside) > 0.9


def test_a_click_beside_it_selects_what_is_around_it():
    pixels, inside = scene(200, 300)

    assert overlap(select(pixels, Wanted(point=(20, 20))), ~inside) > 0.9


def test_a_large_picture_is_looked_at_smaller_and_masked_whole():
    pixels, inside = scene(300, 1400)

    mask = select(pixels, Wanted(point=(770, 150)))

    assert mask.shape == (300, 1400)
    assert overlap(mask, inside) > 0.9


@pytest.mark.parametrize(
    ("wanted", "sentence"),
    [
        (Wanted(point=(300, 10)), "That click is outside the picture."),
        (Wanted(point=(-1, 10)), "That click is outside the picture."),
        (Wanted(box=(10, 10, 12, 200)), "That box holds too little of the picture."),
        (Wanted(), "Nothing was pointed at."),
    ],
)
def test_what_points_nowhere_says_so(wanted, sentence):
    with pytest.raises(RequestError) as raised:
        select(scene(200, 300)[0], wanted)
    assert raised.value.sentence == sentence
    assert raised.value.hint


@pytest.mark.parametrize(
    "pixels",
    [
        np.full((120, 160, 3), 90, np.uint8),
        np.random.default_rng(0).integers(0, 256, (120, 160, 3)).astype(np.uint8),
        np.zeros((2, 200, 3), np.uint8),
    ],
    ids=["one colour", "noise", "two lines"],
)
def test_where_nothing_stands_out_that_is_said(pixels):
    for wanted in (Wanted(point=(80, 1)), Wanted(box=(0, 0, 200, 200))):
        with pytest.raises(RequestError) as raised:
            select(pixels, wanted)
        assert "box" in raised.value.sentence + raised.value.hint
