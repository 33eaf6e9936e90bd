"""Drawn pictures that wait on disk."""

import os
import time

import pytest
import torch

from backend.engine.memory.latents import LatentStore


@pytest.fixture
def store(tmp_path) -> LatentStore:
    return LatentStore(tmp_path / "latents", "0123456789ab")


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
def test_what_is_kept_comes_back_bit_for_bit(store, dtype):
    batch = torch.randn(2, 4, 8, 8).to(dtype)

    store.keep(3, batch[1])

    found = store.find(3)
    assert found is not None
    assert found.dtype == dtype
    assert torch.equal(found, batch[1])


def test_another_job_and_another_picture_have_their_own(store):
    store.keep(3, torch.zeros(4, 8, 8))

    assert store.find(2) is None
    assert LatentStore(store.folder, "ba9876543210").find(3) is None


def test_what_is_saved_is_forgotten(store):
    store.keep(3, torch.zeros(4, 8, 8))
    store.forget(3)
    store.forget(3)

    assert list(store.folder.iterdir()) == []


def test_a_damaged_file_is_as_good_as_none(store):
    store.keep(3, torch.zeros(4, 8, 8))
    [file] = store.folder.iterdir()
    file.write_bytes(file.read_bytes()[:50])

    assert store.find(3) is None


def test_a_disk_that_refuses_stops_nothing(store):
    store.folder.write_text("in the way")

    store.keep(3, torch.zeros(4, 8, 8))
    store.sweep()
    store.forget(3)

    assert store.find(3) is None


def test_what_nobody_came_back_for_is_swept_away_after_a_week(store):
    store.keep(1, torch.zeros(4, 8, 8))
    [old] = store.folder.iterdir()
    long_ago = time.time() - 7 * 24 * 3600 - 60
    os.utime(old, (long_ago, long_ago))
    store.keep(2, torch.zeros(4, 8, 8))

    store.sweep()

    assert store.find(1) is None
    assert store.find(2) is not None
