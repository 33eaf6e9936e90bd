"""The whole story of a request, with the starter model."""

import hashlib
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from backend.engine import preview, work
from backend.engine.memory import swap
from backend.engine.run import generate, prepare
from backend.metadata.own import read_metadata
from backend.schema.errors import ModelDamagedError, ModelMissingError, NotFoundError
from backend.schema.events import (
    Event,
    ImageReady,
    Metric,
    Preview,
    Progress,
    Skipped,
    Stage,
    Warned,
)
from backend.schema.picture_settings import BatchSettings
from backend.schema.resolved import ResolvedRequest, ResolvedSampling
from tests.fixtures.short_memory import READ, short_memory
from tests.fixtures.starter import STARTER, context_in, of_type, starter_request

pytestmark = pytest.mark.engine


@pytest.fixture(scope="module")
def kept() -> dict[str, object]:
    """The loaded checkpoint, shared by the tests of this file."""
    prepare()
    return {}


@pytest.fixture
def make(tmp_path, kept):
    def make(request: ResolvedRequest, job: str = "a" * 12, finished=()) -> list[Event]:
        context = context_in(tmp_path, job=job, finished=finished, kept=kept)
        return list(generate(request.model_dump(mode="json"), context))

    return make


def pixels(folder: Path, events: list[Event]) -> dict[int, str]:
    found: dict[int, str] = {}
    for event in events:
        if isinstance(event, ImageReady):
            with Image.open(folder / "outputs" / event.path) as picture:
                found[event.index] = hashlib.sha256(picture.tobytes()).hexdigest()
    return found


def test_what_a_picture_says_of_itself_makes_the_same_pixels(make, tmp_path):
    events = make(starter_request(batch=BatchSettings(size=2, count=2), seed=7))
    [first] = [e for e in events if isinstance(e, ImageReady) and e.index == 3]
    metadata = read_metadata(tmp_path / "outputs" / first.path)
    assert metadata is not None

    # The path of the model stays at home: whoever reads the picture finds the model by its id.
    model = metadata.request.model.model_copy(update={"path": str(STARTER)})
    again = make(metadata.request.model_copy(update={"model": model}), job="b" * 12)

    assert pixels(tmp_path, again) == pixels(tmp_path, events)
    assert len(pixels(tmp_path, events)) == 4


def test_a_machine_that_works_from_its_disk_is_told_of_once(make, monkeypatch):
    readings = iter(range(0, 9 * swap.MUCH, swap.MUCH))
    watch = partial(swap.SwapWatch, read_back=lambda: next(readings))
    monkeypatch.setattr(work, "SwapWatch", watch)

    told = make(starter_request(batch=BatchSettings(count=3)), job="5" * 12)

    assert of_type(told, Warned) == [Warned(sentence=swap.SENTENCE)]
    assert len(of_type(told, ImageReady)) == 3


def test_without_guidance_a_picture_has_shades(make, tmp_path):
    sampling = ResolvedSampling(sampler="euler_a", schedule="simple", steps=2, cfg_scale=1.0)

    [ready] = of_type(make(starter_request(sampling=sampling)), ImageReady)

    assert isinstance(ready, ImageReady)
    with Image.open(tmp_path / "outputs" / ready.path) as picture:
        assert picture.size == (64, 64)
        assert len(picture.getcolors(64 * 64) or []) > 50


def test_pictures_that_exist_are_not_made_again_and_the_others_do_not_change(make, tmp_path):
    request = starter_request(batch=BatchSettings(size=2, count=2), seed=3)
    whole = pixels(tmp_path, make(request, job="c" * 12))

    rest = make(request, job="d" * 12, finished={0, 2, 3})

    assert set(pixels(tmp_path, rest)) == {1}
    assert pixels(tmp_path, rest)[1] == whole[1]


def test_a_skipped_batch_leaves_nothing_and_the_others_do_not_change(make, tmp_path, kept):
    request = starter_request(batch=BatchSettings(size=2, count=3), seed=3)
    whole = pixels(tmp_path, make(request, job="6" * 12))
    context = context_in(tmp_path, job="8" * 12, kept=kept)
    events: list[Event] = []
    for event in generate(request.model_dump(mode="json"), context):
        events.append(event)
        if isinstance(event, Progress) and (event.batch, event.step) == (1, 2):
            context.skipped.add(1)
        if isinstance(event, ImageReady) and event.index == 3:
            context.skipped.add(2)  # too late: all of it is saved
        if isinstance(event, ImageReady) and event.index == 4:
            context.skipped.add(3)  # one of its pictures is saved already

    assert of_type(events, Skipped) == [Skipped(indices=(0, 1)), Skipped(indices=(5,))]
    rest = pixels(tmp_path, events)
    assert rest == {index: whole[index] for index in (2, 3, 4)}
    assert not list((tmp_path / "data" / "latents").glob(f"{'8' * 12}*"))
    assert "latents" not in context.slots
    steps = [each for each in events if isinstance(each, Progress)]
    assert (1, 3) not in {(each.batch, each.step) for each in steps}
    assert "seconds_in_models" not in {each.name for each in events if isinstance(each, Metric)}


