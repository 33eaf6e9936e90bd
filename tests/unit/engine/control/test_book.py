"""Jobs that pictures steer: their maps follow size, frame, steps and what is drawn again."""

import hashlib
from dataclasses import replace

import pytest
import torch
from PIL import Image, ImageDraw

from backend.engine.control import book
from backend.engine.control.book import steered_between
from backend.engine.control.framing import of_own, of_source
from backend.engine.control.networks import unet_controlnet
from backend.engine.run import generate, prepare
from backend.engine.source.framing import Frame
from backend.engine.source.scene import Scene
from backend.schema.control_types import ControlType
from backend.schema.errors import ModelMissingError, NotFoundError, RequestError
from backend.schema.events import ImageReady, Stage
from backend.schema.hires import ResolvedHires
from backend.schema.resolved import ResolvedSampling
from backend.schema.source_settings import (
    OutpaintSettings,
    ResolvedMask,
    ResolvedPicture,
    ResolvedSource,
)
from tests.fixtures.starter import STARTER, context_in, of_type, starter_request
from tests.fixtures.tiny_controls import asked_unit, ring_map

pytestmark = [pytest.mark.engine, pytest.mark.usefixtures("one_thread")]

CANNY = STARTER / "controlnet-canny"
SIDE, STEPS = 64, 2


@pytest.fixture(scope="module")
def kept() -> dict[str, object]:
    """The loaded checkpoint and its ControlNet, shared by the tests of this file."""
    prepare()
    return {}


@pytest.fixture
def ring(tmp_path):
    ring_map(SIDE).save(tmp_path / "ring.png")
    return tmp_path / "ring.png"


@pytest.fixture
def make(tmp_path, kept):
    def make(*controls, **changed):
        sampling = ResolvedSampling(sampler="euler", schedule="simple", steps=STEPS, cfg_scale=4.0)
        request = starter_request(side=SIDE, sampling=sampling)
        request = request.model_copy(update={"controls": controls, **changed})
        events = list(generate(request.model_dump(mode="json"), context_in(tmp_path, kept=kept)))
        (ready,) = of_type(events, ImageReady)
        with Image.open(tmp_path / "outputs" / ready.path) as picture:
            said = {each.sentence for each in of_type(events, Stage)}
            return hashlib.sha256(picture.tobytes()).hexdigest(), said

    return make


@pytest.fixture
def shown(monkeypatch):
    """The maps as control models were shown them."""
    seen: list[Image.Image] = []
    cut = book.ControlFrame.cut

    def noted(frame, picture):
        seen.append(cut(frame, picture))
        return seen[-1]

    monkeypatch.setattr(book.ControlFrame, "cut", noted)
    return seen


def photo(path, size=(96, 80)):
    picture = Image.new("RGB", size, "white")
    ImageDraw.Draw(picture).ellipse((20, 10, 70, 60), fill="darkred")
    picture.save(path)
    return ResolvedPicture(reference="photo", path=str(path), sha256="")


def test_a_unit_changes_the_picture_and_none_that_has_no_effect(make, ring):
    plain, _ = make()
    steered, said = make(asked_unit(CANNY, picture=ring))
    assert steered != plain
    assert "Preparing ControlNet 1" in said
    for silent in (
        asked_unit(CANNY, picture=ring, weight=0.0),
        asked_unit(CANNY, picture=ring, start=0.6),
        asked_unit(CANNY, picture=ring, start=0.1, end=0.9),
    ):
        assert make(silent)[0] == plain


def test_a_control_model_is_kept_for_the_next_picture_and_goes_with_others(make, ring, kept):
    unit = asked_unit(CANNY, picture=ring)
    first, _ = make(unit)
    second, said = make(unit)
    assert (second, "Loading the ControlNet" in said) == (first, False)
    kept["residency"].free_others()
    assert "Loading the ControlNet" not in make(unit)[1]  # the last job asks for it
    make()
    kept["residency"].free_others()
    again, said = make(unit)
    assert (again, "Loading the ControlNet" in said) == (first, True)


def test_three_units(make, ring):
    units = [asked_unit(CANNY, picture=ring, number=number) for number in (1, 2, 3)]
    three, said = make(*(unit.model_copy(update={"weight": 0.3}) for unit in units))
    assert said >= {f"Preparing ControlNet {number}" for number in (1, 2, 3)}
    assert three not in {make(units[0])[0], make()[0]}


def test_maps_follow_the_size_of_every_pass(make, ring, shown):
    hires = ResolvedHires(
        factor=1.5,
        method="lanczos",
        strength=0.5,
        steps=1,
        sampler="euler",
        schedule="simple",
        sizes=((96, 96),),
        tile=64,
    )
    unit = asked_unit(CANNY, picture=ring, preprocessor="canny")
    steered = make(unit, hires=hires)[0]
    assert [each.size for each in shown] == [(64, 64), (96, 96)]
    assert steered != make(hires=hires)[0]


