"""No request leaves the machine: neither for the page nor for a picture."""

import signal
import subprocess
import sys

import httpx
import pytest

from tests.fixtures.program import PAGE, PATIENCE, ROOT, ended, running
from tests.fixtures.watched import is_here

WATCHED = ROOT / "tests" / "fixtures" / "watched.py"
PICTURE = {"tool": "generate-image", "arguments": {"prompt": "red apple", "steps": 2}}

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs a shell script")


def watched(notes, command):
    python, *rest = command
    return [python, str(WATCHED), str(notes), *rest]


def asked(notes):
    return [line.split(" ", 2) for line in notes.read_text().splitlines()]


def test_the_watch_sees_and_stops_what_leaves_the_machine_also_in_children(tmp_path):
    notes = tmp_path / "notes"
    child = "import socket; socket.create_connection(('203.0.113.7', 80), 1)"
    code = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])"

    subprocess.run(
        watched(notes, [sys.executable, "-c", code]), cwd=ROOT, check=True, capture_output=True
    )

    assert [host for _, _, host in asked(notes)] == ["203.0.113.7"]


@pytest.mark.engine
def test_page_and_picture_need_nothing_from_outside_and_a_kill_ends_the_engine_too(tmp_path):
    notes = tmp_path / "notes"
    with running(tmp_path, command=watched(notes, PAGE)) as easel:
        page = httpx.get(easel.url(), timeout=PATIENCE)
        engine = easel.wait_for_engine()
        made = httpx.post(f"{easel.url()}/mcp/tool", json=PICTURE, timeout=PATIENCE)

        assert page.is_success
        assert made.json()["success"], made.text
        assert easel.stop(signal.SIGKILL) == -signal.SIGKILL
        assert ended(engine)

    told = asked(notes)
    assert [line for line in told if not is_here(line[2])] == []
    assert str(engine.pid) in {process for process, _, _ in told}
