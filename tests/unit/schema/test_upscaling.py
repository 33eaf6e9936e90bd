"""Requests for larger pictures: names, ranges, and what is too large."""

import re

import pytest

from backend.schema.errors import OutOfRangeError, RequestError
from backend.schema.output_settings import FileSettings, PictureFormat
from backend.schema.upscaling import (
    UPSCALE_FIELDS,
    UpscaleRequest,
    enlarged_size,
    require_room,
)


def test_flags_and_arguments_come_from_the_fields():
    flags = [spec.flag for spec in UPSCALE_FIELDS]

    assert flags == ["--picture", "--factor", "--upscaler", "--format", "--quality"]
    request = UpscaleRequest.from_short_names(
        {"picture": "a-0", "factor": 4, "upscaler": "", "format": "webp", "quality": None}
    )
    assert (request.factor, request.upscaler, request.output) == (
        4,
        None,
        FileSettings(format="webp"),
    )


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"factor": 1.2}, "Choose a value from 1.5 to 8"),
        ({"factor": 9}, "Choose a value from 1.5 to 8"),
        ({"factor": "large"}, "Factor cannot be 'large'"),
        ({"quality": 0}, "Quality cannot be 0"),
        ({"format": "bmp"}, "Format cannot be 'bmp'"),
    ],
)
def test_what_is_out_of_range_is_named(values, words):
    with pytest.raises(OutOfRangeError) as caught:
        UpscaleRequest.from_short_names(values)

    assert words in str(caught.value)


def test_a_name_that_does_not_exist_is_answered_with_those_that_do():
    with pytest.raises(RequestError, match="factor, format, picture, quality, upscaler"):
        UpscaleRequest.from_short_names({"steps": 3})


@pytest.mark.parametrize(
    ("size", "factor", "picture_format", "words"),
    [
        ((20_000, 10_000), 4, "png", "80,000 × 40,000, and .*large enough already"),
        ((6_000, 4_000), 4, "png", "134 million pixels. It can be enlarged up to 2.3 times"),
        ((9_000, 100), 2, "webp", "WEBP file holds 16,383 pixels a side.*up to 1.8 times"),
        ((1, 1), 4, "png", "single pixel"),
    ],
)
def test_what_is_too_large_is_told_with_what_fits(
    size: tuple[int, int], factor: float, picture_format: PictureFormat, words: str
):
    with pytest.raises(RequestError) as caught:
        require_room("big.png", *size, factor, FileSettings(format=picture_format))

    assert re.search(words, str(caught.value))


def test_what_fits_is_let_through():
    require_room("a.png", 4000, 3000, 3.3, FileSettings())
    require_room("a.webp", 8000, 100, 2, FileSettings(format="webp"))

    assert enlarged_size(3, 1, 1.5) == (4, 2)
