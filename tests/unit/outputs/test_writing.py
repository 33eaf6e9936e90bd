"""Writing: whole or not at all, with the reason in plain words."""

import errno
import os
import stat
from pathlib import Path

import pytest

from backend.outputs.writing import write_atomically
from backend.schema.errors import OutputError


def test_a_file_appears_whole_in_a_folder_that_is_made(tmp_path):
    path = tmp_path / "2026-11-24" / "a.png"

    write_atomically(path, b"picture")

    assert path.read_bytes() == b"picture"
    assert [file.name for file in path.parent.iterdir()] == ["a.png"]


def test_a_file_is_replaced_in_one_step(tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(b"old")

    write_atomically(path, b"new")

    assert path.read_bytes() == b"new"


def test_others_may_read_the_file_as_the_system_allows(tmp_path):
    (tmp_path / "plain").touch()

    write_atomically(tmp_path / "a.png", b"x")

    expected = stat.S_IMODE((tmp_path / "plain").stat().st_mode)
    assert stat.S_IMODE((tmp_path / "a.png").stat().st_mode) == expected


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (errno.ENOSPC, "the disk is full. Free some space"),
        (errno.EACCES, "Easel may not write there"),
        (errno.EROFS, "the disk can only be read"),
        (errno.EIO, "input/output error"),
    ],
)
def test_a_refusal_is_told_in_words_and_leaves_nothing_behind(tmp_path, monkeypatch, code, words):
    def refuse(descriptor):
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "fsync", refuse)

    with pytest.raises(OutputError, match=words) as caught:
        write_atomically(tmp_path / "a.png", b"x")

    assert "a.png cannot be saved in" in caught.value.sentence
    assert list(tmp_path.iterdir()) == []


def test_the_old_file_stays_when_the_new_one_is_refused(tmp_path, monkeypatch):
    path = tmp_path / "a.png"
    path.write_bytes(b"old")

    def refuse(source, target):
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(Path, "replace", refuse)

    with pytest.raises(OutputError, match="disk is full"):
        write_atomically(path, b"new")

    assert path.read_bytes() == b"old"
    assert [file.name for file in tmp_path.iterdir()] == ["a.png"]


def test_a_name_that_is_too_long_is_told_in_words(tmp_path):
    with pytest.raises(OutputError, match="the name is too long"):
        write_atomically(tmp_path / ("x" * 300), b"x")


def test_a_file_in_place_of_the_folder_is_told_in_words(tmp_path):
    (tmp_path / "2026-11-24").touch()

    with pytest.raises(OutputError, match="a file is where a folder should be"):
        write_atomically(tmp_path / "2026-11-24" / "a.png", b"x")
