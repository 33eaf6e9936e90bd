"""What the engine tells of jobs teaches how the next ones go, and nothing wrong."""

from dataclasses import replace

import pytest

from backend.channel.supervisor import EngineDeath
from backend.library.library import Library
from backend.metadata.catalogue import load_catalogue
from backend.places import default_places
from backend.schema.events import Cancelled, Event, Finished, ImageReady, Metric
from backend.schema.jobs import DeviceView
from backend.schema.memory_settings import MemorySettings
from backend.services.learning import Learner
from backend.services.machine_memory import MachineMemory
from backend.services.planning import Planner
from backend.services.remembered import PACE_FILE, PEAKS_FILE, Remembered
from tests.fixtures.listening import Recorder
from tests.fixtures.machines import recorded
from tests.fixtures.starter import starter_request

GIB, MIB = 2**30, 2**20
CARD = DeviceView(name="a card", memory_used=0, memory_total=8 * GIB)


@pytest.fixture
def places(tmp_path):
    return replace(default_places(), data=tmp_path / "data")


@pytest.fixture
def planner(places):
    library = Library(places, load_catalogue())
    machine = MachineMemory(lambda: CARD, recorded("linux-no-card"))
    yield Planner(library, load_catalogue(), Remembered.in_folder(places.data), machine)
    library.close()


@pytest.fixture
def wanted(planner):
    """What is asked, as the engine gets it after all that was learned until then."""
    return lambda **chosen: planner.prepared(
        starter_request().model_copy(
            update={
                "memory": starter_request().memory.model_copy(
                    update={"settings": MemorySettings(**chosen)}
                )
            }
        )
    )


def run(planner, request, *numbers, end: Event | None = None, seconds=6.0):
    """One job that told these numbers, after the heard ones that every job tells."""
    listener = Recorder()
    learner = Learner(listener, lambda _: request, planner)
    planned = planner.plan(request).peak_bytes
    told = {"seconds_in_models": seconds, "planned_peak_bytes": planned, **dict(numbers)}
    events: list[Event] = [ImageReady(index=0, path="a.png", width=64, height=64, seed=1)]
    events += [Metric(name=name, step=0, value=value) for name, value in told.items() if value]
    events.append(end or Finished())
    for event in events:
        learner.engine_told("job", event)
    assert listener.told == [("job", event) for event in events]


def test_a_run_tells_how_long_the_next_one_takes(planner, wanted):
    assert planner.plan(wanted()).seconds is None

    run(planner, wanted())

    assert planner.plan(wanted()).seconds == pytest.approx(6.0)
    assert wanted().memory.operations is not None


def test_a_slower_placement_teaches_no_slower_device(planner, wanted):
    run(planner, wanted())
    slow = planner.plan(wanted(placement="leaf"))

    for _ in range(8):
        run(planner, wanted(placement="leaf"), seconds=slow.seconds)

    assert slow.slow_down > 1.05
    assert planner.plan(wanted()).seconds == pytest.approx(6.0, rel=0.02)


def test_a_peak_above_its_plan_raises_the_next_plan_and_the_jobs_correction(planner, wanted):
    before = planner.plan(wanted()).peak_bytes

    run(planner, wanted(), ("peak_bytes", before + 100 * MIB))

    assert planner.plan(wanted()).peak_bytes == pytest.approx(before + 100 * MIB, rel=1e-6)
    assert wanted().memory.correction > 1


def test_a_measured_peak_that_follows_a_corrected_plan_changes_nothing(planner, wanted):
    run(planner, wanted(), ("peak_bytes", planner.plan(wanted()).peak_bytes + 100 * MIB))
    corrected = planner.plan(wanted()).peak_bytes

    run(planner, wanted(), ("peak_bytes", corrected))

    assert planner.plan(wanted()).peak_bytes == pytest.approx(corrected, rel=1e-6)


@pytest.mark.parametrize(
    "number", [("latents_in_a_tile", 32), ("pictures_at_once", 3), ("planned_peak_bytes", 12345.0)]
)
def test_a_run_that_went_otherwise_than_planned_teaches_nothing(planner, wanted, places, number):
    run(planner, wanted(), ("peak_bytes", 7 * GIB), number)

    assert not (places.data / PACE_FILE).exists()
    assert not (places.data / PEAKS_FILE).exists()


def test_a_run_that_followed_no_plan_teaches_nothing(planner, wanted, places):
    run(planner, wanted(), ("planned_peak_bytes", 0))

    assert not (places.data / PACE_FILE).exists()


def test_a_cancelled_run_teaches_nothing(planner, wanted, places):
    run(planner, wanted(), end=Cancelled())

    assert not (places.data / PACE_FILE).exists()


def test_a_run_that_drew_nothing_teaches_nothing(planner, wanted, places):
    learner = Learner(Recorder(), lambda _: wanted(), planner)

    learner.engine_told("job", Metric(name="seconds_in_models", step=0, value=6.0))
    learner.engine_told("job", Finished())

    assert not (places.data / PACE_FILE).exists()


def test_what_an_engine_that_died_had_told_is_forgotten(planner, wanted, places):
    listener = Recorder()
    learner = Learner(listener, lambda _: wanted(), planner)
    picture = ImageReady(index=0, path="a.png", width=64, height=64, seed=1)
    learner.engine_told("job", picture)
    learner.engine_told("job", Metric(name="seconds_in_models", step=0, value=6.0))

    learner.engine_died(EngineDeath("The engine crashed.", -9, ""))
    learner.engine_told("job", Finished())

    assert not (places.data / PACE_FILE).exists()