def test_the_picture_to_begin_with_steers_as_it_is_drawn(make, tmp_path, shown):
    source = ResolvedSource(
        picture=photo(tmp_path / "photo.png"), width=96, height=80, strength=0.9, fit="crop"
    )
    unit = asked_unit(CANNY, preprocessor="canny")
    assert make(unit, source=source)[0] != make(source=source)[0]
    (seen,) = shown
    assert seen.size == (SIDE, SIDE)
    assert seen.getbbox() is not None


def test_a_map_of_the_whole_picture_fits_the_part_that_is_masked(make, tmp_path, shown):
    mask = Image.new("L", (96, 80))
    mask.paste(255, (0, 0, 40, 40))
    mask.save(tmp_path / "mask.png")
    picture = photo(tmp_path / "photo.png")
    painted = ResolvedPicture(reference="mask", path=str(tmp_path / "mask.png"), sha256="")
    source = ResolvedSource(
        picture=picture,
        width=96,
        height=80,
        strength=0.9,
        mask=ResolvedMask(picture=painted, area="masked", padding=0, blur=0),
        keeps_size=True,
    )
    drawn_map = Image.new("RGB", (96, 80))
    drawn_map.paste((255, 255, 255), (0, 0, 40, 40))
    drawn_map.save(tmp_path / "whole.png")
    unit = asked_unit(CANNY, picture=tmp_path / "whole.png")
    assert make(unit, source=source)[0] != make(source=source)[0]
    (seen,) = shown
    assert seen.getextrema() == ((255, 255),) * 3  # only what is masked, all of it


def test_what_is_missing_is_told(make, tmp_path, ring):
    with pytest.raises(RequestError, match="unit 1 has no picture"):
        make(asked_unit(CANNY))
    with pytest.raises(NotFoundError):
        make(asked_unit(CANNY, picture=tmp_path / "gone.png"))
    with pytest.raises(ModelMissingError):
        make(asked_unit(tmp_path / "gone.safetensors", picture=ring))


def test_steps_that_are_steered_lie_between_start_and_end():
    sigmas = torch.tensor([9.0, 8, 7, 6, 5, 4, 3, 2, 1, 0.5, 0])
    unit = asked_unit(CANNY)

    def between(start: float, end: float):
        return steered_between(unit.model_copy(update={"start": start, "end": end}), sigmas)

    assert between(0.0, 1.0) == (9.0, 0.0)
    assert between(0.3, 0.7) == (6.0, 2.0)
    assert between(0.25, 0.5) == (6.0, 4.0)
    assert between(0.55, 0.6) is None
    assert between(0.8, 0.2) is None


def test_pictures_of_other_proportions_are_cropped_filled_or_stretched():
    picture = Image.new("RGB", (100, 50), "white")
    picture.paste((255, 0, 0), (0, 0, 25, 50))
    cropped = of_own(picture.size, "crop", None, (50, 50)).cut(picture)
    assert cropped.getcolors() == [(2500, (255, 255, 255))]
    filled = of_own(picture.size, "fill", None, (50, 50)).cut(picture)
    assert filled.getpixel((40, 5)) == filled.getpixel((40, 25)) == (255, 255, 255)
    stretched = of_own(picture.size, "stretch", None, (50, 50)).cut(picture)
    assert stretched.getpixel((6, 5)) == (255, 0, 0)


def test_a_map_of_any_resolution_is_framed_as_the_picture():
    """A scene with 10 pixels added to the left, of which the right half is drawn."""
    blank = Image.new("L", (110, 50), 255)
    scene = Scene(
        Image.new("RGB", (110, 50)), blank, blank, None, Frame((60, 0, 110, 50), (64, 64))
    )
    frame = of_source(scene, (100, 50), OutpaintSettings(left=10), (64, 64))
    assert frame.resolution == 64
    for scale in (1, 2):
        whole = Image.new("RGB", (100 * scale, 50 * scale))
        whole.paste((255, 255, 255), (50 * scale, 0, 100 * scale, 50 * scale))
        assert frame.cut(whole).getextrema() == ((255, 255),) * 3
    larger = replace(frame, frame=replace(frame.frame, size=(128, 128)))
    assert (larger.resolution, larger.cut(whole).size) == (128, (128, 128))


def test_what_an_inpainting_model_is_told_is_the_mask_of_the_drawing(make, tmp_path, monkeypatch):
    told: list[Image.Image | None] = []
    as_hint = unet_controlnet.as_hint

    def noted(picture, mask, painted):
        told.append(mask)
        return as_hint(picture, mask, painted)

    monkeypatch.setattr(unet_controlnet, "as_hint", noted)
    mask = Image.new("L", (SIDE, SIDE))
    mask.paste(255, (0, 0, 32, SIDE))
    mask.save(tmp_path / "mask.png")
    painted = ResolvedPicture(reference="mask", path=str(tmp_path / "mask.png"), sha256="")
    source = ResolvedSource(
        picture=photo(tmp_path / "photo.png", (SIDE, SIDE)),
        width=SIDE,
        height=SIDE,
        strength=0.9,
        mask=ResolvedMask(picture=painted, blur=0),
    )
    make(asked_unit(CANNY, type=ControlType.INPAINT, preprocessor="inpaint_only"), source=source)
    assert told[0] is not None
    assert told[0].getbbox() == (0, 0, 32, SIDE)
