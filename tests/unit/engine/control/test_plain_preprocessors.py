"""Preprocessors without weights, on real photos: what a person sees in their maps."""

import cv2
import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw
from skimage import data

from backend.engine.control.base import MapSettings
from backend.engine.control.registry import find_preprocessor, preprocessors
from backend.schema.control_types import ControlType

CPU = torch.device("cpu")
PLAIN = tuple(each.info.id for each in preprocessors() if not each.info.weights)
LINES = ("canny", "scribble_xdog", "softedge_gradient", "lineart_standard")


def shrunk(pixels, width, height):
    return Image.fromarray(pixels).convert("RGB").resize((width, height))


@pytest.fixture(scope="module")
def astronaut():
    return shrunk(data.astronaut(), 256, 256)


@pytest.fixture(scope="module")
def coffee():
    return shrunk(data.coffee(), 300, 200)


@pytest.fixture(scope="module")
def page():
    return shrunk(data.page(), 384, 191)


def look(name, picture, mask=None, **told: float):
    entry = find_preprocessor(name)
    values: dict[str, float] = {each.field: each.default for each in entry.info.parameters} | told
    first, second = values.get("threshold_a", 0.0), values.get("threshold_b", 0.0)
    mask = mask or Image.new("L", picture.size)
    return entry(picture, MapSettings(CPU, first, second, mask=mask))


def pixels(name, picture, mask=None, **told):
    return np.asarray(look(name, picture, mask, **told)).astype(int)


def grey(picture):
    return np.asarray(picture.convert("L")).astype(int)


def test_nothing_has_to_be_downloaded_for_most_kinds_of_maps():
    makes = {find_preprocessor(name).info.makes for name in PLAIN}
    assert makes == {
        *(ControlType.CANNY, ControlType.SOFT_EDGE, ControlType.STRAIGHT_LINES),
        *(ControlType.LINE_ART, ControlType.SCRIBBLE, ControlType.SHUFFLE, ControlType.TILE),
        *(ControlType.BLUR, ControlType.RECOLOUR, ControlType.BRIGHTNESS, ControlType.COLOUR),
        ControlType.INPAINT,
    }


@pytest.mark.parametrize("name", PLAIN)
def test_a_map_has_the_pictures_size_and_is_the_same_each_time(name, coffee):
    made = look(name, coffee)
    assert (made.mode, made.size) == ("RGB", coffee.size)
    assert np.array_equal(np.asarray(made), np.asarray(look(name, coffee)))


@pytest.mark.parametrize("name", PLAIN)
@pytest.mark.parametrize("size", [(1, 1), (1, 300), (300, 1), (5, 2), (65, 63)])
@pytest.mark.parametrize("limit", ["minimum", "maximum"])
def test_any_size_and_any_setting_makes_a_map(name, size, limit):
    noise = np.random.default_rng(1).integers(0, 256, (*size[::-1], 3), np.uint8)
    told = {each.field: getattr(each, limit) for each in find_preprocessor(name).info.parameters}
    assert look(name, Image.fromarray(noise), **told).size == size


@pytest.mark.parametrize("name", [*LINES, "lines_lsd"])
def test_a_plain_surface_has_no_lines(name):
    assert pixels(name, Image.new("RGB", (128, 96), (90, 120, 200))).max() == 0


@pytest.mark.parametrize("name", LINES)
def test_lines_are_where_edges_are(name, astronaut):
    strong = cv2.Canny(cv2.GaussianBlur(np.asarray(astronaut), (0, 0), 1.5), 100, 200)
    near = cv2.dilate(strong, np.ones((7, 7), np.uint8)) > 0
    seen = pixels(name, astronaut)[:, :, 0]
    assert seen[near].mean() > 2 * seen[~near].mean()


@pytest.mark.parametrize("name", [*LINES, "lines_lsd", "threshold"])
def test_maps_of_lines_have_no_colour(name, astronaut):
    red, green, blue = np.moveaxis(pixels(name, astronaut), 2, 0)
    assert np.array_equal(red, green)
    assert np.array_equal(green, blue)


@pytest.mark.parametrize("name", ["canny", "scribble_xdog", "lines_lsd", "threshold"])
def test_hard_maps_are_black_and_white_alone(name, astronaut):
    assert set(np.unique(pixels(name, astronaut))) == {0, 255}


@pytest.mark.parametrize(
    ("name", "less", "more"),
    [
        ("threshold", 200, 60),
        ("scribble_xdog", 60, 10),
        ("lines_lsd", 30, 2),
        ("canny", 250, 20),
        ("recolor_luminance", 2, 0.5),
        ("recolor_intensity", 2, 0.5),
    ],
)
def test_the_parameter_decides_how_much_is_white(name, less, more, astronaut):
    sparse, dense = (pixels(name, astronaut, threshold_a=each).mean() for each in (less, more))
    assert dense > 1.2 * sparse


def test_threshold_tells_the_hair_from_the_background(astronaut):
    seen = pixels("threshold", astronaut)[:, :, 0]
    assert (seen[20, 50] == 255) == (grey(astronaut)[20, 50] > 127)
    assert seen[240, 200] == 0  # the black helmet


