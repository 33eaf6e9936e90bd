"""Enlarging pictures over HTTP, and the page's click."""

import pytest
from starlette.testclient import TestClient

from backend.access.access import Access
from backend.api.app import create_app
from backend.schema.events import Failed
from backend.schema.jobs import JobState
from tests.fixtures.studio import MemoryStudio
from ui.routes import page_routes

PICTURE = f"{'0' * 12}-0"


@pytest.fixture
def studio(tmp_path):
    studio = MemoryStudio(tmp_path)
    studio.add("0" * 12, 0)
    return studio


@pytest.fixture
def client(studio):
    app = create_app(studio, Access())
    app.include_router(page_routes(studio))
    return TestClient(app, base_url="http://localhost:7860")


def test_a_request_becomes_a_job(client, studio):
    wanted = {"picture": PICTURE, "factor": 4, "output": {"format": "jpeg", "quality": 80}}

    job = client.post("/api/upscaling", json=wanted).json()

    assert (job["kind"], job["state"]) == ("upscale", "queued")
    (request,) = studio.upscalings
    assert (request.factor, request.output.format, request.output.quality) == (4, "jpeg", 80)


def test_what_is_out_of_range_is_told(client):
    answer = client.post("/api/upscaling", json={"picture": PICTURE, "factor": 99})

    assert answer.status_code == 400
    assert "factor" in answer.json()["error"]["sentence"]


def test_what_can_enlarge_a_picture_is_offered(client):
    offers = client.get("/api/upscaling/offers", params={"picture": PICTURE}).json()

    assert offers["usual"] == "starter"
    assert [each["id"] for each in offers["upscalers"]] == ["starter", "lanczos"]
    assert client.get("/api/upscaling/offers", params={"picture": "gone-0"}).status_code == 404


def test_a_double_click_makes_one_picture(client, studio):
    click = {"token": "12345678", "picture": PICTURE, "factor": 2, "upscaler": "lanczos"}

    first, second = (client.post("/page/upscale", json=click).json() for _ in range(2))

    assert first["id"] == second["id"]
    assert len(studio.upscalings) == 1


def test_trying_again_enlarges_again(client, studio):
    studio.state = JobState.FAILED
    studio.failure = Failed(code="model", sentence="It is no upscaler.")
    job = client.post("/api/upscaling", json={"picture": PICTURE}).json()

    again = client.post("/page/again", json={"token": "abcdefgh", "job": job["id"]}).json()

    assert again["kind"] == "upscale"
    assert len(studio.upscalings) == 2
