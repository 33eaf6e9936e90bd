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
    assert analyse(recolour(art, target, analyse(art))).name == target


def test_recolouring_leaves_the_outline_alone():
    art = ball("red")
    assert np.array_equal(recolour(art, "blue", analyse(art))[..., 3], art[..., 3])


def test_grey_pictures_are_tinted_where_they_have_no_hue():
    assert analyse(recolour(ball("gray"), "green", analyse(ball("gray")))).name == "green"


@given(st.lists(st.floats(0, 1, width=32), min_size=3, max_size=3))
def test_hsv_and_back_is_the_same_colour(values):
    rgb = np.array([[values]], np.float32)
    assert np.allclose(to_rgb(*to_hsv(rgb)), rgb, atol=1e-3)


def test_a_clear_picture_has_no_strong_colour():
    assert analyse(np.zeros((8, 8, 4), np.float32)).hue is None


def test_every_hue_has_a_colour_to_paint():
    assert set(HUE) <= set(RGB)


@pytest.mark.parametrize("colour", ["white", "gray", "black"])
def test_shapes_that_differ_in_hue_alone_stay_apart_without_hues(colour):
    art = ball("yellow")
    art[:, 32:, :3] = np.array(RGB["blue"], np.float32) / 255
    art[..., :3] /= art[..., :3].max(-1, keepdims=True)
    grey = recolour(art, colour, analyse(art))[..., 0]
    assert abs(float(grey[32, 24] - grey[32, 40])) > 0.25


@pytest.mark.parametrize("colour", ["red", "green", "blue"])
def test_a_motley_picture_takes_the_colour_too(colour):
    art = ball("yellow")
    art[24:40, :, :3] = np.array(RGB["green"], np.float32) / 255
    art[40:, :, :3] = np.array(RGB["red"], np.float32) / 255
    assert analyse(art).name is None
    assert analyse(recolour(art, colour, analyse(art))).name == colour


def test_a_pale_picture_is_tinted():
    art = ball("white")
    art[24:40, :, :3] = np.array(RGB["blue"], np.float32) / 255
    assert analyse(art).hue is not None
    red = recolour(art, "red", analyse(art))
    assert red[16, 32, 0] - red[16, 32, 1] > 0.2
