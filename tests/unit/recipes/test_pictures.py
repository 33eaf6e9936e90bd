"""Composed pictures and scenes."""

import numpy as np
import pytest
import torch

from recipes.starter.build_data import SIDE, choose_variant, draw_pair
from recipes.starter.build_pairs import blur
from recipes.starter.catalogue import is_held_out, read_catalogue
from recipes.starter.colours import RGB
from recipes.starter.compose import Placing, Variant, compose, paste
from recipes.starter.scenes import all_scenes, draw_scene
from recipes.starter.train_decoder import STRONGEST, add_errors, crop

SQUARE = np.ones((16, 16, 4), np.float32) * np.array([0.9, 0.1, 0.1, 1], np.float32)


def test_the_object_stands_in_the_middle_of_its_background():
    variant = Variant(colour=None, painted=False, background="blue", placing=Placing(scale=0.5))
    picture = compose(SQUARE, variant, 64, np.random.default_rng(0))
    assert picture.shape == (64, 64, 3)
    assert np.allclose(picture[32, 32], SQUARE[0, 0, :3], atol=0.02)
    assert np.allclose(picture[2, 2], np.array(RGB["blue"]) / 255, atol=0.05)


@pytest.mark.parametrize("offset", [-5.0, 5.0])
def test_an_object_never_leaves_the_picture(offset):
    canvas = np.zeros((32, 32, 3), np.float32)
    picture = paste(canvas, SQUARE, Placing(scale=0.5, right=offset, down=offset))
    assert (picture[..., 0] > 0.5).sum() == 16 * 16


def test_edges_never_become_brighter_than_what_they_lie_between():
    rows, columns = np.mgrid[-1:1:96j, -1:1:96j]
    inside = (rows**2 + columns**2 < 0.7).astype(np.float32)[..., None]
    ball = np.concatenate([np.broadcast_to([0.9, 0.2, 0.4], (96, 96, 3)) * inside, inside], -1)
    canvas = np.ones((64, 64, 3), np.float32)
    picture = paste(canvas, ball.astype(np.float32), Placing())
    assert picture.max() <= 1
    assert picture.min() >= 0


def test_nothing_white_is_painted_on_white():
    catalogue = read_catalogue()
    random = np.random.default_rng(1)
    variants = [choose_variant("red apple", "red", catalogue, random) for _ in range(600)]
    whites = [variant for variant in variants if variant.colour == "white"]
    assert whites
    assert all(variant.background != "white" for variant in whites)


def test_colours_that_hide_shapes_are_painted_more_often():
    catalogue = read_catalogue()
    random = np.random.default_rng(2)
    variants = [choose_variant("banana", "yellow", catalogue, random) for _ in range(1500)]
    painted = [variant.colour for variant in variants if variant.painted]
    for colour in ("white", "black", "gray", "brown"):
        if not is_held_out("banana", colour):
            assert painted.count(colour) > 1.4 * painted.count("red")


def test_of_two_objects_one_stands_in_each_half_on_the_same_background():
    catalogue = read_catalogue()
    for number in range(20):
        random = np.random.default_rng(number)

        picture, caption = draw_pair(catalogue, lambda label: SQUARE, random)

        assert caption.left.words != caption.right.words
        assert caption.left.background == caption.right.background
        assert caption.right.colour != caption.right.background
        ground = picture[2, 2]
        middle = SIDE // 2
        assert np.abs(picture[middle, SIDE // 4] - ground).max() > 0.1
        assert np.abs(picture[middle, 3 * SIDE // 4] - ground).max() > 0.1


def test_held_out_pairs_are_never_chosen():
    catalogue = read_catalogue()
    random = np.random.default_rng(0)
    for subject in catalogue.subjects[:12]:
        for _ in range(60):
            variant = choose_variant(subject.label, "red", catalogue, random)
            assert variant.colour != variant.background
            if variant.painted:
                assert not is_held_out(subject.label, variant.colour or "")


@pytest.mark.parametrize("scene", all_scenes(), ids=lambda scene: f"{scene.kind}-{scene.light}")
def test_every_scene_can_be_drawn_twice_alike(scene):
    first, second = (
        draw_scene(scene, lambda label: SQUARE, 32, np.random.default_rng(4)) for _ in range(2)
    )
    assert first.shape == (32, 32, 3)
    assert np.array_equal(first, second)
    assert first.std() > 0.03


def test_latent_errors_are_bounded_and_some_latents_stay_exact():
    latents = torch.zeros(400, 4, 4, 4)
    noisy = add_errors(latents, torch.Generator().manual_seed(0))
    spread = noisy.flatten(1).std(1)
    assert 0.1 < float((spread == 0).float().mean()) < 0.3
    assert float(spread.max()) < 2 * STRONGEST


def test_a_crop_shows_the_same_place_in_latents_and_pixels():
    rows = torch.arange(16.0).repeat_interleave(16).view(1, 1, 16, 16)
    pixels = rows.repeat_interleave(8, 2).repeat_interleave(8, 3)
    small, cut = crop(rows, pixels, torch.Generator().manual_seed(2))
    assert torch.equal(small, cut[..., ::8, ::8])


def test_a_blur_keeps_flat_pictures_and_spreads_a_point_evenly():
    flat = torch.full((1, 3, 12, 12), 0.3)
    assert torch.allclose(blur(flat, 1.0), flat, atol=1e-6)
    point = torch.zeros(1, 3, 17, 17)
    point[..., 8, 8] = 1
    spread = blur(point, 1.0)[0, 0]
    assert float(spread.sum()) == pytest.approx(1, abs=1e-4)
    assert torch.allclose(spread, spread.T)
    assert float(spread[8, 9] / spread[8, 8]) == pytest.approx(0.6065, abs=1e-3)
