"""The page's routes and pictures over HTTP, against a Studio in memory."""

import asyncio
import json

import pytest
from starlette.testclient import TestClient

from backend.access.access import Access
from backend.api.app import create_app
from backend.api.feed import feed_events
from backend.schema.errors import NotAllowedError, NotFoundError
from backend.schema.jobs import OWNER
from tests.fixtures.studio import MemoryStudio


@pytest.fixture
def studio(tmp_path):
    return MemoryStudio(tmp_path)


@pytest.fixture
def visitor(studio):
    return TestClient(create_app(studio, Access()), base_url="http://localhost:7860")


def test_the_snapshot_is_json(visitor):
    assert visitor.get("/api/snapshot").json()["system"]["engine"] == "ready"


def test_jobs_and_queue_are_steered(visitor, studio):
    for path in ("/api/queue/pause", "/api/queue/resume"):
        assert visitor.post(path).status_code == 204
    answer = visitor.post("/api/jobs/nothing/cancel")
    assert visitor.post("/api/jobs/nothing/skip").status_code == 404

    assert studio.done == ["pause", "resume"]
    assert answer.status_code == 404
    assert answer.json() == {
        "error": {"code": "not_found", "sentence": "There is no such job.", "hint": ""}
    }


def test_a_picture_is_served_once_and_then_kept(visitor, studio):
    picture = studio.add("a", 0)

    first = visitor.get(f"/pictures/{picture.id}")
    again = visitor.get(f"/pictures/{picture.id}", headers={"If-None-Match": first.headers["etag"]})

    assert first.content == (studio.folder / picture.path).read_bytes()
    assert first.headers["content-type"] == "image/png"
    assert "immutable" in first.headers["cache-control"]
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize(("name", "kind"), [("a.JPG", "image/jpeg"), ("a.webp", "image/webp")])
def test_a_picture_of_another_program_has_the_type_of_its_file(visitor, studio, name, kind):
    picture = studio.add("a", 0).model_copy(update={"path": name})
    studio.pictures[picture.id] = picture
    (studio.folder / name).write_bytes(b"pixels")

    answer = visitor.get(f"/pictures/{picture.id}")

    assert (answer.content, answer.headers["content-type"]) == (b"pixels", kind)


def test_a_download_has_its_file_name(visitor, studio):
    studio.add("a", 0)

    answer = visitor.get("/pictures/a-0?download=1")

    assert answer.headers["content-disposition"] == 'attachment; filename="x-a-0.png"'


@pytest.mark.parametrize(
    "path", ["/pictures/a-0", "/pictures/a-0/thumbnail", "/health", "/login", "/login.css"]
)
def test_asking_only_for_the_head_tells_the_same_without_the_body(visitor, studio, path):
    studio.add("a", 0)

    whole, head = visitor.get(path), visitor.head(path)

    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == str(len(whole.content))
    assert head.headers["content-type"] == whole.headers["content-type"]


def test_a_part_of_a_picture_can_be_had(visitor, studio):
    studio.add("a", 0)

    answer = visitor.get("/pictures/a-0", headers={"Range": "bytes=1-3"})

    assert (answer.status_code, answer.content) == (206, b"PNG")


def test_a_strange_file_name_makes_no_strange_header(visitor, studio):
    picture = studio.add("a", 0)
    name = 'x"\r\nX-Evil: 1 ü.png'
    (studio.folder / picture.path).rename(studio.folder / name)
    studio.pictures["a-0"] = picture.model_copy(update={"path": name})

    answer = visitor.get("/pictures/a-0?download=1")

    assert answer.headers["content-disposition"] == 'attachment; filename="x___X-Evil: 1 _.png"'
    assert "x-evil" not in answer.headers


def test_a_thumbnail_is_webp(visitor, studio):
    studio.add("a", 0)

    answer = visitor.get("/pictures/a-0/thumbnail")

    assert answer.headers["content-type"] == "image/webp"
    assert answer.content[8:12] == b"WEBP"


def test_a_picture_that_the_disk_refused_is_served_from_memory(visitor, studio):
    picture = studio.add("a", 0)
    (studio.folder / picture.path).unlink()
    studio.pictures["a-0"] = picture.model_copy(update={"saved": False})
    studio.unsaved["a-0"] = b"\x89PNG whole"

    answer = visitor.get("/pictures/a-0")

    assert answer.content == b"\x89PNG whole"
    assert answer.headers["cache-control"] == "no-store"


