"""The whole story of a request, for every family: from one file on the disk to a picture there."""

from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path

import pytest
from PIL import Image

from backend.engine.registry import families
from backend.engine.run import generate
from backend.schema.events import Event, ImageReady, Progress, Stage
from backend.schema.models import Family
from backend.schema.resolved import (
    ResolvedModel,
    ResolvedRefiner,
    ResolvedRequest,
    ResolvedSampling,
)
from tests.fixtures.starter import context_in, of_type, starter_request
from tests.fixtures.tiny_families import TINY_FAMILIES

pytestmark = pytest.mark.usefixtures("one_thread")

FAMILIES = [family.info.id for family in families()]
REFINERS = [family for family in FAMILIES if Family(family).refines]


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> Callable[[str], ResolvedModel]:
    """A family's tiny checkpoint as one file, as the library finds it."""

    @cache
    def find(family: str) -> ResolvedModel:
        folder = tmp_path_factory.mktemp(family)
        tiny = TINY_FAMILIES[family]
        path = tiny.save(folder / "checkpoint").save(folder / "whole.safetensors")
        return ResolvedModel.model_validate(
            {
                "checkpoint": path.name,
                "name": f"Tiny {family}",
                "path": str(path),
                "family": family,
                "sha256": "0" * 64,
                "prediction": tiny.prediction,
            }
        )

    return find


def request_for(model: ResolvedModel, steps: int = 2) -> ResolvedRequest:
    sampling = ResolvedSampling(sampler="euler", schedule="simple", steps=steps, cfg_scale=2.0)
    return starter_request(sampling=sampling).model_copy(update={"model": model})


def picture(folder: Path, events: Sequence[Event]) -> bytes:
    [ready] = of_type(events, ImageReady)
    assert isinstance(ready, ImageReady)
    with Image.open(folder / "outputs" / ready.path) as opened:
        assert opened.size == (64, 64)
        return opened.tobytes()


@pytest.mark.parametrize("family", FAMILIES)
def test_a_request_makes_a_picture(model, tmp_path, family):
    events = list(generate(request_for(model(family)).model_dump(), context_in(tmp_path)))

    assert len(set(picture(tmp_path, events))) > 20
    assert [e.step for e in events if isinstance(e, Progress)] == [1, 2]


@pytest.mark.parametrize(("switch_at", "taken_over"), [(0.8, 4), (0.5, 2), (0.1, 1), (1.0, 5)])
@pytest.mark.parametrize("family", REFINERS)
def test_a_refiner_takes_over_at_its_step(model, tmp_path, family, switch_at, taken_over):
    refined = request_for(model(Family(family).refines), steps=5)
    refiner = ResolvedRefiner(model=model(family), switch_at=switch_at)
    wanted = refined.model_copy(update={"refiner": refiner})

    events = list(generate(wanted.model_dump(), context_in(tmp_path)))

    told = [
        event.step if isinstance(event, Progress) else event.sentence
        for event in events
        if isinstance(event, Progress)
        or (isinstance(event, Stage) and event.sentence in ("Drawing", "Refining"))
    ]
    steps = [1, 2, 3, 4, 5]
    refining = ["Refining", *steps[taken_over:]] if taken_over < len(steps) else []
    assert told == ["Drawing", *steps[:taken_over], *refining]
    picture(tmp_path, events)


@pytest.mark.parametrize("family", REFINERS)
def test_a_refiner_changes_the_picture(model, tmp_path, family):
    plain = request_for(model(Family(family).refines), steps=4)
    refiner = ResolvedRefiner(model=model(family), switch_at=0.5)
    refined = plain.model_copy(update={"refiner": refiner})

    pictures = [
        picture(tmp_path / name, list(generate(wanted.model_dump(), context_in(tmp_path / name))))
        for name, wanted in (("plain", plain), ("refined", refined))
    ]

    assert pictures[0] != pictures[1]
