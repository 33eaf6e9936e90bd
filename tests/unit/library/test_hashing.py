"""Hashes: equal to other programs', worked out once, in the background, and never in the way."""

import hashlib
import os
import threading

import pytest

from backend.library import keeper
from backend.schema.errors import ModelDamagedError, ModelMissingError
from tests.fixtures import model_files as made
from tests.fixtures.program import wait_until


@pytest.fixture
def path(models):
    return made.write_safetensors(models / "tiny.safetensors", made.sd15_checkpoint())


@pytest.fixture
def eager(monkeypatch):
    monkeypatch.setattr(keeper, "SETTLE_SECONDS", 0.0)
    monkeypatch.setattr(keeper, "_LOOK_SECONDS", 0.01)
    monkeypatch.setattr(keeper, "_LONGEST_PAUSE", 0.01)


def hashed(library):
    return lambda: [entry for entry in library.entries() if entry.hashes]


def test_the_hashes_are_those_of_the_file_and_of_what_follows_its_header(library, path):
    content = path.read_bytes()
    header = 8 + int.from_bytes(content[:8], "little")

    hashes = library.hashes(path)

    assert hashes.sha256 == library.sha256(path, "tiny") == hashlib.sha256(content).hexdigest()
    assert hashes.short == hashes.sha256[:10]
    assert hashes.tensors == hashlib.sha256(content[header:]).hexdigest()[:12]


def test_a_file_without_a_safetensors_header_has_no_third_hash(library, models):
    file = made.write_gguf(models / "flux.gguf", {"a": (256,)})

    assert library.hashes(file).tensors == ""


def test_a_hash_is_remembered_until_the_file_changes(library, opened, path):
    first = library.hashes(path)
    state = path.stat()
    with path.open("r+b") as file:
        file.seek(-1, os.SEEK_END)
        file.write(b"x")
    os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))
    remembered = opened().hashes(path)
    os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns + 1))

    assert first == remembered != library.hashes(path)


def test_a_file_that_is_gone_is_told(library, path):
    path.unlink()

    with pytest.raises(ModelMissingError, match="“Tiny” is not there any more"):
        library.sha256(path, "Tiny")
    with pytest.raises(ModelDamagedError, match="cannot be read"):
        library.hashes(path)


def test_everything_is_hashed_in_the_background(library, path, eager):
    library.start()

    [entry] = wait_until(hashed(library), lambda: "never hashed", seconds=10)

    assert entry.hashes.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert library.state.unhashed == 0


def test_nothing_is_hashed_while_there_is_other_work(library, path, eager):
    busy = threading.Event()
    busy.set()
    asked = threading.Event()
    library.start(lambda: asked.set() or busy.is_set())
    assert asked.wait(10)

    assert library.entries()[0].hashes is None
    assert library.hashes(path)  # whoever needs one now gets it
    busy.clear()
    wait_until(hashed(library), lambda: "never went on", seconds=10)


def test_the_end_of_the_program_stops_a_large_file_half_way(library, path, eager):
    asked = threading.Event()
    library.start(lambda: asked.set() or True)
    assert asked.wait(10)

    library.close()

    assert not library._keeper._thread.is_alive()


def test_the_first_scan_keeps_nobody_waiting(library, path, monkeypatch):
    going = threading.Event()
    scan = library._scanner._scan

    def slow():
        going.wait(10)
        return scan()

    monkeypatch.setattr(library._scanner, "_scan", slow)
    library.start()

    assert library.checkpoints() == ()
    assert library.state.scanning
    going.set()
    assert library.find(None).name == "tiny"
