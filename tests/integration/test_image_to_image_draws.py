"""The starter model changes pictures: a little, in a part, beyond their edges, however it lies."""

import math

import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw

from backend.engine.advance import advance
from backend.engine.families.encoding import as_pixels, encode
from backend.engine.memory.placing import How, Placing
from backend.engine.run import generate
from backend.schema.errors import NotFoundError
from backend.schema.events import ImageReady, Progress
from backend.schema.picture_settings import BatchSettings
from backend.schema.resolved import ResolvedSampling, ResolvedSize
from backend.schema.source_settings import (
    OutpaintSettings,
    ResolvedMask,
    ResolvedPicture,
    ResolvedSource,
)
from tests.fixtures.loaded import loaded
from tests.fixtures.starter import STARTER, context_in, starter_request

pytestmark = [pytest.mark.engine, pytest.mark.usefixtures("one_thread")]

SIDE = 64
SAMPLING = ResolvedSampling(sampler="dpmpp_2m", schedule="karras", steps=4, cfg_scale=4.5)


@pytest.fixture(scope="module")
def kept():
    """What an engine keeps, so that the model is loaded once."""
    return {}


@pytest.fixture
def begin(tmp_path):
    """A picture of sky and ground with a sun, and a mask."""

    def source(mask=None, added=None, side=SIDE, **changes) -> ResolvedSource:
        ramp = np.linspace(0, 1, side)[:, None, None]
        sky = (1 - ramp) * (90, 150, 230) + ramp * (200, 220, 240)
        picture = Image.fromarray(np.broadcast_to(sky, (side, side, 3)).astype(np.uint8))
        draw = ImageDraw.Draw(picture)
        draw.rectangle((0, side * 2 // 3, side, side), fill=(70, 140, 60))
        draw.ellipse((side // 8, side // 8, side // 3, side // 3), fill=(250, 220, 80))
        picture.save(tmp_path / "picture.png")
        masked = None
        if mask is not None:
            pixels = Image.new("L", picture.size)
            ImageDraw.Draw(pixels).rectangle(mask, fill=255)
            pixels.save(tmp_path / "mask.png")
            masked = ResolvedMask(picture=found("mask.png"), blur=0)
        elif added is not None:
            masked = ResolvedMask()
        whole = ResolvedSource(
            picture=found("picture.png"),
            width=side,
            height=side,
            strength=1.0,
            mask=masked,
            outpaint=added or OutpaintSettings(),
            keeps_size=masked is not None,
        )
        return whole.model_copy(update=changes)

    def found(name):
        return ResolvedPicture(reference=name, path=str(tmp_path / name), sha256="")

    return source


@pytest.fixture
def draw(tmp_path, kept):
    """The pictures of a request, and all that was told meanwhile."""

    def drawn(source, size=(SIDE, SIDE), prompt="a red apple", **changes):
        request = starter_request(prompt, sampling=SAMPLING).model_copy(
            update={"source": source, "size": ResolvedSize(width=size[0], height=size[1])} | changes
        )
        job = generate(request.model_dump(), context_in(tmp_path, kept=kept))
        events = []
        while (event := advance(job)) is not None:
            events.append(event)
        paths = [each.path for each in events if isinstance(each, ImageReady)]
        return [pixels_of(tmp_path / "outputs" / path) for path in paths], events

    return drawn


def pixels_of(path):
    with Image.open(path) as picture:
        return np.asarray(picture.convert("RGB"), np.int16)


def picture_of(tmp_path):
    return pixels_of(tmp_path / "picture.png")


def test_the_lower_the_strength_the_nearer_the_picture(begin, draw, tmp_path):
    results = [draw(begin(strength=strength))[0][0] for strength in (0.0, 0.3, 0.6, 1.0)]

    differences = [np.abs(result - picture_of(tmp_path)).mean() for result in results]
    assert differences == sorted(differences)
    assert differences[0] < 8  # what the autoencoder loses
    assert differences[-1] > 3 * differences[0]


def test_only_the_steps_that_are_left_are_taken(begin, draw):
    _, events = draw(begin(strength=0.5))

    told = [event for event in events if isinstance(event, Progress)]
    assert [(each.step, each.steps) for each in told] == [(1, 2), (2, 2)]


@pytest.mark.parametrize("fill", ["original", "smear", "noise", "nothing"])
def test_only_what_is_masked_changes(begin, draw, tmp_path, fill):
    source = begin(mask=(20, 20, 51, 51))
    mask = source.mask.model_copy(update={"fill": fill})
    batch = BatchSettings(size=2)

    (first, second), _ = draw(source.model_copy(update={"mask": mask}), batch=batch)

    inside = np.zeros((SIDE, SIDE), bool)
    inside[20:52, 20:52] = True
    for result in (first, second):
        assert (result[~inside] == picture_of(tmp_path)[~inside]).all()
        assert (result[inside] != picture_of(tmp_path)[inside]).any(-1).mean() > 0.9
    assert (first[inside] != second[inside]).any()


def test_a_part_of_a_large_picture_is_drawn_alone(begin, draw, tmp_path):
    source = begin(mask=(100, 100, 131, 131), side=300)
    mask = source.mask.model_copy(update={"area": "masked", "padding": 16})

    (result,), _ = draw(source.model_copy(update={"mask": mask}))

    changed = (result != picture_of(tmp_path)).any(-1)
    rows, columns = np.nonzero(changed)
    assert result.shape == (300, 300, 3)
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (100, 131, 100, 131)


@pytest.mark.parametrize(("placement", "parked"), [("leaf", "ram"), ("group", "disk")])
def test_it_is_the_same_wherever_the_weights_lie(begin, draw, monkeypatch, placement, parked):
    source = begin(mask=(20, 20, 51, 51), strength=0.6)
    (usual,), _ = draw(source)
    part = How(placement, "full")
    lie = Placing({"diffusion_model": part, "clip_l": part, "vae": How("model", "full")}, parked)
    monkeypatch.setattr("backend.engine.work.Planner.placing", lambda *_: lie)

    (same,), _ = draw(source)

    assert (same == usual).all()


def test_no_seam_shows_beside_what_is_added(begin, draw, tmp_path):
    steps = SAMPLING.model_copy(update={"steps": 8})
    whole = {"prompt": "mountain landscape at sunset", "sampling": steps}
    source = begin(added=OutpaintSettings(right=64, left=64), side=128, strength=0.75)
    (before,), _ = draw(None, size=(128, 128), **whole)
    Image.fromarray(before.astype(np.uint8)).save(tmp_path / "picture.png")

    (result,), _ = draw(source, size=(256, 128), **whole)

    assert result.shape == (128, 256, 3)
    assert (result[:, 96:160] == before[:, 32:96]).all()
    usual, rare = np.percentile(steps_across(before), (95, 99))
    steps = steps_across(result)
    for edge in (64, 192):
        assert steps[edge - 1] <= usual
        assert steps[edge - 4 : edge + 4].max() <= rare, "of 16 columns one may well be above usual"


def steps_across(picture):
    """How far all rows together step from each column to the next, as an edge shows."""
    return np.abs(np.diff(picture, axis=1).mean(0)).max(-1)


def test_a_picture_that_is_gone_is_told(begin, draw, tmp_path):
    source = begin()
    (tmp_path / "picture.png").unlink()

    with pytest.raises(NotFoundError, match="The picture to begin with is not there any more"):
        draw(source)


def test_tiles_are_encoded_like_the_whole():
    starter = loaded("sd15", STARTER)
    y, x = np.mgrid[0:256, 0:256] / 256
    scene = np.stack([x, y, 0.5 + 0.5 * np.sin(9 * x * y)], axis=-1)
    scene[(x - 0.5) ** 2 + (y - 0.4) ** 2 < 0.06] = (0.9, 0.2, 0.15)
    pixels = as_pixels(Image.fromarray((scene * 255).astype(np.uint8)))

    whole, tiled = (latents(starter, pixels, tile) for tile in (None, 24))

    error = (whole - tiled).square().mean().sqrt()
    assert 20 * math.log10((whole.std() / error).item()) > 30


def latents(model, pixels, tile) -> torch.Tensor:
    encoding = encode(model, pixels, tile)
    while True:
        try:
            next(encoding)
        except StopIteration as end:
            return end.value
