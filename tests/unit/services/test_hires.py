"""High-resolution fix: what is chosen where nobody chose."""

from typing import Any

import pytest

from backend.metadata.catalogue import load_catalogue
from backend.schema.errors import ModelMissingError, OutOfRangeError
from backend.schema.hires import ResolvedHires
from backend.schema.hires_settings import HiresSettings
from backend.schema.library import LibraryEntry
from backend.schema.resolved import ResolvedSampling, ResolvedSize
from backend.schema.upscaling import ResolvedUpscaler, UpscalerHere
from backend.services.hires import First, resolve_hires

CATALOGUE = load_catalogue()
SHARP = ResolvedUpscaler(id="upscale_models/4x-Sharp.safetensors", name="4x-Sharp", path="/s")
STARTERS = ResolvedUpscaler(id="starter", name="Starter upscaler", path="/u")
SAMPLING = ResolvedSampling(sampler="dpmpp_2m", schedule="karras", steps=20, cfg_scale=7.0)


class Shelf:
    """The upscalers that a test says."""

    def __init__(self, *models: ResolvedUpscaler) -> None:
        self.models = models

    def upscalers(self) -> tuple[UpscalerHere, ...]:
        return tuple(UpscalerHere(model=each) for each in self.models)

    def entries(self) -> tuple[LibraryEntry, ...]:
        return ()


def first(**changed: Any) -> First:
    values: dict[str, Any] = {
        "checkpoint": "xl",
        "learned": ResolvedSize(width=1024, height=1024),
        "multiple": 8,
        "size": ResolvedSize(width=832, height=1216),
        "sampling": SAMPLING,
        "masked": False,
    }
    return First(**values | changed)


def made(begun: First | None = None, shelf: Shelf | None = None, **asked: Any) -> ResolvedHires:
    settings = HiresSettings.model_validate({"factor": 2.0} | asked)
    found = resolve_hires(settings, begun or first(), shelf or Shelf(STARTERS), CATALOGUE)
    assert found
    return found


def test_a_factor_of_1_is_no_second_pass():
    assert resolve_hires(HiresSettings(), first(), Shelf(), CATALOGUE) is None


def test_what_is_left_open_is_as_in_the_first_pass():
    hires = made()

    assert (hires.sampler, hires.schedule, hires.steps) == ("dpmpp_2m", "karras", 20)
    assert hires.sizes == ((1664, 2432),)
    assert (hires.method, hires.tile) == ("lanczos", None)


def test_sizes_are_what_the_family_can_draw_and_grow_evenly():
    hires = made(first(multiple=16), factor=1.7, passes=2)

    assert hires.sizes == ((1120, 1648), (1408, 2064))
    assert [each.strength for each in hires.passes] == [0.4, pytest.approx(0.2667)]


@pytest.mark.parametrize(
    ("checkpoint", "there", "asked", "expected"),
    [
        ("starter", (SHARP, STARTERS), None, ("model", "starter")),
        ("xl", (SHARP, STARTERS), None, ("model", SHARP.id)),
        ("xl", (STARTERS,), None, ("lanczos", None)),
        ("xl", (STARTERS,), "Lanczos", ("lanczos", None)),
        ("xl", (STARTERS,), "Latent (antialiased)", ("latent", None)),
        ("xl", (SHARP,), "4x-sharp", ("model", SHARP.id)),
    ],
)
def test_the_upscaler_is_the_one_that_suits_or_is_named(checkpoint, there, asked, expected):
    hires = made(first(checkpoint=checkpoint), Shelf(*there), upscaler=asked)

    assert (hires.method, hires.upscaler and hires.upscaler.id) == expected


def test_very_large_pictures_are_drawn_in_tiles_of_what_was_learned():
    assert made(factor=4.0).tile == 1024
    assert made(tile=700).tile == 704
    assert made(tile=4096).tile is None


def test_what_makes_no_sense_is_refused_in_words():
    with pytest.raises(OutOfRangeError, match="Only whole pictures"):
        made(first(masked=True))
    with pytest.raises(OutOfRangeError, match="134 million"):
        made(first(size=ResolvedSize(width=4096, height=4096)), factor=4.0)
    with pytest.raises(ModelMissingError, match="no upscaler called “magic”"):
        made(upscaler="magic")
    with pytest.raises(OutOfRangeError, match="Sampler cannot be “magic”"):
        made(sampler="magic")


def test_no_strength_takes_no_steps():
    hires = made(strength=0.0, steps=9)

    assert hires.steps == hires.steps_in_all == 0
    assert [each.schedule_steps for each in hires.passes] == [0]


def test_a_pass_takes_so_many_steps_of_a_longer_schedule():
    assert [each.schedule_steps for each in made(strength=0.5).passes] == [40]
    assert [each.schedule_steps for each in made(strength=1.0, steps=7).passes] == [7]
