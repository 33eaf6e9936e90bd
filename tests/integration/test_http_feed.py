"""The feed over a real connection: it begins at once, blocks nobody, and ends with its reader."""

import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack

import httpx
import pytest
import uvicorn

from backend.access.access import Access
from backend.api.app import create_app
from backend.schema.jobs import JobState
from tests.fixtures.studio import MemoryStudio

READERS = 50


@pytest.fixture
def studio(tmp_path):
    return MemoryStudio(tmp_path)


@pytest.fixture
def address(studio):
    app = create_app(studio, Access())
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error", ws="none"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join(10)


def test_many_readers_block_nobody_and_leave_nothing_behind(studio, address):
    with ExitStack() as open_feeds, httpx.Client(timeout=10, limits=httpx.Limits()) as client:
        reading: list[Iterator[str]] = []
        for _ in range(READERS):
            answer = open_feeds.enter_context(client.stream("GET", f"{address}/api/feed"))
            assert answer.headers["content-type"].startswith("text/event-stream")
            lines = answer.iter_lines()
            assert next(lines).startswith('data: {"type":"snapshot"')
            reading.append(lines)  # a reader that is forgotten closes its connection
        assert len(studio.readers) == READERS
        assert client.get(f"{address}/health").json() == {"status": "ok"}
        assert client.get(f"{address}/api/snapshot").status_code == 200

    ends = time.monotonic() + 10
    while studio.readers and time.monotonic() < ends:
        time.sleep(0.05)
    assert studio.readers == []
    while feed_threads() and time.monotonic() < ends:
        time.sleep(0.05)
    assert feed_threads() == []


def feed_threads():
    return [thread for thread in threading.enumerate() if thread.name == "feed"]


def test_a_caller_who_hangs_up_is_not_waited_for(studio, address):
    studio.state = JobState.RUNNING
    looks = []
    view = studio.jobs.view
    studio.jobs.view = lambda actor, job: looks.append(job) or view(actor, job)
    call = {"tool": "generate-image", "arguments": {"prompt": "a"}}

    with pytest.raises(httpx.ReadTimeout):
        httpx.post(f"{address}/mcp/tool", json=call, timeout=0.5)
    time.sleep(0.5)
    seen = len(looks)
    time.sleep(0.5)

    assert seen > 0
    assert len(looks) == seen
    assert studio.done == []


def test_the_address_that_was_reached_is_our_own_name(address):
    port = address.rpartition(":")[2]

    with httpx.Client() as client:
        own = client.get(f"{address}/health", headers={"Host": f"127.0.0.1:{port}"})
        other = client.get(f"{address}/health", headers={"Host": f"10.0.0.1:{port}"})

    assert (own.status_code, other.status_code) == (200, 403)
