"""What a training tells and draws on its way, none of which moves what is learned."""

import shutil
from collections.abc import Generator
from dataclasses import replace
from itertools import count
from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors import safe_open
from safetensors.torch import load_file

from backend.engine.advance import advance, close
from backend.engine.run import generate
from backend.engine.training.objective import loss_of
from backend.engine.training.story import train
from backend.places import Places
from backend.schema.errors import ExplodedError, OutOfMemoryError, OutputError
from backend.schema.events import Event, ImageReady, Metric, Progress, Stage, Warned
from backend.schema.resolved import ResolvedModel
from backend.schema.training import LearnedPicture, ResolvedTraining, TrainingRequest
from backend.training.folder import TrainingFolder
from tests.fixtures.starter import ROOT, context_in, starter_request
from tests.fixtures.tiny_unets import save_tiny_sd15

pytestmark = pytest.mark.usefixtures("one_thread")

SIDE, STEPS = 64, 6


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    folder = save_tiny_sd15(tmp_path_factory.mktemp("tiny") / "checkpoint").folder
    return ResolvedModel(
        checkpoint="tiny", name="Tiny", path=str(folder), family="sd15", sha256="0" * 64
    )


@pytest.fixture(scope="module")
def begin(model, tmp_path_factory):
    """A training of three pictures, of which the last is held back."""
    pictures_folder = tmp_path_factory.mktemp("pictures")
    for number in range(3):
        values = np.random.default_rng(number).integers(0, 256, (8, 8, 3), np.uint8)
        Image.fromarray(values).resize((SIDE, SIDE)).save(pictures_folder / f"{number}.png")

    def wanted(*, prompts=("zkw7, red", "zkw7, round"), held_back=(2,), **asked):
        usual = {"rank": 4, "steps": STEPS, "save_every": 2, "rate": 1e-2, "sample_every": 3}
        pictures = tuple(
            LearnedPicture(
                path=str(pictures_folder / f"{number}.png"),
                caption=f"zkw7, number {number}",
                repeats=1,
                width=SIDE,
                height=SIDE,
                held_back=number in held_back,
            )
            for number in range(3)
        )
        samples = (starter_request(each, side=SIDE) for each in prompts)
        return ResolvedTraining(
            id="0123456789ab",
            asked=TrainingRequest.from_short_names(usual | asked),
            model=model,
            resolution=SIDE,
            pictures=pictures,
            name="zkw7",
            samples=tuple(each.model_copy(update={"model": model}) for each in samples),
        )

    return wanted


@pytest.fixture(scope="module")
def whole(begin, tmp_path_factory, one_thread):
    """The folder of a training that nobody disturbed, and its events."""
    folder = tmp_path_factory.mktemp("whole")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("backend.engine.training.reporting._TOLD_SECONDS", 0.0)
        return folder, run(begin(), folder)


def surroundings(folder, kept=None):
    places = Places(ROOT, folder / "outputs", folder / "data", folder / "models")
    return replace(context_in(folder, kept=kept), places=places)


def run(wanted, folder, *, until=None, kill=False):
    """The events of a training, ended by a cancel or by death once `until` says so."""
    job, events = train(wanted.model_dump(mode="json"), surroundings(folder)), []
    while (event := advance(job)) is not None:
        events.append(event)
        if until and until(events):
            if kill:
                shutil.copytree(folder, folder.with_suffix(".killed"))
            close(cast("Generator[Event]", job))
            break
    return events


def told(folder):
    return TrainingFolder.of(surroundings(folder).places, "0123456789ab")


def learned(folder, name="zkw7"):
    return load_file(folder / "models" / "loras" / f"{name}.safetensors")


def same(one, other):
    return one.keys() == other.keys() and all(torch.equal(one[key], other[key]) for key in one)


def pixels(path):
    with Image.open(path) as picture:
        return picture.convert("RGB").tobytes()


def lines(folder):
    """What every step came to, but for how fast it was."""
    plain = {"seconds": 0.0, "memory": 0}
    return [each.model_copy(update=plain) for each in told(folder).measured()]


def test_a_training_tells_each_step_and_shows_what_it_draws(begin, whole, tmp_path):
    folder, events = whole

    story = told(folder)
    measured = story.measured()
    assert [each.step for each in measured] == [1, 2, 3, 4, 5, 6]
    for each in measured:
        [loss] = [loss for loss in each.bands if loss is not None]
        assert len(each.bands) == 4
        assert loss == each.loss
    assert [each.step for each in story.validated()] == [0, 2, 4, 6]
    assert [(each.step, each.place) for each in story.samples()] == [
        (step, place) for step in (0, 3, 6) for place in (0, 1)
    ]
    assert {each.steps for each in events if isinstance(each, Progress)} == {STEPS}
    stages = [each.sentence for each in events if isinstance(each, Stage)]
    assert "Drawing sample 2 of 2" in stages
    assert any(isinstance(each, Metric) and each.name == "validation_loss" for each in events)

    plain = generate(begin().samples[0].model_dump(mode="json"), context_in(tmp_path / "plain"))
    ready = next(
        each for each in iter(lambda: advance(plain), None) if isinstance(each, ImageReady)
    )
    alone = pixels(tmp_path / "plain" / "outputs" / ready.path)
    assert pixels(story.sample_of(0, 0)) == alone
    assert pixels(story.sample_of(6, 0)) != alone


