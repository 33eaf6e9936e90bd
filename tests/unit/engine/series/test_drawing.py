"""A sheet shows each picture in its place, with words that fit."""

import numpy as np
import pytest
from PIL import Image, ImageDraw

from backend.engine.series.drawing import MOST_PIXELS, Sheet
from backend.engine.series.fonts import font_for
from backend.schema.series import ResolvedAxis, SeriesAxes

COLOURS = ("red", "green", "blue", "orange", "teal", "purple")
AXES = SeriesAxes(
    x=ResolvedAxis(title="Steps", labels=("10", "20", "30")),
    y=ResolvedAxis(title="Sampler", labels=("Euler", "a sampler with a name of many words")),
    z=ResolvedAxis(title="CFG scale", labels=("4", "7")),
)


def of_size(width, height, colours=COLOURS):
    return [Image.new("RGB", (width, height), colour) for colour in colours]


def drawn_sheet(pictures, axes, page):
    sheet = Sheet([each and each.size for each in pictures], axes, page)
    for place, picture in enumerate(pictures):
        sheet.put(place, picture)
    return sheet.pixels


def box_of(sheet, colour):
    """Where a colour is: left, top, right, bottom."""
    wanted = Image.new("RGB", (1, 1), colour).getpixel((0, 0))
    mask = Image.new("L", sheet.size)
    mask.putdata([255 * (pixel == wanted) for pixel in sheet.get_flattened_data()])
    box = mask.getbbox()
    assert box
    return box


def test_each_picture_is_in_its_row_and_column_pixel_for_pixel():
    sheet = drawn_sheet(of_size(96, 64), AXES, 1)

    boxes = [box_of(sheet, colour) for colour in COLOURS]
    assert {(box[2] - box[0], box[3] - box[1]) for box in boxes} == {(96, 64)}
    lefts, tops = ([box[side] for box in boxes] for side in (0, 1))
    assert lefts[:3] == lefts[3:] == sorted(set(lefts))
    assert tops == [tops[0]] * 3 + [tops[3]] * 3
    assert tops[3] > tops[0]


def test_words_stand_above_and_beside_the_pictures():
    sheet = drawn_sheet(of_size(96, 64), AXES, 1)
    left, top, *_ = box_of(sheet, "red")

    for edge in ((0, 0, sheet.width, top), (0, top, left, sheet.height)):
        assert np.asarray(sheet.crop(edge).convert("L")).min() < 100, edge


def test_a_missing_picture_leaves_its_place_and_says_so():
    pictures = [*of_size(96, 64)[:5], None]

    whole, lacking = drawn_sheet(of_size(96, 64), AXES, 0), drawn_sheet(pictures, AXES, 0)

    assert whole.size == lacking.size
    place = lacking.crop(box_of(whole, "purple"))
    assert place.getpixel((0, 0)) == (232, 234, 238)
    assert len(np.unique(np.asarray(place).reshape(-1, 3), axis=0)) > 1


def test_pictures_of_several_sizes_have_the_room_of_the_largest():
    pictures = [Image.new("RGB", (32 * (n + 1), 64), colour) for n, colour in enumerate(COLOURS)]

    sheet = drawn_sheet(pictures, AXES, 0)

    small, large = box_of(sheet, "red"), box_of(sheet, "purple")
    assert (small[2] - small[0], large[2] - large[0]) == (32, 192)


@pytest.mark.parametrize(("columns", "rows"), [(20, 20), (400, 1), (1, 400)])
def test_a_sheet_never_becomes_too_large(columns, rows):
    axes = SeriesAxes(
        x=ResolvedAxis(title="Seed", labels=tuple(map(str, range(columns)))),
        y=ResolvedAxis(title="Seed", labels=tuple(map(str, range(rows)))),
    )

    sheet = Sheet([(1024, 1024)] * 400, axes, 0, "webp").pixels

    assert sheet.width * sheet.height < MOST_PIXELS * 1.2
    assert max(sheet.size) < 16_383


@pytest.mark.parametrize("text", ["Steps 10", "é ü ß “x” – ×", "Кот", "ΑΒΓ"])
def test_letters_have_shapes(text):
    font = font_for(text, 20)

    nothing = shape(font, "\U000fffff")
    for letter in text.replace(" ", ""):
        assert shape(font, letter) != nothing, letter


def shape(font, letter):
    paper = Image.new("L", (40, 40))
    ImageDraw.Draw(paper).text((4, 4), letter, fill=255, font=font)
    return paper.tobytes()
