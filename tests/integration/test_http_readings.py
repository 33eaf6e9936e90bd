"""Reading pictures and making them again over HTTP, for the owner and for guests."""

import pytest
from PIL import Image

from backend.access.access import Access
from backend.api import sent
from backend.api.app import create_app
from backend.metadata.encoding import encode
from backend.schema.jobs import OWNER
from tests.fixtures import foreign_pictures as made
from tests.fixtures.doors import client
from tests.fixtures.requests import resolved
from tests.fixtures.studio import MemoryStudio


@pytest.fixture
def studio(tmp_path):
    return MemoryStudio(tmp_path)


@pytest.fixture
def http(studio):
    return client(create_app(studio, Access(None)))


def test_a_picture_that_is_sent_is_told_and_not_kept(http, tmp_path):
    before = set(tmp_path.rglob("*"))

    answer = http.post("/api/readings?name=a.png", content=made.png({"parameters": made.A1111}))

    told = answer.json()
    assert answer.status_code == 200
    assert (told["program"], told["fields"]["sampling.steps"]) == ("AUTOMATIC1111", 20)
    kept = [each for each in set(tmp_path.rglob("*")) - before if each.suffix == ".png"]
    assert kept == []


def test_what_is_no_picture_says_so(http):
    answer = http.post("/api/readings?name=a.txt", content=b"hello")

    assert answer.status_code == 400
    assert answer.json()["error"]["sentence"].startswith("“a.txt” is no whole picture")


def test_a_picture_that_is_too_large_is_refused(http, monkeypatch):
    monkeypatch.setattr(sent, "LARGEST_PICTURE", 100)

    answer = http.post("/api/readings", content=made.png({"parameters": made.A1111}))

    assert answer.status_code == 400
    assert "larger than 64 MB" in answer.json()["error"]["sentence"]


def test_a_text_is_told_or_is_none(http):
    told = http.post("/api/readings/text", json={"text": made.A1111}).json()

    assert told["fields"]["seed.value"] == 77
    assert http.post("/api/readings/text", json={"text": "a barn"}).json() is None


def test_a_picture_is_made_again_and_compared(http, studio):
    job = http.post("/mcp/tool", json={"tool": "generate-image", "arguments": {"prompt": "a cup"}})
    first = job.json()["result"]["images"][0]["url"].rpartition("/")[2]
    content = encode(Image.new("RGB", (8, 8)), resolved("a cup"), 0, 1.0)
    studio.gallery.file(OWNER, first).write_bytes(content)

    remaking = http.post(f"/api/readings/pictures/{first}/again").json()
    studio.gallery.file(OWNER, remaking["picture"]).write_bytes(content)
    compared = http.get(f"/api/readings/pictures/{first}/compared/{remaking['picture']}").json()

    assert studio.requests[-1].prompt.positive == "a cup"
    assert (compared["identical"], compared["pixels"]) == (True, 64)
