"""The guided start without a browser: what it draws, and what a click on it asks for."""

import json
from types import SimpleNamespace

import psutil
import pytest
from fastapi.testclient import TestClient

from backend.access.access import Access
from backend.api.app import create_app
from backend.schema.errors import HubUnreachableError
from backend.schema.generation import GenerationRequest
from backend.schema.jobs import OWNER
from tests.fixtures.studio import MemoryStudio
from ui.examples import load_examples
from ui.guide.routes import guide_routes

GIB = 2**30


@pytest.fixture
def studio(tmp_path, monkeypatch):
    memory = SimpleNamespace(total=24 * GIB, available=20 * GIB)
    monkeypatch.setattr(psutil, "virtual_memory", lambda: memory)
    return MemoryStudio(tmp_path)


@pytest.fixture
def client(studio):
    app = create_app(studio, Access())
    app.include_router(guide_routes(studio))
    return TestClient(app, base_url="http://127.0.0.1")


def drawn(client) -> str:
    return client.get("/page/guide").json()


def wished(studio):
    kept = json.loads((studio.folder / "data" / "wishes.json").read_text())["wishes"]
    return [wish["prompt"]["positive"] for wish in kept]


def test_each_offer_says_all_that_decides(client):
    html = drawn(client)

    assert "Real photos on this computer" in html
    told = "Get it. Real photos on this computer: Realistic Vision V5.1, 4.3 GB, about 7 minutes"
    assert f'aria-label="{told} at 10 MB/s"' in html
    assert "Licence creativeml-openrail-m: it allows commercial use." in html
    assert 'data-plan="full"' in html
    assert "disabled" not in html


def test_on_a_machine_for_which_there_is_nothing_nothing_is_drawn(client, monkeypatch):
    memory = SimpleNamespace(total=GIB, available=GIB // 2)
    monkeypatch.setattr(psutil, "virtual_memory", lambda: memory)

    assert drawn(client) == ""


def test_a_click_before_the_first_picture_has_the_example_drawn(client, studio):
    job = client.post("/page/guide/take", json={"id": "sd1-5"}).json()

    assert job["kind"] == "download"
    assert wished(studio) == [load_examples()[0].prompt]
    assert f'data-state="coming" data-job="{job["id"]}"' in drawn(client)


def test_a_click_has_what_the_person_drew_last_drawn_again(client, studio):
    asked = GenerationRequest.from_short_names({"prompt": "a fox at dawn"})
    studio.submit(OWNER, asked)

    client.post("/page/guide/take", json={"id": "sd1-5"})

    assert wished(studio) == ["a fox at dawn"]


def test_what_a_guest_drew_is_not_what_the_owner_drew(client, studio):
    studio.submit(OWNER, GenerationRequest.from_short_names({"prompt": "a fox at dawn"}))
    studio.pictures = {
        each.id: each.model_copy(update={"owner": "anna"}) for each in studio.pictures.values()
    }

    client.post("/page/guide/take", json={"id": "sd1-5"})

    assert wished(studio) == [load_examples()[0].prompt]


def test_without_room_an_offer_is_grey_and_says_why(client, studio):
    studio.free_bytes = 2 * 10**9

    html = drawn(client)

    assert "The disk of the models folder lacks" in html
    assert html.count(" disabled ") == html.count("data-refused")


def test_out_of_reach_it_says_so_and_can_be_tried_again(client, studio, monkeypatch):
    def silent(*args, **more):
        raise HubUnreachableError("Hugging Face cannot be reached.", "Check your connection.")

    monkeypatch.setattr(studio.downloads, "start", silent)

    answer = client.post("/page/guide/take", json={"id": "sd1-5"})

    assert answer.json()["error"]["sentence"] == "Hugging Face cannot be reached."
    html = drawn(client)
    assert "Hugging Face cannot be reached. Check your connection." in html
    assert "Try again" in html
    assert "disabled" not in html
