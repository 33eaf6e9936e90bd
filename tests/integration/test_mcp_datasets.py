"""Datasets through the tool door."""

import base64

import pytest
from starlette.testclient import TestClient

from backend.access.access import Access
from backend.api.app import create_app
from backend.schema.captioning import CaptionWish
from backend.schema.jobs import OWNER
from tests.fixtures.photos import photo_bytes
from tests.fixtures.studio import MemoryStudio


@pytest.fixture
def studio(tmp_path):
    return MemoryStudio(tmp_path)


@pytest.fixture
def call(studio):
    client = TestClient(create_app(studio, Access()), base_url="http://localhost:7860")

    def call(tool, **arguments):
        return client.post("/mcp/tool", json={"tool": tool, "arguments": arguments})

    return call


def image(name, number, **more):
    content = base64.b64encode(photo_bytes(number)).decode()
    return {"filename": name, "content": content, **more}


def test_a_dataset_is_uploaded_listed_and_described(call, studio, monkeypatch):
    large = photo_bytes(3, 1200, 1200) + bytes(1_500_000)  # what follows the picture is not read
    images = [
        image("a.png", 1, caption="a cat"),
        {"filename": "b.png", "data": base64.b64encode(large).decode()},
        image("again.png", 1),
        {"filename": "c.png", "content": "no base64!"},
    ]

    uploaded = call("upload-dataset", dataset_name="My cats", images=images).json()["result"]
    call("upload_dataset", dataset_name="My cats", images=[image("d.png", 4)])
    [listed] = call("list-datasets").json()["result"]["datasets"]

    assert uploaded["images"] == 2
    assert uploaded["left_out"] == ["again.png is there already.", "c.png is no base64."]
    assert listed == {
        "name": "my-cats",
        "dataset_path": uploaded["dataset_path"],
        "images": 3,
    }
    said = {each.path: each.caption for each in studio.datasets.view(OWNER, "my-cats").pictures}
    assert said["a.png"] == "a cat"

    asked = []
    job = type("View", (), {"id": "ab" * 6})
    monkeypatch.setattr(
        studio,
        "captioning",
        type("", (), {"submit": lambda *given: asked.append(given[1:]) or job})(),
    )
    path = uploaded["dataset_path"]
    described = call("generate-captions", dataset_path=path, trigger_word="zkw7").json()
    assert described["result"] == {"job_id": "ab" * 6}
    assert asked == [(OWNER, "my-cats", CaptionWish())]
    assert studio.datasets.view(OWNER, "my-cats").trigger == "zkw7"


def test_what_a_call_gets_wrong_is_said(call):
    nameless = call("upload-dataset", images=[image("a.png", 1)])
    unknown = call("generate-captions", dataset_path="dogs")
    more = call("list-datasets", page=2)

    assert nameless.status_code == more.status_code == 400
    assert "dataset_name" in nameless.json()["error"]["sentence"]
    assert unknown.status_code == 404
    assert "list-datasets" in unknown.json()["error"]["hint"]
