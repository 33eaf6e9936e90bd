"""Measure the way from `python3 app.py` to a picture: `.venv/bin/python -m benchmarks.spine`."""

import json
import os
import platform
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

import httpx
import psutil

ROOT = Path(__file__).resolve().parent.parent
PROMPT = "red apple, 3d style, white background"
WARM_PICTURES = 5
PATIENCE = 180.0
"""Seconds after which a step counts as failed."""


class MemoryWatch(threading.Thread):
    """Samples the resident memory of a process and of its children, and keeps the peaks."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self._process = psutil.Process(pid)
        self.page_peak = 0
        self.engine_peak = 0
        self._told_to_stop = threading.Event()

    def run(self) -> None:
        """Sample every 50 ms until told to stop or the process ends."""
        while not self._told_to_stop.wait(0.05):
            try:
                page = self._process.memory_info().rss
                engine = sum(c.memory_info().rss for c in self._process.children(recursive=True))
            except psutil.NoSuchProcess:
                continue
            self.page_peak = max(self.page_peak, page)
            self.engine_peak = max(self.engine_peak, engine)

    def stop(self) -> None:
        """Stop sampling."""
        self._told_to_stop.set()
        self.join()


def main() -> int:
    """Run the whole measurement and print its table."""
    with tempfile.TemporaryDirectory() as folder, started_program(Path(folder)) as (url, process):
        memory = MemoryWatch(process.pid)
        memory.start()
        begin = time.monotonic()
        rows: list[tuple[str, str]] = []
        wait_until(lambda: httpx.get(url, timeout=5).is_success)
        rows.append(("page ready", seconds(time.monotonic() - begin)))
        wait_until(lambda: engine_state(url) == "ready")
        rows.append(("engine ready", seconds(time.monotonic() - begin)))
        make_picture(url, seed=0)
        rows.append(
            ("first picture, from the start of the program", seconds(time.monotonic() - begin))
        )
        warm = [make_picture(url, seed) for seed in range(1, WARM_PICTURES + 1)]
        spread = f"{statistics.median(warm):.2f} s ({min(warm):.2f}–{max(warm):.2f})"
        rows.append((f"warm picture, 20 steps, median of {WARM_PICTURES} (range)", spread))
        memory.stop()
        rows.append(("peak memory of the page's process", megabytes(memory.page_peak)))
        rows.append(("peak memory of the engine's process", megabytes(memory.engine_peak)))
    rows.append(("time outside UNet, text encoder and VAE", f"{outside_models():.1%}"))
    report(rows)
    return 0


@contextmanager
def started_program(folder: Path) -> Generator[tuple[str, subprocess.Popen[bytes]]]:
    """Start the program as a user would, with data folders of its own, and stop it afterwards."""
    port = free_port()
    own = {"EASEL_DATA": str(folder / "data"), "EASEL_OUTPUTS": str(folder / "outputs")}
    command = [sys.executable, str(ROOT / "app.py"), "--no-browser", "--port", str(port)]
    with subprocess.Popen(command, env=os.environ | own, stdout=subprocess.DEVNULL) as process:
        try:
            yield f"http://127.0.0.1:{port}", process
        finally:
            process.terminate()


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until(true: Callable[[], bool]) -> None:
    """Ask every 20 ms until the answer is yes; a server that is not there yet counts as no."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        try:
            if true():
                return
        except httpx.TransportError:
            pass
        time.sleep(0.02)
    sys.exit("The program did not get there in time; run `python3 app.py` to see why.")


def engine_state(url: str) -> str:
    """What the program says of its engine."""
    return httpx.get(f"{url}/api/snapshot", timeout=5).json()["system"]["engine"]


def make_picture(url: str, seed: int) -> float:
    """Make one picture at the checkpoint's own size and return the seconds it took."""
    begin = time.monotonic()
    arguments = {"prompt": PROMPT, "seed": seed, "steps": 20}
    body = {"tool": "generate-image", "arguments": arguments}
    answer = httpx.post(f"{url}/mcp/tool", json=body, timeout=PATIENCE)
    if not answer.is_success:
        sys.exit(f"No picture: {answer.text}")
    return time.monotonic() - begin


def outside_models() -> float:
    """The share of a warm picture's time that is spent outside the models, in a fresh process."""
    command = [sys.executable, "-m", "benchmarks.outside_models"]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    return float(json.loads(done.stdout)["share"])


def seconds(value: float) -> str:
    """Seconds for the table."""
    return f"{value:.1f} s"


def megabytes(value: int) -> str:
    """Bytes as megabytes for the table."""
    return f"{value / 1e6:.0f} MB"


def report(rows: list[tuple[str, str]]) -> None:
    """Print the machine and the rows as Markdown."""
    memory = psutil.virtual_memory().total / 2**30
    cores = f"{psutil.cpu_count(logical=True)} cores ({processor()}), {memory:.0f} GiB"
    print(
        f"{platform.system()} {platform.machine()}, {cores}, Python {platform.python_version()}\n"
    )
    print("| what | figure |\n|-|-|")
    for name, figure in rows:
        print(f"| {name} | {figure} |")


def processor() -> str:
    """The processor's name where the system tells it."""
    info = Path("/proc/cpuinfo")
    if not info.exists():
        return platform.processor()
    names = [line for line in info.read_text().splitlines() if line.startswith("model name")]
    return names[0].partition(": ")[2] if names else platform.processor()


if __name__ == "__main__":
    sys.exit(main())
