"""Grids over HTTP, and the page's clicks."""

import pytest
from starlette.testclient import TestClient

from backend.access.access import Access
from backend.api.app import create_app
from tests.fixtures.studio import MemoryStudio
from ui.routes import page_routes
from ui.series.routes import series_routes

PICTURE = f"{'0' * 12}-0"
TOKEN = "a-click-of-its-own"
STEPS = {"field": "steps", "values": "10,20"}


@pytest.fixture
def studio(tmp_path):
    studio = MemoryStudio(tmp_path)
    studio.add("0" * 12, 0)
    return studio


@pytest.fixture
def client(studio):
    app = create_app(studio, Access())
    app.include_router(page_routes(studio))
    app.include_router(series_routes(studio))
    return TestClient(app, base_url="http://localhost:7860")


def test_a_request_becomes_a_job(client, studio):
    wanted = {
        "base": {"prompt": {"positive": "an apple"}},
        "x": STEPS,
        "y": {"field": "prompt", "values": ["apple", "pear, green"]},
    }

    job = client.post("/api/series", json=wanted).json()

    assert (job["kind"], job["state"]) == ("series", "queued")
    (request,) = studio.series_asked
    assert (request.base.prompt.positive, request.x.values) == ("an apple", "10,20")
    assert request.y.values == ("apple", "pear, green")


def test_the_preview_tells_what_it_would_be(client, studio):
    plan = client.post("/api/series/preview", json={"x": STEPS}).json()

    assert (plan["pictures"], plan["sheets"]) == (2, 1)
    assert studio.series_asked == []


def test_a_click_is_one_job_however_often_it_comes(client, studio):
    click = {"token": TOKEN, "fields": {"prompt.positive": "an apple"}, "x": STEPS, "sheet": False}

    jobs = [client.post("/page/series", json=click).json()["id"] for _ in range(2)]

    assert len(set(jobs)) == 1
    (request,) = studio.series_asked
    assert (request.base.prompt.positive, request.sheet) == ("an apple", False)


def test_a_form_without_a_prompt_needs_an_axis_that_brings_some(client):
    form = {"fields": {}, "x": STEPS}
    prompts = {"field": "prompts", "values": "a\nb"}

    refused = client.post("/page/series", json={**form, "token": TOKEN})
    foreseen = client.post("/page/series/preview", json=form).json()
    plan = client.post("/page/series/preview", json={**form, "y": prompts}).json()
    taken = client.post("/page/series", json={**form, "y": prompts, "token": TOKEN})

    assert (refused.status_code, taken.status_code) == (400, 200)
    assert "The prompt is empty" in refused.json()["error"]["sentence"]
    assert (foreseen["problem"], foreseen["plan"]) == (
        "The prompt is empty. Say what the picture should show.",
        None,
    )
    assert (plan["problem"], plan["plan"]["pictures"]) == ("", 2)


def test_more_like_a_picture_are_four_near_its_own_noise(client, studio):
    click = {"token": TOKEN, "picture": PICTURE}

    client.post("/page/series/alike", json=click)

    (request,) = studio.requests
    assert (request.batch.count, request.batch.size) == (4, 1)
    assert request.seed.value == studio.pictures[PICTURE].seed
    assert (request.seed.variation, request.seed.variation_strength) == (-1, 0.2)


def test_a_grid_is_tried_again_as_a_grid(client, studio):
    job = client.post("/api/series", json={"x": STEPS}).json()["id"]

    again = client.post("/page/again", json={"token": TOKEN, "job": job}).json()

    assert again["kind"] == "series"
    assert studio.series_asked[0] == studio.series_asked[1]
