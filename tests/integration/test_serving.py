"""The running program: started as a person starts it, and ended in every way."""

import os
import signal
import socket
import subprocess
import sys
import time

import httpx
import psutil
import pytest

from backend.setup.environment import Environment, Wanted
from backend.setup.slowness import slowness
from tests.fixtures.program import (
    APP,
    PATIENCE,
    ROOT,
    ended,
    engines_of,
    free_port,
    running,
    wait_until,
)

pytestmark = [
    pytest.mark.engine,
    pytest.mark.skipif(sys.platform == "win32", reason="sends signals as Linux and macOS do"),
]

MEGABYTE = 1_000_000
PROMPT = {"tool": "generate-image", "arguments": {"prompt": "red apple", "steps": 2, "seed": 7}}


def test_the_page_comes_quickly_and_lightly_and_makes_a_picture(tmp_path):
    with running(tmp_path) as easel:
        page = psutil.Process(easel.process.pid)
        answer = httpx.get(easel.url(), timeout=PATIENCE)
        spent = page.cpu_times()

        assert answer.status_code == 200
        assert "<title>Easel</title>" in answer.text
        assert spent.user + spent.system < 4.0 * slowness()
        assert easel.said.splitlines() == [f"Easel runs at {easel.url()} (Ctrl+C ends it)."]

        engine = easel.wait_for_engine()
        made = httpx.post(f"{easel.url()}/mcp/tool", json=PROMPT, timeout=PATIENCE).json()

        assert made["success"], made
        (image,) = made["result"]["images"]
        assert image["path"].startswith(str(tmp_path / "outputs"))
        assert httpx.get(image["url"]).content.startswith(b"\x89PNG")
        assert page.memory_info().rss < 300 * MEGABYTE
        assert not [library for library in loaded(page) if "torch" in library]
        assert [library for library in loaded(engine) if "torch" in library]

        assert easel.stop(signal.SIGTERM) == 0
        assert ended(engine)
        assert not (tmp_path / "data" / "page.address").exists()
        assert "Traceback" not in easel.said


def loaded(process: psutil.Process) -> set[str]:
    """The files that a process has mapped into its memory."""
    with open(f"/proc/{process.pid}/maps") as maps:  # noqa: PTH123
        return {line.split()[-1] for line in maps}


@pytest.mark.skipif(not Environment(ROOT).ready(Wanted()), reason="not Easel's own environment")
def test_app_py_opens_the_page_and_ctrl_c_ends_it_while_somebody_watches(tmp_path):
    with (
        running(tmp_path, command=APP) as easel,
        httpx.stream("GET", f"{easel.url()}/api/feed", timeout=PATIENCE) as feed,
    ):
        lines = feed.iter_lines()
        assert next(lines).startswith('data: {"type":"snapshot"')

        assert easel.stop(signal.SIGINT) == 0
        assert "Traceback" not in easel.said


def test_killed_while_the_engine_starts_it_leaves_none_behind(tmp_path):
    with running(tmp_path) as easel:
        wait_until(lambda: engines_of(easel.process.pid), lambda: "There never was an engine.")
        engine = easel.engine()

        assert easel.stop(signal.SIGKILL) == -signal.SIGKILL
        assert ended(engine)


def test_a_port_in_use_is_stepped_over_and_the_data_folder_is_not_shared(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with running(tmp_path, "--port", str(port)) as easel:
            taken = int(easel.url().rpartition(":")[2])
            assert taken > port
            assert easel.said.startswith(f"Port {port} is in use; Easel takes {taken} instead.")
            assert httpx.get(f"{easel.url()}/health").json() == {"status": "ok"}

            with running(tmp_path) as second:
                assert second.process.wait(PATIENCE) == 1
                second.wait_for(r"Its page is at")
                told = second.lines
            assert len(told) == 2
            assert told[0].startswith("Easel already runs on this data folder")
            assert told[1] == f"Its page is at {easel.url()}."
            assert httpx.get(f"{easel.url()}/health").json() == {"status": "ok"}


def test_others_reach_it_only_with_the_password_and_tools_have_ports_of_their_own(tmp_path):
    tool_port = free_port()
    with socket.create_server(("127.0.0.1", 0)) as other:
        busy = other.getsockname()[1]
        nowhere = {"HTTPS_PROXY": "http://127.0.0.1:9", "HOME": str(tmp_path)}
        flags = ("--listen", "--share", "--mcp-ports", f"{tool_port},{busy}")
        with running(tmp_path, *flags, environment=nowhere) as easel:
            password = easel.wait_for(r"Password: (\S+) ")[1]
            easel.wait_for("There is no public link: Gradio's server cannot be reached")
            known = {"Authorization": f"Bearer {password}"}
            tools = f"http://127.0.0.1:{tool_port}"

            assert f"Port {busy} is in use; tool calls are not answered there." in easel.said
            assert easel.said.count(password) == 1
            for address in (easel.url(), tools):
                assert httpx.get(f"{address}/mcp/tools").status_code == 401
                assert httpx.get(f"{address}/mcp/tools", headers=known).status_code == 200
            assert httpx.get(easel.url(), headers={"Accept": "text/html"}).status_code == 401
            named = known | {"Host": f"{socket.gethostname()}:{tool_port}"}
            assert httpx.get(f"{tools}/health", headers=named).status_code == 200
            foreign = known | {"Host": "evil.example"}
            assert httpx.get(f"{tools}/health", headers=foreign).status_code == 403
            assert password not in (tmp_path / "data" / "logs" / "page.log").read_text()

            assert easel.stop() == 0


def test_ended_before_the_page_is_there_it_goes_without_a_word(tmp_path):
    with running(tmp_path) as easel:
        wait_until((tmp_path / "data").exists, lambda: "never began")
        time.sleep(0.2)

        assert easel.stop(signal.SIGINT) == 0
        assert "Traceback" not in easel.said
        assert os.listdir(tmp_path / "data")  # noqa: PTH208


def test_gradio_leaves_its_files_alone(tmp_path):
    code = """
import inspect, sys
from pathlib import Path
from backend.places import Places
from ui.server.gradio_start import settle_gradio, without_stubs
opened, before = [], inspect.getfile
sys.addaudithook(lambda event, given: opened.append(str(given[0])) if event == "open" else None)
folder = Path(sys.argv[1])
settle_gradio(Places(folder, folder, folder, folder))
with without_stubs():
    import gradio
assert inspect.getfile is before
assert gradio.Button.click
assert any(name.endswith("button.py") or "button" in name for name in opened)
print([name for name in opened if name.endswith(".pyi")])
"""
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)],
        check=False,
        cwd=ROOT,
        capture_output=True,
        text=True,
    )

    assert done.stdout == "[]\n", done.stderr
