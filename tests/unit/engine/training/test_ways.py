"""A training learns the same wherever its checkpoint lies, and goes on where memory runs out."""

from itertools import pairwise

import numpy as np
import pytest
import torch
from PIL import Image

from backend.engine.advance import advance
from backend.engine.memory.placing import Placing
from backend.engine.residency import Residency
from backend.engine.training.learning import Learning
from backend.engine.training.story import train
from backend.schema.errors import OutOfMemoryError
from backend.schema.events import Finished, Progress, Warned
from backend.schema.models import PartFacts, Role
from backend.schema.resolved import ResolvedModel
from backend.schema.training import LearnedPicture, ResolvedTraining, TrainingRequest
from backend.schema.training_way import LearningWay
from backend.training.folder import TrainingFolder
from tests.unit.engine.training.test_training import surroundings

pytestmark = pytest.mark.usefixtures("one_thread")

SIDE = 64
ROLES: dict[str, tuple[Role, ...]] = {
    "sd15": ("clip_l", "diffusion_model", "vae"),
    "flux1": ("clip_l", "t5xxl", "diffusion_model", "vae"),
}
WAYS = {
    "twice": LearningWay(twice=True),
    "others wait": LearningWay(others_wait=True),
    "eight bits": LearningWay(others_wait=True, twice=True, storage="fp8"),
    "block by block": LearningWay(others_wait=True, twice=True, placement="group"),
    "all at once": LearningWay(others_wait=True, twice=True, storage="fp8", placement="group"),
}


@pytest.fixture
def begin(folders, tmp_path):
    def wanted(family="sd15", way=None, **asked):
        picture = tmp_path / "0.png"
        values = np.random.default_rng(0).integers(0, 256, (SIDE, SIDE, 3), np.uint8)
        Image.fromarray(values).save(picture)
        usual = {"rank": 4, "steps": 3, "rate": 1e-2, "dropout": 0.2, "layers": "all"}
        parts = tuple(PartFacts(role=role, parameters=1, bytes=1) for role in ROLES[family])
        return ResolvedTraining(
            id="0123456789ab",
            asked=TrainingRequest.from_short_names(usual | asked),
            model=ResolvedModel(
                checkpoint="tiny",
                name="Tiny",
                path=str(folders(family)),
                family=family,
                sha256="0" * 64,
                parts=parts,
            ),
            resolution=SIDE,
            pictures=(
                LearnedPicture(
                    path=str(picture), caption="zkw7", repeats=1, width=SIDE, height=SIDE
                ),
            ),
            name="zkw7",
            way=way,
        )

    return wanted


def run(wanted, context, between=lambda: None):
    """The losses of all steps, and the events."""
    job, events = train(wanted.model_dump(mode="json"), context), []
    while (event := advance(job)) is not None:
        events.append(event)
        if isinstance(event, Progress):
            between()
    folder = TrainingFolder.of(context.places, wanted.id)
    return [each.loss for each in folder.measured()], events


@pytest.mark.parametrize("family", ["sd15", pytest.param("flux1", marks=pytest.mark.slow)])
@pytest.mark.parametrize("way", ["twice", "others wait", "block by block"])
def test_where_a_checkpoint_lies_changes_nothing(begin, tmp_path, family, way):
    plain, _ = run(begin(family), surroundings(tmp_path / "one"))
    other, _ = run(begin(family, WAYS[way]), surroundings(tmp_path / "two"))

    assert len(plain) == 3
    assert other == plain


def test_pictures_of_a_batch_learned_one_after_the_other_are_learned_the_same(begin, tmp_path):
    asked = {"batch_size": 3, "preservation": 1.0, "dropout": 0.0, "trigger": "zkw7"}
    plain, _ = run(begin(**asked), surroundings(tmp_path / "one"))
    alone, _ = run(begin(way=LearningWay(alone=True), **asked), surroundings(tmp_path / "two"))

    assert alone == pytest.approx(plain, rel=1e-4)


@pytest.mark.parametrize("way", ["eight bits", "all at once"])
def test_in_eight_bits_it_learns_nearly_the_same(begin, tmp_path, way):
    plain, _ = run(begin(), surroundings(tmp_path / "one"))
    other, _ = run(begin(way=WAYS[way]), surroundings(tmp_path / "two"))

    assert other != plain
    assert other == pytest.approx(plain, rel=0.05)


def test_where_memory_runs_out_the_step_is_done_again_with_less(begin, tmp_path, monkeypatch):
    plain, _ = run(begin(), surroundings(tmp_path / "one"))
    gradient, full = Learning._gradient, iter([False, True])

    def overflowing(self):
        if next(full, False):
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return gradient(self)

    monkeypatch.setattr(Learning, "_gradient", overflowing)
    losses, events = run(begin(), surroundings(tmp_path / "two"))

    assert losses == plain
    [told] = [each.sentence for each in events if isinstance(each, Warned)]
    assert told == ("The memory was full while it learned, so each block works twice from now on.")


def test_where_nothing_helps_it_ends_with_what_to_do(begin, tmp_path, monkeypatch):
    def overflowing(self):
        raise torch.OutOfMemoryError("CUDA out of memory.")

    monkeypatch.setattr(Learning, "_gradient", overflowing)

    with pytest.raises(OutOfMemoryError, match="The memory was full while it learned") as caught:
        run(begin(), surroundings(tmp_path))

    assert "smaller batch or resolution" in caught.value.hint


def test_a_checkpoint_that_had_to_go_meanwhile_comes_back_as_it_was(begin, tmp_path):
    plain, _ = run(begin(), surroundings(tmp_path / "one"))
    context = surroundings(tmp_path / "two")
    residency = context.keep("residency", Residency)
    held = []

    def make_room():
        held.append(residency.held_bytes)
        residency.free_memory()
        held.append(residency.held_bytes)

    losses, events = run(begin(), context, make_room)

    assert losses == plain
    assert isinstance(events[-1], Finished)
    assert all(before > after == 0 for before, after in zip(held[::2], held[1::2], strict=True))


def test_another_copy_of_the_same_checkpoint_makes_way(begin, tmp_path):
    plain, _ = run(begin(), surroundings(tmp_path / "one"))
    context, wanted = surroundings(tmp_path / "two"), begin()
    residency = context.keep("residency", Residency)
    copies = []

    def draw_with_it():
        residency.free_memory()
        loading = residency.load(wanted.model, placing=Placing())
        while True:
            try:
                next(loading)
            except StopIteration as end:
                copies.append(end.value)
                break

    losses, _ = run(wanted, context, draw_with_it)

    assert losses == plain
    assert all(one is not other for one, other in pairwise(copies))
    assert all(copy.workplace.tally.now == 0 for copy in copies[:-1])
