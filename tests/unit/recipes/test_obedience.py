"""The measure of colours tells right from wrong on pictures that are known."""

import numpy as np
import pytest

from recipes.starter.catalogue import is_held_out, read_catalogue
from recipes.starter.colours import RGB
from recipes.starter.obedience import Wish, choose_wishes, has_colour, name_background, score


def disc(colour: str, background: str) -> np.ndarray:
    rows, columns = np.mgrid[-1:1:128j, -1:1:128j]
    inside = (rows**2 + columns**2 < 0.6)[..., None]
    flat = np.where(inside, np.array(RGB[colour]), np.array(RGB[background])) / 255
    return flat.astype(np.float32)


@pytest.mark.parametrize("background", sorted(RGB))
def test_backgrounds_are_named(background):
    assert name_background(disc("red" if background != "red" else "blue", background)) == background


@pytest.mark.parametrize("colour", ["red", "yellow", "green", "blue", "purple", "black"])
def test_objects_have_their_own_colour_and_no_other(colour):
    picture = disc(colour, "white")
    assert has_colour(picture, colour)
    assert not has_colour(picture, "teal")


def test_a_picture_without_object_has_no_colour():
    assert not has_colour(disc("white", "white"), "white")


def test_half_right_is_scored_half():
    subject = read_catalogue().subjects[0]
    wishes = [Wish(subject=subject, colour="red", background=name) for name in ("blue", "green")]
    pictures = [disc("red", "blue"), disc("blue", "green")]
    assert score(pictures, wishes) == {"background": 1.0, "object": 0.5}


def test_wishes_are_pairs_that_training_never_sees():
    wishes = choose_wishes(read_catalogue(), 30)
    assert len(wishes) == 30
    assert wishes == choose_wishes(read_catalogue(), 30)
    for wish in wishes:
        assert is_held_out(wish.subject.label, wish.colour)
        assert wish.colour != wish.background
        assert wish.prompt().startswith(f"{wish.colour} ")
