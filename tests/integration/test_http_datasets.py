"""Datasets over HTTP: made, filled, changed, shown, taken away."""

import io
import zipfile

import pytest
from starlette.testclient import TestClient

from backend.access.access import Access
from backend.api import sent
from backend.api.app import create_app
from tests.fixtures.photos import photo_bytes
from tests.fixtures.studio import MemoryStudio


@pytest.fixture
def client(tmp_path):
    studio = MemoryStudio(tmp_path)
    studio.add("0" * 12, 0)
    return TestClient(create_app(studio, Access()), base_url="http://localhost:7860")


@pytest.fixture
def cats(client):
    """The address of a dataset with one picture."""
    made = client.post("/api/datasets", json={"name": "Cats"}).json()
    address = f"/api/datasets/{made['id']}"
    client.post(f"{address}/pictures", params={"name": "a cat.png"}, content=photo_bytes(1))
    return address


def test_a_dataset_is_filled_changed_and_shown(client, cats, tmp_path):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        file.writestr("dog.png", photo_bytes(2))
        file.writestr("dog.txt", "a dog")
    own = tmp_path / "own"
    own.mkdir()
    (own / "bird.png").write_bytes(photo_bytes(3))

    taken = client.post(f"{cats}/zip", content=packed.getvalue()).json()
    client.post(f"{cats}/folder", json={"path": str(own)})
    client.post(f"{cats}/gallery", json={"pictures": [f"{'0' * 12}-0"]})
    client.put(f"{cats}/captions", json={"captions": {"a cat.png": "a  cat\n"}})
    client.post(f"{cats}/tags", json={"do": "front", "tags": "zkw7", "paths": ["a cat.png"]})
    client.patch(cats, json={"trigger": "zkw7"})

    view = client.get(cats).json()
    said = {each["path"]: each["caption"] for each in view["pictures"]}
    assert taken == {"added": 1, "left_out": []}
    assert len(said) == 4
    assert (said["a cat.png"], said["dog.png"], said["bird.png"]) == ("zkw7, a cat", "a dog", "")
    assert view["trigger"] == "zkw7"
    whole = client.get(f"{cats}/picture", params={"path": "a cat.png"})
    small = client.get(f"{cats}/thumbnail", params={"path": "a cat.png"})
    assert whole.content == photo_bytes(1)
    assert small.headers["content-type"] == "image/webp"
    told = client.get(f"{cats}/checks", params={"resolution": 64}).json()
    assert {each["code"] for each in told["findings"]} == {"few pictures", "no caption", "blurred"}


def test_pictures_move_go_and_come_back(client, cats):
    concept = {"name": "tabby", "trigger": "qvx2", "repeats": 3}
    client.post(f"{cats}/concepts", json=concept)
    client.post(f"{cats}/move", json={"paths": ["a cat.png"], "concept": "3_tabby"})

    removed = client.post(f"{cats}/remove", json={"paths": ["3_tabby/a cat.png"]}).json()
    gone = client.get(cats).json()
    back = client.post(f"{cats}/restore", params={"token": removed["token"]}).json()

    assert gone["pictures"] == []
    assert [each["path"] for each in back["pictures"]] == ["3_tabby/a cat.png"]
    dropped = client.delete(f"{cats}/concepts", params={"folder": "3_tabby"}).json()
    assert [each["path"] for each in dropped["pictures"]] == ["a cat.png"]

    token = client.delete(cats).json()["token"]
    assert client.get("/api/datasets").json() == []
    client.post(f"{cats}/restore", params={"token": token})
    assert [each["name"] for each in client.get("/api/datasets").json()] == ["Cats"]


@pytest.mark.parametrize(
    ("asked", "options", "status", "said"),
    [
        ("GET /api/datasets/dogs", {}, 404, "no such dataset"),
        ("GET /api/datasets/..%2Fcats", {}, 404, ""),
        ("GET {}/picture?path=../../x.png", {}, 404, "no such picture"),
        ("POST {}/pictures?name=x.png", {"content": b"words"}, 400, "no whole picture"),
        ("POST {}/pictures?name=x.png&concept=..", {"content": photo_bytes(9)}, 404, "concept"),
        ("POST {}/zip", {"content": b"words"}, 400, "no whole zip"),
        ("POST {}/folder", {"json": {"path": "/nowhere/at/all"}}, 404, "no folder"),
        ("POST {}/restore?token=..", {}, 404, "gone for good"),
        ("POST {}/concepts", {"json": {"name": "x", "repeats": 0}}, 400, "repeats"),
        ("PUT {}/captions", {"json": {"captions": {"x.png": ""}}}, 404, "no such picture"),
    ],
)
def test_what_cannot_be_is_said_in_words(client, cats, asked, options, status, said):
    method, _, path = asked.format(cats).partition(" ")
    answer = client.request(method, path, **options)

    assert answer.status_code == status
    assert said in answer.json()["error"]["sentence"]


def test_a_zip_is_larger_than_a_picture_may_be_and_not_without_end(client, cats, monkeypatch):
    monkeypatch.setattr("backend.api.datasets.LARGEST_ZIP", 1000)
    monkeypatch.setattr(sent, "LARGEST_ZIP", 1000)

    answer = client.post(f"{cats}/zip", content=bytes(2000))

    assert answer.json()["error"]["sentence"] == "The zip is larger than 4 GB."