def test_each_checkpoint_is_a_lora_of_its_own_and_the_last_one_shows_a_picture(whole):
    folder, _ = whole
    loras = folder / "models" / "loras"

    files = sorted(str(path.relative_to(loras)) for path in loras.rglob("*.safetensors"))
    own = [f"zkw7/zkw7-00000{step}.safetensors" for step in (2, 4)]
    assert files == ["zkw7.safetensors", *own]
    assert not same(learned(folder, "zkw7/zkw7-000002"), learned(folder))
    with safe_open(loras / "zkw7.safetensors", "pt") as file:
        assert "modelspec.thumbnail" in file.metadata()
    assert told(folder).kept() == (2, 4, 6)


def test_nothing_that_is_shown_moves_what_is_learned(begin, whole, tmp_path):
    run(begin(sample_every=0, save_every=100), tmp_path)

    assert lines(whole[0]) == lines(tmp_path)
    assert same(learned(whole[0]), learned(tmp_path))


def at_step_5(events):
    return isinstance(events[-1], Metric) and events[-1].step == 5


def in_a_sample_of_step_3(events):
    steps = [each.step for each in events if isinstance(each, Metric)]
    last = events[-1]
    return 3 in steps and isinstance(last, Stage) and last.sentence == "Drawing sample 2 of 2"


@pytest.mark.parametrize(
    ("until", "kill"),
    [
        (at_step_5, True),
        (in_a_sample_of_step_3, True),
        pytest.param(in_a_sample_of_step_3, False, marks=pytest.mark.slow),
    ],
)
def test_a_story_that_was_broken_off_is_told_as_if_it_had_not_been(
    begin, whole, tmp_path, until, kill
):
    cut = tmp_path / "cut"
    run(begin(), cut, until=until, kill=kill)
    cut = cut.with_suffix(".killed") if kill else cut
    run(begin(), cut)

    story, known = told(cut), told(whole[0])
    assert lines(cut) == lines(whole[0])
    assert story.validated() == known.validated()
    assert story.samples() == known.samples()
    for each in story.samples():
        assert pixels(story.sample(each.file)) == pixels(known.sample(each.file))


@pytest.fixture(autouse=True)
def every_step_is_told(monkeypatch):
    monkeypatch.setattr("backend.engine.training.reporting._TOLD_SECONDS", 0.0)


def test_samples_that_do_not_fit_are_left_out_with_a_word(begin, tmp_path, monkeypatch):
    def short(*given):
        raise OutOfMemoryError("It does not fit.", "Make it smaller.")
        yield

    monkeypatch.setattr("backend.engine.training.showing.draw_all", short)

    events = run(begin(), tmp_path)

    words = [each.sentence for each in events if isinstance(each, Warned)]
    assert words[0] == "Step 0 has no sample pictures: It does not fit."
    assert len(told(tmp_path).measured()) == STEPS
    assert not told(tmp_path).samples()


def test_a_training_that_breaks_stops_and_names_what_was_good(begin, tmp_path, monkeypatch):
    wanted, calls = begin(steps=60, save_every=10, sample_every=0, held_back=()), count(1)

    def rising(*given):
        return loss_of(*given) * (100 if next(calls) > 25 else 1)

    monkeypatch.setattr("backend.engine.training.learning.loss_of", rising)

    with pytest.raises(
        ExplodedError, match=r"It broke at step 2.*the loss is .* what it was"
    ) as it:
        run(wanted, tmp_path)

    assert "The checkpoint after step 20 is the last good one" in it.value.hint
    assert "lower learning rate than 0.01" in it.value.hint
    assert ".png" in it.value.sentence
    assert told(tmp_path).kept() == (10, 20)


def test_the_disk_is_looked_at_before_anything_is_learned(begin, tmp_path, monkeypatch):
    def free(size):
        monkeypatch.setattr("shutil.disk_usage", lambda place: SimpleNamespace(free=size))

    free(2**20)
    with pytest.raises(OutputError, match=r"1 MB left .* a checkpoint"):
        run(begin(), tmp_path)
    assert not told(tmp_path).measured()

    free(2**28 + 10 * 2**20)
    wanted = begin(steps=2000, save_every=1, sample_every=0)
    words: list[str] = []

    def until(events):
        words.extend(each.sentence for each in events if isinstance(each, Warned))
        return isinstance(events[-1], Metric)

    run(wanted, tmp_path, until=until)
    assert "The 2000 checkpoints to come take" in words[0]
