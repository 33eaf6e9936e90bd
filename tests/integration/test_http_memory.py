"""Plans and memory over HTTP, against a Studio in memory with the starter model."""

import pytest
from starlette.testclient import TestClient

from backend.access.access import Access
from backend.api.app import create_app
from backend.library.library import Library
from backend.metadata.catalogue import load_catalogue
from backend.places import default_places
from backend.services.machine_memory import MachineMemory
from backend.services.memory import Memory
from backend.services.planning import Planner
from backend.services.remembered import Remembered
from tests.fixtures.machines import recorded
from tests.fixtures.studio import MemoryStudio

GIB = 2**30


@pytest.fixture
def studio(tmp_path):
    studio = MemoryStudio(tmp_path)
    library = Library(default_places(), load_catalogue())
    machine = MachineMemory(machine=recorded("linux-no-card"))
    remembered = Remembered.in_folder(tmp_path)
    planner = Planner(library, load_catalogue(), remembered, machine)
    studio.memory = Memory(library, load_catalogue(), planner, remembered.usual)
    yield studio
    library.close()


@pytest.fixture
def visitor(studio):
    return TestClient(create_app(studio, Access()), base_url="http://localhost:7860")


def asked(placement=None):
    chosen = {"model": {"checkpoint": "starter"}, "memory": {"placement": placement}}
    return {"generation": chosen, "device_bytes": 8 * GIB, "ram_bytes": 32 * GIB}


def test_a_picture_is_planned(visitor):
    view = visitor.post("/api/memory/plan", json=asked()).json()

    assert view["fits"]
    assert sum(piece["bytes"] for piece in view["pieces"]) == view["peak_bytes"]
    assert view["sentence"].startswith("Needs ")


def test_what_is_usual_is_kept_and_counts(visitor):
    usual = {"settings": {"placement": "model"}, "limits": {"device_bytes": 2 * GIB}}

    assert visitor.put("/api/memory/usual", json=usual).status_code == 204

    kept = visitor.get("/api/memory/usual").json()
    assert (kept["settings"]["placement"], kept["limits"]["device_bytes"]) == ("model", 2 * GIB)
    assert visitor.post("/api/memory/plan", json=asked()).json()["placement"] == "model"
    assert visitor.post("/api/memory/plan", json=asked("leaf")).json()["placement"] == "leaf"


def test_the_state_of_the_memory_is_told_and_it_is_freed(visitor, studio):
    state = visitor.get("/api/memory").json()

    held = state["free_bytes"] + state["easel_bytes"] + state["others_bytes"]
    assert held == state["total_bytes"] > GIB
    assert visitor.post("/api/memory/free").status_code == 204
    assert studio.done == ["free"]


def test_what_makes_no_sense_is_answered_in_words(visitor):
    answer = visitor.put("/api/memory/usual", json={"limits": {"ram_bytes": 1}})

    assert answer.status_code == 400
    assert answer.json()["error"]["sentence"] == "The limit of RAM cannot be 0.0 GB."
