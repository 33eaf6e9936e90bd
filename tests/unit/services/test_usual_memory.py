"""What the owner has done with memory for every picture: kept, counted and limited."""

from dataclasses import replace

import pytest

from backend.library.library import Library
from backend.metadata.catalogue import load_catalogue
from backend.places import default_places
from backend.schema.errors import NotAllowedError, OutOfRangeError
from backend.schema.generation import GenerationRequest
from backend.schema.jobs import OWNER, Actor, DeviceView, Role
from backend.schema.memory import PlanRequest
from backend.schema.memory_settings import MemoryLimits, MemorySettings, UsualMemory
from backend.services.machine_memory import MachineMemory
from backend.services.memory import Memory
from backend.services.planning import Planner
from backend.services.remembered import USUAL_FILE, Remembered
from tests.fixtures.machines import recorded
from tests.fixtures.starter import starter_request

ANNA = Actor(id="anna", role=Role.GUEST)
GIB = 2**30
CARD = DeviceView(name="a card", memory_used=0, memory_total=8 * GIB)


@pytest.fixture
def places(tmp_path):
    return replace(default_places(), data=tmp_path / "data")


@pytest.fixture
def library(places):
    library = Library(places, load_catalogue())
    yield library
    library.close()


@pytest.fixture
def open_again(places, library):
    def open_again(this_time=None):
        remembered = Remembered.in_folder(places.data, this_time)
        machine = MachineMemory(lambda: CARD, recorded("linux-no-card"))
        planner = Planner(library, load_catalogue(), remembered, machine)
        return Memory(library, load_catalogue(), planner, remembered.usual)

    return open_again


@pytest.fixture
def planner(places, library):
    machine = MachineMemory(lambda: CARD, recorded("linux-no-card"))
    return Planner(library, load_catalogue(), Remembered.in_folder(places.data), machine)


def plan(memory, **fields):
    asked = GenerationRequest.from_fields({"model.checkpoint": "starter", **fields})
    return memory.plan(OWNER, PlanRequest(generation=asked))


def test_what_was_decided_counts_for_every_plan_and_job_from_then_on(open_again, planner):
    usual = UsualMemory(
        settings=MemorySettings(placement="model", tiling="tiled"),
        limits=MemoryLimits(device_bytes=4 * GIB),
    )
    assert open_again().usual(OWNER) == UsualMemory()

    open_again().set_usual(OWNER, usual)

    memory = open_again()
    assert memory.usual(ANNA) == usual
    assert plan(memory).placement == "model"
    assert plan(memory).budget.device_bytes == 4 * GIB
    prepared = planner.prepared(starter_request()).memory
    assert (prepared.settings, prepared.limits) == (usual.settings, usual.limits)


def test_a_request_goes_before_what_is_usual_and_leaves_the_rest_of_it(open_again, planner):
    usual = MemorySettings(placement="model", precision="exact")
    open_again().set_usual(OWNER, UsualMemory(settings=usual))
    own = starter_request()
    asked = own.memory.model_copy(update={"settings": MemorySettings(placement="leaf")})

    prepared = planner.prepared(own.model_copy(update={"memory": asked}))

    assert plan(open_again(), **{"memory.placement": "leaf"}).placement == "leaf"
    assert prepared.memory.settings == MemorySettings(placement="leaf", precision="exact")


def test_the_command_line_decides_for_one_run_and_is_not_kept(open_again):
    open_again().set_usual(OWNER, UsualMemory(settings=MemorySettings(placement="model")))

    this_time = open_again(MemorySettings(placement="group"))

    assert plan(this_time).placement == "group"
    assert plan(open_again()).placement == "model"
    assert this_time.usual(OWNER).settings.placement == "model"


def test_only_the_owner_decides(open_again, places):
    with pytest.raises(NotAllowedError, match="Only the owner may decide how memory is used"):
        open_again().set_usual(ANNA, UsualMemory())

    assert not (places.data / USUAL_FILE).exists()


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        (MemoryLimits(device_bytes=1), "of the device cannot be 0.0 GB. Choose from 1 to 8.0 GB"),
        (MemoryLimits(device_bytes=9 * GIB), "of the device cannot be 9.0 GB"),
        (MemoryLimits(ram_bytes=GIB), "of RAM cannot be 1.0 GB. Choose from 2 to"),
        (MemoryLimits(ram_bytes=2**50), "of RAM cannot be 1048576.0 GB"),
    ],
)
def test_a_limit_that_makes_no_sense_is_told_and_not_kept(open_again, limits, words):
    with pytest.raises(OutOfRangeError, match=words.replace(".", r"\.")):
        open_again().set_usual(OWNER, UsualMemory(limits=limits))

    assert open_again().usual(OWNER) == UsualMemory()


def test_a_damaged_file_is_told_once_and_nothing_is_decided(open_again, places, caplog):
    places.data.mkdir()
    (places.data / USUAL_FILE).write_text('{"settings": {"placement": "some')
    memory = open_again()

    assert [memory.usual(OWNER) for _ in range(3)] == [UsualMemory()] * 3
    assert plan(memory).fits
    assert [record.message.split(" ")[0] for record in caplog.records] == ["memory.unreadable"]

    memory.set_usual(OWNER, UsualMemory(settings=MemorySettings(placement="model")))
    assert open_again().usual(OWNER).settings.placement == "model"
