"""Maps over HTTP: made, shown, kept by name, used and removed."""

import pytest
from starlette.testclient import TestClient

from backend.access.access import Access
from backend.api.app import create_app
from tests.fixtures.photos import photo_bytes
from tests.fixtures.studio import MemoryStudio


@pytest.fixture
def client(tmp_path):
    app = create_app(MemoryStudio(tmp_path), Access())
    return TestClient(app, base_url="http://localhost:7860")


@pytest.fixture
def handed_in(client):
    return client.post("/api/inputs", content=photo_bytes(1, 200, 160)).json()["id"]


@pytest.fixture
def made(client, handed_in):
    job = client.post("/api/maps", json={"picture": handed_in, "resolution": 96}).json()
    assert (job["kind"], job["title"]) == ("map", "Map by canny")
    return client.get(f"/api/maps/jobs/{job['id']}").json()["map"]


def test_the_job_tells_which_picture_the_map_is(client, made):
    assert (made["width"], made["height"]) == (96, 96)
    shown = client.get(f"/api/inputs/{made['id']}")
    assert shown.headers["content-type"] == "image/png"


def test_what_makes_maps_is_offered_with_its_parameters(client):
    offers = client.get("/api/maps/offers").json()["preprocessors"]
    (canny,) = (each for each in offers if each["info"]["id"] == "canny")
    assert canny["missing"] == []
    assert [each["label"] for each in canny["info"]["parameters"]] == [
        "Low threshold",
        "High threshold",
    ]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"preprocessor": "sharpest"}, "sharpest"),
        ({"threshold_a": 300}, "Low threshold"),
        ({"resolution": 1}, "resolution"),
        ({"picture": "gone-0"}, "picture"),
        ({"picture": ""}, "No picture"),
    ],
)
def test_what_cannot_be_is_told(client, handed_in, change, told):
    answer = client.post("/api/maps", json={"picture": handed_in, **change})
    assert answer.status_code in (400, 404)
    assert told in answer.json()["error"]["sentence"]


def test_a_map_is_kept_used_again_and_removed(client, made):
    wanted = {"picture": made["id"], "name": " My edges ", "preprocessor": "canny"}
    kept = client.post("/api/maps/saved", json=wanted).json()
    assert (kept["name"], kept["makes"], kept["width"]) == ("My edges", "canny", 96)
    assert client.get("/api/maps/saved").json() == [kept]

    again = client.post("/api/maps/saved", json={**wanted, "name": "my EDGES"})
    assert again.status_code == 400
    assert "already" in again.json()["error"]["sentence"]

    used = client.post(f"/api/maps/saved/{kept['id']}/use").json()
    shown = client.get(f"/api/inputs/{used['id']}").content
    assert shown == client.get(f"/api/inputs/{made['id']}").content
    assert client.get(f"/api/maps/saved/{kept['id']}").headers["content-type"] == "image/png"

    assert client.delete(f"/api/maps/saved/{kept['id']}").status_code == 204
    assert client.get("/api/maps/saved").json() == []
    assert client.get(f"/api/maps/saved/{kept['id']}").status_code == 404


def test_what_a_kept_map_shows_may_be_told(client, made):
    wanted = {"picture": made["id"], "name": "drawn over", "makes": "scribble"}
    kept = client.post("/api/maps/saved", json=wanted).json()
    assert (kept["makes"], kept["preprocessor"]) == ("scribble", "")
    assert client.get("/api/maps/saved").json()[0]["makes"] == "scribble"


@pytest.mark.parametrize("name", ["", "   ", "x" * 101])
def test_a_map_needs_a_name(client, made, name):
    answer = client.post("/api/maps/saved", json={"picture": made["id"], "name": name})
    assert answer.status_code == 400
