"""What units of ControlNet can choose from, without a browser: for the owner, and for guests."""

import pytest
from fastapi.testclient import TestClient

from backend.access.access import Access
from backend.api.answers import actor_of
from backend.api.app import create_app
from backend.schema.jobs import OWNER, Actor, Role
from tests.fixtures.model_files import sdxl_checkpoint, write_safetensors
from tests.fixtures.real_studio import real_studio
from ui.control.routes import control_routes

ANNA = Actor(id="anna", role=Role.GUEST)


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    """The doors of a program with the starter and a checkpoint of another family; a guest asks."""
    models = tmp_path_factory.mktemp("models") / "models"
    (models / "checkpoints").mkdir(parents=True)
    write_safetensors(models / "checkpoints" / "painter.safetensors", sdxl_checkpoint())
    with real_studio(tmp_path_factory.mktemp("studio"), models=models) as studio:
        studio.models.rescan(OWNER)
        app = create_app(studio, Access())
        app.include_router(control_routes(studio))
        app.dependency_overrides[actor_of] = lambda: ANNA
        yield TestClient(app, base_url="http://127.0.0.1")


def offered(client, checkpoint):
    return client.get("/page/control/offers", params={"checkpoint": checkpoint}).json()


def test_what_fits_the_checkpoint_is_offered_and_the_rest_says_why_not(client):
    starter, painter = (
        offered(client, "starter"),
        offered(client, "checkpoints/painter.safetensors"),
    )

    (fitting,), (other,) = starter["models"], painter["models"]
    assert (fitting["types"], fitting["preprocessor"], fitting["why_not"]) == (
        ["canny"],
        "canny",
        "",
    )
    assert (starter["family"], painter["family"]) == ("SD 1.5", "SDXL")
    assert "SD 1.5" in other["why_not"]
    assert offered(client, "gone")["models"] == []


def test_a_preprocessor_says_what_it_needs_from_where_and_by_whose_leave(client):
    makers = {each["id"]: each for each in offered(client, "starter")["preprocessors"]}

    assert (makers["canny"]["here"], makers["canny"]["bytes"]) == (True, 0)
    assert [each["label"] for each in makers["canny"]["parameters"]] == [
        "Low threshold",
        "High threshold",
    ]
    needed = makers["softedge_hed"]
    assert not needed["here"]
    assert (needed["source"], needed["licence"]) == ("lllyasviel/Annotators", "apache-2.0")
    assert 29e6 < needed["bytes"] < 30e6


def test_a_guest_uses_what_is_here_and_downloads_nothing(client):
    assert "ControlNet" in client.get("/page/control").json()
    assert "Saved maps" in client.get("/page/control/tab").json()
    answer = client.post("/api/preprocessors/softedge_hed/fetch")
    assert answer.status_code == 403
    assert "owner" in answer.json()["error"]["sentence"]
