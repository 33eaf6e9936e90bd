"""The device in words and numbers."""

import sys
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from backend.engine import accelerator, device
from backend.engine.device import describe_device, processor_name

LISTING = """processor\t: 0
model name\t: Intel(R) Core(TM) i7-9750H CPU @ 2.60GHz
cpu MHz\t: 2600
"""


@pytest.fixture(autouse=True)
def forgetful():
    processor_name.cache_clear()
    yield
    processor_name.cache_clear()


def listed(monkeypatch, tmp_path: Path, text: str | None) -> None:
    file = tmp_path / "cpuinfo"
    if text is not None:
        file.write_text(text)
    monkeypatch.setattr(device, "Path", lambda _: file)


def test_this_machine_is_described():
    view = describe_device()

    assert view.name
    assert 0 < view.memory_used < view.memory_total


def test_a_processors_name_leaves_out_what_tells_nobody_anything(monkeypatch, tmp_path):
    listed(monkeypatch, tmp_path, LISTING)
    monkeypatch.setattr(psutil, "cpu_count", lambda logical=True: 6)

    assert processor_name() == "Intel Core i7-9750H (6 cores)"


def test_one_core_is_one_core(monkeypatch, tmp_path):
    listed(monkeypatch, tmp_path, "model name : Tiny\n")
    monkeypatch.setattr(psutil, "cpu_count", lambda logical=True: 1)

    assert processor_name() == "Tiny (1 core)"


def test_a_system_without_a_listing_has_some_name(monkeypatch, tmp_path):
    listed(monkeypatch, tmp_path, None)
    monkeypatch.setattr(device.platform, "processor", lambda: "")
    monkeypatch.setattr(device.platform, "machine", lambda: "arm64")

    assert processor_name().startswith("arm64 (")


def test_a_graphics_card_is_described_with_its_own_memory(monkeypatch):
    card = SimpleNamespace(
        is_available=lambda: True,
        mem_get_info=lambda: (3_000, 8_000),
        get_device_name=lambda: "Abacus 9000",
        memory_reserved=lambda: 2_000,
    )
    monkeypatch.setitem(sys.modules, "torch", SimpleNamespace(cuda=card))

    view = describe_device()

    assert (view.name, view.memory_used, view.memory_total) == ("Abacus 9000", 5_000, 8_000)
    assert view.memory_held == 2_000
    assert view.process_bytes == pytest.approx(psutil.Process().memory_info().rss, rel=0.1)


@pytest.mark.parametrize(
    ("cuda", "mps", "expected"),
    [(True, False, "cuda"), (False, True, "mps"), (False, False, "cpu")],
)
def test_the_fastest_device_is_taken(monkeypatch, cuda, mps, expected):
    monkeypatch.setattr(accelerator.torch.cuda, "is_available", lambda: cuda)
    monkeypatch.setattr(accelerator.torch.backends.mps, "is_available", lambda: mps)

    chosen = accelerator.choose_device()

    assert chosen.type == expected
    assert (accelerator.weights_dtype(chosen) == accelerator.torch.float32) == (expected == "cpu")
    assert accelerator.wide_range_dtype(chosen) != accelerator.torch.float16


@pytest.mark.parametrize(("physical", "allowed", "threads"), [(8, 8, 8), (8, 3, 3), (4, 8, 4)])
def test_one_thread_for_each_usable_core(monkeypatch, physical, allowed, threads):
    asked: list[int] = []
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.setattr(accelerator.torch, "set_num_threads", asked.append)
    monkeypatch.setattr(psutil, "cpu_count", lambda logical=True: physical)
    monkeypatch.setattr(
        accelerator.os, "sched_getaffinity", lambda _: set(range(allowed)), raising=False
    )

    accelerator.use_physical_cores()
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    accelerator.use_physical_cores()

    assert asked == [threads]
