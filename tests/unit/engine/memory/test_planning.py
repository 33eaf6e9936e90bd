"""A request is made to fit into the memory that it may use, and shows the same picture."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from backend.engine.residency import Residency
from backend.engine.run import generate
from backend.library.library import Library
from backend.metadata.catalogue import load_catalogue
from backend.places import default_places
from backend.schema.errors import OutOfMemoryError
from backend.schema.events import Event, ImageReady, Metric, Stage, Warned
from backend.schema.memory_settings import MemoryLimits, MemorySettings, ResolvedMemory
from backend.schema.models import PartFacts
from backend.schema.picture_settings import BatchSettings
from backend.schema.resolved import ResolvedRequest
from tests.fixtures.short_memory import short_memory
from tests.fixtures.starter import STARTER, context_in, of_type, starter_request
from tests.unit.engine.memory.test_tiling import psnr

pytestmark = pytest.mark.usefixtures("one_thread")
MIB = 2**20


@pytest.fixture(scope="module")
def parts(tmp_path_factory) -> tuple[PartFacts, ...]:
    """What the library says of the starter model."""
    places = replace(default_places(), data=tmp_path_factory.mktemp("data"))
    library = Library(places, load_catalogue())
    model = library.look(STARTER).model
    library.close()
    assert model
    return tuple(
        PartFacts(role=part.role, parameters=part.parameters, bytes=part.bytes)
        for part in model.parts
    )


def request_for(parts, memory: ResolvedMemory | None = None, pictures: int = 1) -> ResolvedRequest:
    asked = starter_request(batch=BatchSettings(size=pictures))
    model = asked.model.model_copy(update={"parts": parts})
    return asked.model_copy(update={"model": model, "memory": memory or ResolvedMemory()})


def by_hand(**settings: object) -> ResolvedMemory:
    return ResolvedMemory(settings=MemorySettings.model_validate(settings))


def made(folder: Path, wanted: ResolvedRequest, kept: dict[str, object] | None = None):
    events = list(generate(wanted.model_dump(), context_in(folder, kept=kept)))
    pictures: list[Image.Image] = []
    for each in events:
        if isinstance(each, ImageReady):
            with Image.open(folder / "outputs" / each.path) as opened:
                pictures.append(opened.copy())
    return events, pictures


def workplace_in(kept: dict[str, object]):
    residency = kept["residency"]
    assert isinstance(residency, Residency)
    [held] = residency._held.values()
    return held.model.workplace


def metric(events: list[Event], name: str) -> float | None:
    return next((e.value for e in events if isinstance(e, Metric) and e.name == name), None)


@pytest.mark.parametrize("placement", ["model", "group", "leaf"])
def test_a_placement_by_hand_is_what_happens_and_changes_no_pixel(tmp_path, parts, placement):
    _, [usual] = made(tmp_path / "usual", request_for(parts))
    kept: dict[str, object] = {}

    memory = by_hand(placement=placement, precision="exact")
    _, [placed] = made(tmp_path / "placed", request_for(parts, memory), kept)

    workplace = workplace_in(kept)
    assert workplace.placing.how("diffusion_model").placement == placement
    assert workplace.tally.most < sum(part.parameters for part in parts) * 4
    assert placed.tobytes() == usual.tobytes()


def test_eight_bits_show_nearly_the_same_in_less_room(tmp_path, parts):
    kept: dict[str, object] = {}
    _, [usual] = made(tmp_path / "usual", request_for(parts))

    _, [narrow] = made(tmp_path / "narrow", request_for(parts, by_hand(precision="fp8")), kept)

    assert workplace_in(kept).placing.how("diffusion_model").storage == "fp8"
    assert narrow.tobytes() != usual.tobytes()
    assert psnr(narrow, usual) > 20  # the starter is small, and has more to lose than most


def test_another_placement_for_the_same_model_reads_only_what_changes(tmp_path, parts):
    kept: dict[str, object] = {}
    made(tmp_path / "one", request_for(parts), kept)

    memory = by_hand(text_placement="model", vae_placement="resident", placement="resident")
    events, _ = made(tmp_path / "two", request_for(parts, memory), kept)

    loading = {e.sentence for e in events if isinstance(e, Stage) and "Loading" in e.sentence}
    assert loading == set()  # the text encoder's weights wait in their file now


def test_memory_that_is_limited_is_kept_to(tmp_path, parts):
    most = 960 * MIB
    limits = MemoryLimits(device_bytes=most)
    kept: dict[str, object] = {}

    events, [picture] = made(tmp_path, request_for(parts, ResolvedMemory(limits=limits)), kept)

    full = sum(part.parameters for part in parts) * 4
    assert workplace_in(kept).tally.most < 0.7 * full
    assert (metric(events, "planned_peak_bytes") or 0) <= most
    assert picture.size == (64, 64)


def test_what_can_never_fit_is_refused_before_anything_is_read(tmp_path, parts):
    memory = ResolvedMemory(limits=MemoryLimits(device_bytes=400 * MIB))

    with pytest.raises(OutOfMemoryError, match=re.compile(r"Does not fit: needs 0\.\d GB")):
        made(tmp_path, request_for(parts, memory))


def test_where_it_still_runs_out_the_next_placement_is_tried_and_told(tmp_path, parts):
    _, [usual] = made(tmp_path / "usual", request_for(parts, by_hand(precision="exact")))
    kept: dict[str, object] = {}

    refused = iter([True, True])
    with short_memory(refuses=lambda _, kind: kind == "draw" and next(refused, False)):
        events, [picture] = made(
            tmp_path / "short", request_for(parts, by_hand(precision="exact")), kept
        )

    told = [event.sentence for event in events if isinstance(event, Warned)]
    assert [sentence.partition(", so ")[2] for sentence in told] == [
        "what earlier pictures had left in it was freed.",
        "the parts of the model that do not work wait elsewhere.",
    ]
    assert workplace_in(kept).placing.how("clip_l").placement == "model"
    assert picture.tobytes() == usual.tobytes()
    assert metric(events, "planned_peak_bytes") is None  # it went otherwise

    events, [again] = made(tmp_path / "again", request_for(parts, by_hand(precision="exact")), kept)
    assert not of_type(events, Warned)
    assert workplace_in(kept).placing.how("clip_l").placement == "model"
    assert again.tobytes() == usual.tobytes()


def test_prompts_are_drawn_in_turn_where_that_is_planned_or_helps(tmp_path, parts):
    _, usual = made(tmp_path / "usual", request_for(parts, pictures=2))

    refused = iter([True] * 6)
    with short_memory(refuses=lambda _, kind: kind == "draw" and next(refused, False)):
        events, pictures = made(tmp_path / "short", request_for(parts, pictures=2))

    told = [event.sentence for event in events if isinstance(event, Warned)]
    assert "prompt and negative prompt are drawn in turn" in told[-1]
    for one, other in zip(pictures, usual, strict=True):
        assert one.tobytes() == other.tobytes() or psnr(one, other) >= 60


def test_a_second_picture_tells_what_it_took(tmp_path, parts):
    kept: dict[str, object] = {}
    first, _ = made(tmp_path / "one", request_for(parts), kept)
    second, _ = made(tmp_path / "two", request_for(parts), kept)

    assert metric(first, "peak_bytes") is None
    assert metric(first, "planned_peak_bytes") == metric(second, "planned_peak_bytes")
    taken = metric(second, "peak_bytes")
    if Path("/proc/self/status").exists():
        assert taken is not None
        assert 100 * MIB < taken < 20_000 * MIB
