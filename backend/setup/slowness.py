"""How much slower this machine is than the one that limits of time are written for.

A rented machine can be half as fast as it was an hour ago, because of strangers on the same
processor. A limit in seconds would then fail without anything having become slower, so limits are
multiplied by what a fixed piece of work takes.
"""

import hashlib
import json
import statistics
import threading
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager

REFERENCE = 0.0073
"""Seconds of processor for one `_work` there: 2 cores (AMD EPYC with AVX-512), 30 November 2026."""
_PAUSE = 10.0
_READINGS = 5


def slowness() -> float:
    """How many times as long as on the reference machine work takes here now; at least 1."""
    return against_reference([_reading() for _ in range(_READINGS)])


@contextmanager
def readings_meanwhile() -> Generator[list[float]]:
    """Take a reading every ten seconds while something runs; gives the growing list of them."""
    readings, ended = [_reading()], threading.Event()

    def read() -> None:
        while not ended.wait(_PAUSE):
            readings.append(_reading())

    thread = threading.Thread(target=read, name="slowness", daemon=True)
    thread.start()
    try:
        yield readings
    finally:
        ended.set()
        thread.join()


def against_reference(readings: Sequence[float]) -> float:
    """How many times as long as on the reference machine work took in these; at least 1."""
    return max(1.0, statistics.median(readings) / REFERENCE)


def _reading() -> float:
    """Seconds of processor, not of the clock: waiting for other processes does not count."""
    started = time.thread_time()
    _work()
    return time.thread_time() - started


def _work() -> None:
    """What the program and its tests mostly do: objects made, written, read and sorted."""
    rows = [{"name": f"row {n}", "value": n / 2, "tags": ["a", "b", str(n)]} for n in range(300)]
    for _ in range(6):
        text = json.dumps(rows, indent=1)
        hashlib.sha256(text.encode()).digest()
        sorted(json.loads(text), key=str)
