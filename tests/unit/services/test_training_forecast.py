"""What a training takes is foretold: memory, time, the file, the disk; and what to change."""

from dataclasses import replace

import pytest

from backend.library.library import Library
from backend.metadata.catalogue import load_catalogue
from backend.places import default_places
from backend.schema.memory_settings import MemoryLimits, UsualMemory
from backend.schema.model_settings import ModelSettings
from backend.schema.training import LearnedPicture, ResolvedTraining, TrainingRequest
from backend.schema.training_story import Begun, Measured
from backend.services.components import resolve_model
from backend.services.machine_memory import MachineMemory
from backend.services.planning import Planner
from backend.services.remembered import Remembered
from backend.services.training_forecast import Foretelling
from backend.training.folder import TrainingFolder

GIB = 2**30


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    folder = tmp_path_factory.mktemp("library")
    found = Library(
        replace(default_places(), data=folder, models=folder / "models"), load_catalogue()
    )
    found.rescan()
    yield found
    found.close()


@pytest.fixture
def places(tmp_path):
    return replace(default_places(), data=tmp_path)


@pytest.fixture
def foretelling(library, places):
    def within(gigabytes=None):
        remembered = Remembered.in_folder(places.data)
        limit = None if gigabytes is None else int(gigabytes * GIB)
        remembered.usual.keep(UsualMemory(limits=MemoryLimits(ram_bytes=limit)))
        planner = Planner(library, load_catalogue(), remembered, MachineMemory())
        return Foretelling(planner, places)

    return within


@pytest.fixture
def foretold(foretelling):
    return lambda wanted, gigabytes=None: foretelling(gigabytes).forecast(wanted)


@pytest.fixture
def a_training(library):
    def wanted(**asked):
        pictures = [
            LearnedPicture(path="a.png", caption="zkw7", repeats=1, width=side, height=256)
            for side in (192, 256)
        ]
        model = resolve_model(library.find("starter"), ModelSettings(), library, ())
        return ResolvedTraining(
            id="0123456789ab",
            asked=TrainingRequest.from_short_names(asked),
            model=model,
            resolution=256,
            pictures=tuple(pictures),
            name="zkw7",
        )

    return wanted


def test_with_room_everything_stays_and_less_room_takes_more_time(foretold, a_training):
    wanted = a_training(batch_size=8)
    plenty = foretold(wanted)
    little = foretold(wanted, plenty.memory / GIB - 0.1)

    assert plenty.fits
    assert little.fits
    assert plenty.sentence.endswith("GB: everything stays in memory.")
    assert "text encoders and VAE leave it once all is encoded" in little.sentence
    assert little.memory <= little.available < plenty.memory
    assert little.step_seconds >= plenty.step_seconds
    assert plenty.seconds == pytest.approx(1500 * plenty.step_seconds)


def test_what_does_not_fit_says_so_and_what_to_change(foretold, a_training):
    told = foretold(a_training(batch_size=4, accumulation=2, checkpointing="off"), 0.5)

    assert not told.fits
    assert told.sentence.startswith("Does not fit: needs ")
    assert [each.fields for each in told.remedies] == [
        {"memory.checkpointing": None},
        {"learning.batch": 1, "learning.accumulation": 8},
    ]


def test_how_weights_lie_can_be_chosen(foretold, a_training):
    chosen = foretold(a_training(precision="fp8", placement="group"))

    assert "weights are kept in eight bits" in chosen.sentence
    assert "weights come from the disk block by block" in chosen.sentence
    assert "each block works twice" in chosen.sentence
    assert chosen.memory < foretold(a_training()).memory


def test_a_step_is_foretold_from_the_last_training(foretelling, foretold, a_training, places):
    before = foretelling().prepared(a_training(steps=10, batch_size=2))
    folder = TrainingFolder.of(places, before.id)
    folder.begin(Begun(job="1", owner="owner", created=0.0, wanted=before))
    for step in range(1, 11):
        took = 9.0 if step == 1 else 2.0
        told = Measured(step=step, loss=0, average=0, rate=0, gradient=0, seconds=took)
        folder.tell(told)

    assert foretold(a_training(batch_size=2)).step_seconds == pytest.approx(2.0)
    assert foretold(a_training(batch_size=4)).step_seconds == pytest.approx(4.0)


def test_the_disk_is_that_of_all_checkpoints(foretold, a_training):
    few = foretold(a_training(steps=100, save_every=50))
    many = foretold(a_training(steps=100, save_every=10))

    assert many.disk - few.disk == pytest.approx(8 * 7 * few.file, rel=0.1)
    assert 0 < many.disk < many.free_disk