def test_nothing_left_to_make_is_no_work(make):
    events = make(starter_request(), finished={0})

    assert not of_type(events, Progress)
    assert not of_type(events, ImageReady)


def test_a_batch_draws_each_seed_as_if_alone(make, tmp_path):
    together = make(starter_request(seed=5, batch=BatchSettings(size=2)), job="e" * 12)
    alone = make(starter_request(seed=6), job="f" * 12)

    second, only = (
        np.asarray(Image.open(tmp_path / "outputs" / event.path), dtype=int)
        for event in (*of_type(together, ImageReady)[1:], *of_type(alone, ImageReady))
    )

    assert abs(second - only).max() <= 2


def test_progress_counts_up_to_the_last_step_with_the_time_left(make):
    events = make(starter_request(batch=BatchSettings(count=2)))

    heard = [(e.batch, e.step) for e in events if isinstance(e, Progress)]
    assert heard == [(1, 1), (1, 2), (1, 3), (2, 1), (2, 2), (2, 3)]
    last = of_type(events, Progress)[-1]
    assert isinstance(last, Progress)
    assert last.seconds_left == 0
    assert (last.steps, last.batches) == (3, 2)


def test_previews_show_every_picture_of_the_batch(make, monkeypatch):
    monkeypatch.setattr(preview, "SECONDS_BETWEEN", 0.0)
    monkeypatch.setattr(preview, "SHARE_OF_TIME", 1e6)

    events = make(starter_request(batch=BatchSettings(size=2, count=2)))

    shown = [event.index for event in events if isinstance(event, Preview)]
    assert shown == [0, 1] * 3 + [2, 3] * 3


def test_most_of_the_time_is_spent_in_the_networks(make):
    request = starter_request(
        side=128,
        sampling=ResolvedSampling(sampler="dpmpp_2m", schedule="karras", steps=10, cfg_scale=4.5),
    )

    metrics = {e.name: e.value for e in make(request) if isinstance(e, Metric)}

    outside = metrics["seconds_total"] - metrics["seconds_in_models"]
    assert outside < max(0.25, 0.1 * metrics["seconds_total"])


def test_the_same_checkpoint_is_loaded_once(make):
    make(starter_request())

    stages = [e.sentence for e in make(starter_request()) if isinstance(e, Stage)]

    assert not [sentence for sentence in stages if sentence.startswith("Loading")]


def test_another_prompt_encodes_only_what_changed_and_another_seed_nothing(make):
    make(starter_request("a red apple"))

    with short_memory() as memory:
        make(starter_request("a green apple"))
        make(starter_request("a green apple", seed=2))

    assert memory.calls.count(READ) == 1
    assert "load" not in memory.calls


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"sampling": {"sampler": "none"}}, NotFoundError),
        ({"sampling": {"schedule": "none"}}, NotFoundError),
        ({"model": {"family": "none"}}, NotFoundError),
        ({"model": {"path": "/nowhere"}}, ModelMissingError),
        ({"model": {"path": str(STARTER / "unet")}}, ModelMissingError),
    ],
)
def test_what_is_not_there_is_refused_in_words(tmp_path, change, error):
    request = starter_request().model_dump()
    for part, values in change.items():
        request[part] = {**request[part], **values}

    with pytest.raises(error):
        list(generate(request, context_in(tmp_path)))


def damage_weights(folder: Path) -> None:
    [weights] = (folder / "unet").glob("*.safetensors")
    weights.write_bytes(weights.read_bytes()[:5000])


def remove_weights(folder: Path) -> None:
    [weights] = (folder / "vae").glob("*.safetensors")
    weights.unlink()


def break_config(folder: Path) -> None:
    (folder / "scheduler" / "scheduler_config.json").write_text("<html>")


def remove_tokenizer(folder: Path) -> None:
    for file in (folder / "tokenizer").iterdir():
        file.unlink()
    (folder / "tokenizer").rmdir()


@pytest.mark.parametrize("damage", [damage_weights, remove_weights, break_config, remove_tokenizer])
def test_a_damaged_checkpoint_is_refused_with_the_part_that_is_broken(tmp_path, damage):
    folder = tmp_path / "copy"
    for file in STARTER.rglob("*"):
        if file.is_file():
            copy = folder / file.relative_to(STARTER)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(file.read_bytes())
    damage(folder)
    request = starter_request()
    model = request.model.model_copy(update={"path": str(folder)})
    broken = request.model_copy(update={"model": model}).model_dump()

    with pytest.raises(ModelDamagedError, match="“copy”"):
        list(generate(broken, context_in(tmp_path)))