def test_straight_lines_are_found_where_they_are():
    picture = Image.new("RGB", (200, 150), "white")
    ImageDraw.Draw(picture).rectangle((40, 30, 160, 120), fill="navy")
    seen = pixels("lines_lsd", picture)[:, :, 0]
    sides = (seen[28:33, 60:140], seen[118:123, 60:140], seen[50:100, 38:43].T)
    assert all((side.max(0) == 255).mean() > 0.9 for side in sides)
    assert seen[50:100, 60:140].max() == 0


def test_soft_edges_know_more_than_black_and_white(astronaut):
    assert len(np.unique(pixels("softedge_gradient", astronaut))) > 100


@pytest.mark.parametrize("name", ["lineart_standard", "invert"])
def test_dark_writing_becomes_white_on_black(name, page):
    seen, was = pixels(name, page)[:, :, 0], grey(page)
    written = was < 70
    assert seen[written].mean() > 2 * seen[~written].mean()
    assert np.array_equal(pixels("invert", page), 255 - np.asarray(page).astype(int))


def detail(values):
    return np.abs(np.diff(values, axis=1)).mean()


def test_tile_keeps_the_picture_and_takes_its_detail(coffee):
    was = np.asarray(coffee).astype(int)
    assert np.array_equal(pixels("tile_resample", coffee), was)
    coarse = pixels("tile_resample", coffee, threshold_a=4)
    assert detail(coarse) < 0.6 * detail(was)
    assert np.abs(coarse.mean((0, 1)) - was.mean((0, 1))).max() < 2


def test_blur_leaves_colours_and_takes_edges(coffee):
    was, seen = np.asarray(coffee).astype(int), pixels("blur_gaussian", coffee)
    assert detail(seen) < 0.2 * detail(was)
    assert np.abs(seen.mean((0, 1)) - was.mean((0, 1))).max() < 2
    assert np.abs(pixels("blur_gaussian", coffee, threshold_a=0.01) - was).max() <= 1


@pytest.mark.parametrize("name", ["recolor_luminance", "recolor_intensity", "brightness"])
def test_colours_become_greys_as_bright_as_they_are(name, astronaut):
    seen = pixels(name, astronaut)
    assert np.ptp(seen, axis=2).max() == 0
    assert np.corrcoef(seen[:, :, 0].ravel(), grey(astronaut).ravel())[0, 1] > 0.9


def test_intensity_is_brighter_where_colours_are_strong():
    orange = Image.new("RGB", (8, 8), (250, 90, 10))
    assert pixels("recolor_intensity", orange).min() == 250
    assert pixels("recolor_luminance", orange).max() < 200


def test_shuffling_keeps_the_colours_and_not_the_places(astronaut, coffee):
    was, seen = np.asarray(astronaut).astype(int), pixels("shuffle", astronaut)
    assert np.abs(seen - was).mean() > 30
    colours = {tuple(each) for each in was.reshape(-1, 3) // 32}
    found = [tuple(each) in colours for each in seen.reshape(-1, 3) // 32]
    assert np.mean(found) > 0.98
    assert not np.array_equal(pixels("shuffle", coffee.resize(astronaut.size)), seen)


def test_the_mask_is_cut_out_and_nothing_else(coffee):
    mask = Image.new("L", coffee.size)
    ImageDraw.Draw(mask).rectangle((50, 40, 99, 79), fill=255)
    seen, was = pixels("inpaint_only", coffee, mask), np.asarray(coffee)
    assert seen[40:80, 50:100].max() == 0
    outside = np.asarray(mask) == 0
    assert np.array_equal(seen[outside], was[outside])


def test_without_a_mask_of_its_own_the_map_is_the_picture(coffee):
    made = find_preprocessor("inpaint_only")(coffee, MapSettings(device=CPU))
    assert np.array_equal(np.asarray(made), np.asarray(coffee))


def test_colour_patches_are_squares_of_64_pixels(coffee):
    seen = pixels("t2ia_color_grid", coffee.resize((256, 128)))
    patches = seen.reshape(2, 64, 4, 64, 3)
    assert np.ptp(patches, axis=(1, 3)).max() == 0
    assert len({tuple(each) for each in patches[:, 0, :, 0].reshape(-1, 3)}) == 8


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("tile", "tile_resample"),
        ("recolor_luminance", "recolor_luminance"),
        ("invert (from white bg & black line)", "invert"),
        ("color", "t2ia_color_grid"),
        ("inpaint", "inpaint_only"),
    ],
)
def test_other_programs_names_are_known(theirs, ours):
    assert find_preprocessor(theirs).info.id == ours


def test_each_name_means_one_preprocessor():
    names = [
        name
        for info in (each.info for each in preprocessors())
        for name in {each.casefold() for each in (info.id, info.label, *info.aliases)}
    ]
    assert sorted(names) == sorted(set(names))
    for kind in ControlType:
        usual = [each for each in preprocessors() if each.info.makes is kind and each.info.usual]
        assert len(usual) <= 1