def test_pictures_are_listed_described_and_deleted(visitor, studio):
    studio.add("a", 0)

    assert [row["id"] for row in visitor.get("/api/pictures").json()] == ["a-0"]
    size = visitor.get("/api/pictures/a-0/request").json()["size"]
    assert (size["width"], size["height"]) == (128, 64)
    assert visitor.delete("/api/pictures/a-0").status_code == 204
    assert visitor.get("/api/pictures").json() == []


def test_somebody_elses_picture_is_not_there(visitor, studio, monkeypatch):
    picture = studio.add("a", 0)
    studio.pictures["a-0"] = picture.model_copy(update={"owner": "guest-7"})
    guest = OWNER.model_copy(update={"id": "guest-8", "role": "guest"})
    monkeypatch.setattr("backend.access.guard.OWNER", guest)

    for path in ("/pictures/a-0", "/pictures/a-0/thumbnail", "/api/pictures/a-0/request"):
        assert visitor.get(path).status_code == 404


@pytest.mark.parametrize(
    "trick",
    [
        "../secret.txt",
        "..%2fsecret.txt",
        "%2e%2e%2fsecret.txt",
        "%2e%2e/secret.txt",
        "..\\secret.txt",
        "..%5csecret.txt",
        "%2fetc%2fpasswd",
        "C:%5cWindows",
        "//server/share",
        "http://evil.example/x",
        "http:%2f%2fevil.example",
        "a-0%00",
        "A-0",
        "a-0/../a-0/thumbnail/../../secret",
    ],
)
@pytest.mark.parametrize("ending", ["", "/thumbnail", "?download=1"])
def test_no_trick_with_paths_reaches_a_file(visitor, studio, trick, ending):
    studio.add("a", 0)
    (studio.folder / "secret.txt").write_text("secret")

    assert visitor.get(f"/pictures/{trick}{ending}").status_code == 404


def test_the_feed_begins_with_a_snapshot_and_stays_alive(studio):
    async def read():
        events = feed_events(studio.jobs, OWNER, heartbeat=0.05)
        first, second = await anext(events), await anext(events)
        studio.publish()
        third = await anext(events)
        while third.startswith(":"):
            third = await anext(events)
        await events.aclose()
        for _ in range(100):
            if not studio.readers:
                break
            await asyncio.sleep(0.05)
        return first, second, third

    first, second, third = asyncio.run(read())

    assert json.loads(first.removeprefix("data: "))["type"] == "snapshot"
    assert first.endswith("\n\n")
    assert second == ": still here\n\n"
    assert third.startswith("data: ")
    assert studio.readers == []


def test_a_feed_that_fails_ends(studio, caplog):
    def refuse(actor):
        raise NotAllowedError("You were sent away.")

    studio.jobs.follow = refuse

    async def read():
        return [item async for item in feed_events(studio.jobs, OWNER)]

    assert asyncio.run(read()) == []
    assert "You were sent away." in caplog.text


def test_a_surprise_is_told_without_a_traceback(studio):
    def explode(actor):
        raise ZeroDivisionError("secret detail")

    studio.jobs.snapshot = explode
    visitor = TestClient(
        create_app(studio, Access()),
        base_url="http://localhost",
        raise_server_exceptions=False,
    )

    answer = visitor.get("/api/snapshot")

    assert answer.status_code == 500
    assert "secret" not in answer.text
    assert answer.json()["error"]["sentence"] == "Something went wrong inside Easel."


def test_an_error_that_repeats_half_a_character_is_told(studio):
    app = create_app(studio, Access())

    @app.get("/lost")
    def lost() -> None:
        raise NotFoundError("There is no \ud800.")

    told = TestClient(app, base_url="http://127.0.0.1").get("/lost")

    assert (told.status_code, told.json()["error"]["sentence"]) == (404, "There is no ?.")


def test_without_the_guard_nobody_is_served(studio):
    app = create_app(studio, Access())
    app.user_middleware.clear()

    assert TestClient(app, base_url="http://localhost").get("/api/snapshot").status_code == 403
