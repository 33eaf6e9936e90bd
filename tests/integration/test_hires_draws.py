"""High-resolution fix with the starter: what becomes of a picture, and what is told meanwhile."""

from typing import Any

import numpy as np
import pytest
from PIL import Image

from backend.engine.memory.placing import How, Placing
from backend.engine.run import generate
from backend.metadata.own import read_metadata
from backend.schema.events import Event, ImageReady, Progress, Stage, Warned
from backend.schema.hires import ResolvedHires
from backend.schema.picture_settings import BatchSettings, PromptSettings
from backend.schema.source_settings import ResolvedPicture, ResolvedSource
from backend.schema.upscaling import ResolvedUpscaler
from tests.fixtures.starter import STARTER, context_in, of_type, starter_request

UPSCALER = ResolvedUpscaler(
    id="starter", name="Starter upscaler", path=str(STARTER / "upscaler.safetensors")
)


def hires(method="latent", **changed) -> ResolvedHires:
    values = {
        "factor": 2.0,
        "method": method,
        "upscaler": UPSCALER if method == "model" else None,
        "strength": 0.4,
        "steps": 2,
        "sampler": "euler",
        "schedule": "karras",
        "sizes": ((128, 128),),
    }
    return ResolvedHires.model_validate(values | changed)


def of(events: list[Event], kind: type) -> list[Any]:
    return list(of_type(events, kind))


@pytest.fixture(scope="module")
def draw(tmp_path_factory):
    """Draws a request; tells its pictures and all events."""
    folder, kept = tmp_path_factory.mktemp("hires"), {}

    def draw(which: ResolvedHires | None, **changed):
        wanted = starter_request(side=64).model_copy(update={"hires": which, **changed})
        context = context_in(folder, job=f"{len(list(folder.rglob('*.png'))):012x}", kept=kept)
        events = list(generate(wanted.model_dump(), context))
        paths = [folder / "outputs" / each.path for each in of(events, ImageReady)]
        return paths, events

    return draw


def pixels(path, side: int | None = None) -> np.ndarray:
    with Image.open(path) as picture:
        whole = picture.convert("RGB")
    return np.asarray(whole.resize((side, side)) if side else whole, dtype=float)


def likeness(one, other) -> float:
    """How much two pictures are alike, both made small."""
    small = [pixels(each, side=32) for each in (one, other)]
    return float(np.corrcoef(small[0].ravel(), small[1].ravel())[0, 1])


@pytest.mark.parametrize("method", ["model", "lanczos", "latent"])
def test_the_picture_is_the_same_and_larger(draw, method):
    (small,), _ = draw(None)
    (other,), _ = draw(None, seed=2)

    (large,), events = draw(hires(method))

    assert pixels(large).shape == (128, 128, 3)
    assert likeness(small, large) > likeness(other, large) + 0.3
    steps = [(each.step, each.steps) for each in of(events, Progress)]
    assert steps == [(number, 5) for number in range(1, 6)]
    assert not of(events, Warned)
    metadata = read_metadata(large)
    assert metadata
    assert metadata.request.as_request().hires == hires(method).as_settings("dpmpp_2m", "karras")
    assert str(STARTER) not in metadata.model_dump_json()


def test_passes_grow_little_by_little_and_change_less_and_less(draw):
    grown = hires(sizes=((96, 96), (128, 128)), strength=0.6)
    first, last = grown.passes

    (large,), events = draw(grown)

    assert (first.strength, last.strength) == (0.6, 0.4)
    told = [each.sentence for each in of(events, Stage)]
    assert "Drawing at 96 × 96" in told
    assert "Drawing at 128 × 128" in told
    assert of(events, Progress)[-1].step == 3 + 2 + 2
    assert pixels(large).shape == (128, 128, 3)


def test_a_prompt_of_its_own_and_pictures_of_a_batch(draw):
    words = PromptSettings(positive="blue sky, white clouds")

    paths, _ = draw(hires(strength=1.0, prompt=words), batch=BatchSettings(size=2))
    alike, _ = draw(hires(strength=1.0), batch=BatchSettings(size=2))

    assert [pixels(path).shape for path in paths] == [(128, 128, 3)] * 2
    assert not np.array_equal(pixels(paths[0]), pixels(paths[1]))
    for one, other in zip(paths, alike, strict=True):
        assert np.abs(pixels(one) - pixels(other)).mean() > 10


def test_in_tiles_a_picture_is_nearly_as_it_is_whole(draw):
    (whole,), _ = draw(hires(strength=0.2))

    (tiled,), _ = draw(hires(strength=0.2, tile=64))

    apart = np.abs(pixels(whole) - pixels(tiled)).mean()
    assert 0 < apart < 12


def test_a_picture_that_was_not_drawn_is_refined_as_it_is(draw):
    (small,), _ = draw(None)
    (other,), _ = draw(None, seed=2)
    found = ResolvedPicture(reference=str(small), path=str(small), sha256="")
    source = ResolvedSource(picture=found, width=64, height=64, strength=0.0)

    (large,), events = draw(hires("model", strength=0.3), source=source)

    assert likeness(small, large) > likeness(other, large) + 0.3
    told = [each.sentence for each in of(events, Stage)]
    assert "Drawing" not in told
    assert [each.steps for each in of(events, Progress)] == [2, 2]


@pytest.mark.parametrize(("placement", "parked"), [("leaf", "ram"), ("group", "disk")])
def test_it_is_the_same_wherever_the_weights_lie(draw, monkeypatch, placement, parked):
    wanted = hires("lanczos", tile=64)
    (usual,), _ = draw(wanted, seamless="across")
    part = How(placement, "full")
    lie = Placing({"diffusion_model": part, "clip_l": part, "vae": How("model", "full")}, parked)
    monkeypatch.setattr("backend.engine.work.Planner.placing", lambda *_: lie)

    (same,), _ = draw(wanted, seamless="across")

    assert np.array_equal(pixels(usual), pixels(same))
