"""Comparing a picture with the one that was made again: what differs, and why."""

import pytest
from PIL import Image

from backend.metadata.comparing import compare
from backend.metadata.own import PictureMetadata, Workshop, metadata_of
from tests.fixtures.requests import resolved

CARD = Workshop(device="RTX 4090", torch="2.14.1")


def told(workshop: Workshop = CARD, **changes: object) -> PictureMetadata:
    return metadata_of(resolved().model_copy(update=changes), 0, 1.0, workshop)


def grey(value: int = 100) -> Image.Image:
    return Image.new("RGB", (10, 10), (value, value, value))


def test_the_same_pixels_are_identical_whoever_made_them():
    comparison = compare(grey(), grey(), told(), told(Workshop(device="CPU", torch="2.13")))

    assert comparison.identical
    assert (comparison.differing, comparison.largest, comparison.reasons) == (0, 0, ())
    assert comparison.sentence == "Identical: every pixel is the same."


def test_differences_are_counted():
    other = grey()
    other.putpixel((3, 4), (100, 97, 100))
    other.putpixel((0, 0), (101, 100, 100))

    comparison = compare(grey(), other, told(), told())

    assert (comparison.pixels, comparison.differing, comparison.largest) == (100, 2, 3)
    assert comparison.mean == pytest.approx(4 / 300, abs=1e-4)
    assert "2 of 100 pixels (2 %) differ, by 3 of 255 at most" in comparison.sentence
    assert comparison.reasons[0].startswith("Nothing that is recorded differs.")


def test_reasons_are_what_changed_meanwhile():
    other_model = resolved().model.model_copy(update={"sha256": "cd" * 32})
    other_batch = resolved(size=2).batch

    reasons = compare(
        grey(),
        grey(90),
        told(),
        told(Workshop(device="CPU", torch="2.15"), model=other_model, batch=other_batch),
    ).reasons

    assert "The device was RTX 4090, and is CPU." in reasons
    assert "The version of PyTorch was 2.14.1, and is 2.15." in reasons
    assert "The checkpoint “Starter” is another file than it was." in reasons
    assert "The pictures of its job were made 1 at once, now 2." in reasons


def test_pictures_of_other_sizes_are_not_compared():
    comparison = compare(grey(), Image.new("RGB", (5, 5)), told(), told())

    assert (comparison.identical, comparison.pixels) == (False, 0)
    assert comparison.reasons[0] == "They are of different sizes, 10 × 10 and 5 × 5."
