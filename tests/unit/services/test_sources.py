"""The picture that drawing begins with: found, and the size that is drawn chosen to suit it."""

from typing import Any

import pytest

from backend.metadata.catalogue import load_catalogue
from backend.metadata.infotext import read, write
from backend.metadata.own import metadata_of
from backend.schema.errors import NotFoundError, OutOfRangeError, RequestError
from backend.schema.generation import GenerationRequest
from backend.schema.resolved import ResolvedSize
from backend.schema.source_settings import ResolvedPicture
from backend.services.resolve import resolve
from backend.services.sources import Looked, resolve_source, size_for
from tests.fixtures.requests import resolved
from tests.unit.services.test_resolve import Installed

USUAL = ResolvedSize(width=512, height=512)
SIZES = {"photo": (500, 400), "large": (3000, 2000), "icon": (48, 48), "wide": (20_000, 100)}
MASKS = {f"mask-{name}": size for name, size in SIZES.items()}


def look(reference):
    sizes = SIZES | MASKS
    if reference not in sizes:
        raise NotFoundError("There is no such picture.", "Choose another.")
    picture = ResolvedPicture(reference=reference, path=f"/p/{reference}", sha256="ab")
    return Looked(picture, *sizes[reference])


def drawn(multiple=8, **values) -> tuple[Any, ResolvedSize]:
    """The source of a request, and what is drawn."""
    request = GenerationRequest.from_short_names(values)
    source = resolve_source(request, USUAL, look)
    assert source is not None
    return source, size_for(source, USUAL, multiple)


@pytest.mark.parametrize(
    ("name", "size"),
    [("photo", (496, 400)), ("large", (624, 416)), ("icon", (512, 512)), ("wide", (4096, 64))],
)
def test_a_picture_is_drawn_at_a_size_that_the_model_draws_well(name, size):
    source, chosen = drawn(init=name)

    assert (chosen.width, chosen.height) == size
    assert not source.keeps_size


def test_a_masked_picture_keeps_its_size_and_a_large_one_is_drawn_in_part():
    photo, size = drawn(init="photo", mask="mask-photo")
    large, part = drawn(init="large", mask="mask-large")

    assert (photo.mask.area, photo.keeps_size) == ("whole", True)
    assert (size.width, size.height) == (504, 400)  # what is missing to it is cut off again
    assert (large.mask.area, large.keeps_size, part) == ("masked", True, USUAL)


def test_a_chosen_size_and_a_chosen_area_are_kept():
    chosen, _ = drawn(init="large", mask="mask-large", width=768, height=512)
    part, _ = drawn(init="photo", mask="mask-photo", width=768, height=512, inpaint_area="masked")

    assert (chosen.mask.area, chosen.keeps_size) == ("whole", False)
    assert (part.mask.area, part.keeps_size) == ("masked", True)


def test_what_is_added_counts_and_needs_no_mask():
    source, size = drawn(multiple=16, init="photo", outpaint_right=100, outpaint_top=56)

    assert source.mask.picture is None
    assert source.extended == (600, 456)
    assert (size.width, size.height) == (608, 464)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"mask": "mask-photo"}, "A mask needs a picture"),
        ({"outpaint_left": 64}, "Outpainting needs a picture"),
        ({"init": "photo", "mask": "mask-large"}, "3000 × 2000 pixels, the picture 500 × 400"),
    ],
)
def test_what_makes_no_sense_is_told(values, words):
    with pytest.raises(RequestError, match=words):
        drawn(**values)


def test_a_picture_that_is_not_there_is_told():
    with pytest.raises(NotFoundError):
        drawn(init="gone")
    with pytest.raises(OutOfRangeError, match="Denoising strength"):
        drawn(init="photo", strength=1.5)


REQUESTS = [
    {"init": "photo", "strength": 0.4, "resize_mode": "fill"},
    {"init": "photo", "width": 256, "height": 320},
    {"init": "photo", "mask": "mask-photo", "mask_blur": 0, "mask_mode": "unmasked"},
    {"init": "large", "mask": "mask-large", "mask_fill": "noise", "mask_padding": 64},
    {"init": "photo", "mask": "mask-photo", "width": 256, "height": 256},
    {"init": "photo", "outpaint_bottom": 64, "strength": 1.0},
]


@pytest.mark.parametrize("values", REQUESTS)
def test_a_picture_tells_the_request_that_makes_it_again(values):
    asked = GenerationRequest.from_short_names(values)
    made = resolve(asked, Installed(), load_catalogue(), lambda: 7, look=look)

    again = resolve(made.as_request(), Installed(), load_catalogue(), lambda: 8, look=look)

    assert again == made


def test_steps_are_counted_as_a1111_counts_them():
    source, _ = drawn(init="photo", strength=0.55)

    assert [source.steps_taken(steps) for steps in (1, 10, 20, 25)] == [1, 5, 11, 13]
    assert drawn(init="photo", strength=0.0)[0].steps_taken(20) == 0
    assert drawn(init="photo", strength=1.0)[0].steps_taken(20) == 20


def test_metadata_names_no_place_on_this_machine():
    source, _ = drawn(init="photo", mask="mask-photo")

    told = metadata_of(resolved().model_copy(update={"source": source}), 0, 0.0)

    assert "/p/" not in told.model_dump_json()
    assert told.request.as_request().source.picture == "photo"
    assert told.request.as_request().mask.picture == "mask-photo"


def test_infotext_tells_what_a1111_tells_of_inpainting():
    source, _ = drawn(
        init="photo", mask="mask-photo", strength=0.6, mask_fill="smear", inpaint_area="masked"
    )

    text = write(resolved().model_copy(update={"source": source}), 0, load_catalogue())
    request = read(text, load_catalogue())

    assert (
        "Denoising strength: 0.6, Resize mode: Crop and resize, Mask blur: 4, "
        "Mask mode: Inpaint masked, Masked content: fill, Inpaint area: Only masked, "
        "Masked area padding: 32" in text
    )
    assert request.source.strength == 0.6
    assert (request.mask.fill, request.mask.area) == ("smear", "masked")
    assert request.source.picture is None
