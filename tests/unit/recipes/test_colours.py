"""Recoloured pictures have the colour that their caption names."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recipes.starter.colours import HUE, RGB, analyse, recolour, to_hsv, to_rgb


def ball(colour: str) -> np.ndarray:
    """A shaded disc, RGBA."""
    rows, columns = np.mgrid[-1:1:64j, -1:1:64j]
    inside = (rows**2 + columns**2 < 0.8).astype(np.float32)
    shade = (1 - 0.15 * (rows + 1) / 2)[..., None]
    flat = np.array(RGB[colour], np.float32) / 255 * shade
    return np.concatenate([flat, inside[..., None]], -1).astype(np.float32)


@pytest.mark.parametrize("colour", sorted(RGB))
def test_a_plain_disc_is_named_by_its_colour(colour):
    assert analyse(ball(colour)).name == colour


@pytest.mark.parametrize("target", ["red", "yellow", "green", "blue", "purple", "black", "white"])
@pytest.mark.parametrize("source", ["red", "green", "blue"])
def test_recolouring_gives_the_colour_that_was_asked_for(source, target):
    art = ball(source)
    assert analyse(recolour(art, target, analyse(art).hue)).name == target


def test_recolouring_leaves_the_outline_alone():
    art = ball("red")
    assert np.array_equal(recolour(art, "blue", analyse(art).hue)[..., 3], art[..., 3])


def test_grey_pictures_are_tinted_where_they_have_no_hue():
    assert analyse(recolour(ball("gray"), "green", None)).name == "green"


@given(st.lists(st.floats(0, 1, width=32), min_size=3, max_size=3))
def test_hsv_and_back_is_the_same_colour(values):
    rgb = np.array([[values]], np.float32)
    assert np.allclose(to_rgb(*to_hsv(rgb)), rgb, atol=1e-3)


def test_a_clear_picture_has_no_strong_colour():
    assert analyse(np.zeros((8, 8, 4), np.float32)).hue is None


def test_every_hue_has_a_colour_to_paint():
    assert set(HUE) <= set(RGB)
