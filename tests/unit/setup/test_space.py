"""How much is said to be needed, and what happens where it is not there."""

from pathlib import Path

import pytest

from backend.setup import space
from backend.setup.errors import SetupError
from backend.setup.space import cache_fits, free_bytes, size_of

GB = 10**9


@pytest.mark.parametrize(
    ("tag", "system", "download"),
    [
        ("standard", "Linux", 3.2),
        ("standard", "Darwin", 0.5),
        ("cpu", "Linux", 0.6),
        ("cu126", "Windows", 3.2),
        ("rocm7.2", "Linux", 5),
    ],
)
def test_the_download_depends_on_the_build(tag, system, download):
    assert size_of(tag, system).download == pytest.approx(download * GB)


def test_the_tools_of_the_tests_come_on_top():
    assert size_of("cpu", "Linux", tests=True).disk > size_of("cpu", "Linux").disk


def test_too_little_room_is_told_with_both_numbers(tmp_path):
    with pytest.raises(SetupError, match=r"about 9\.9 GB .* 4\.0 GB are free"):
        cache_fits(tmp_path / ".venv", size_of("standard", "Linux"), lambda _: 4 * GB)


def test_downloads_are_kept_only_where_there_is_room_for_them_too(tmp_path, monkeypatch):
    monkeypatch.setenv("PIP_CACHE_DIR", str(tmp_path / "cache"))
    size = size_of("standard", "Linux")

    assert not cache_fits(tmp_path / ".venv", size, lambda _: 11 * GB)
    assert cache_fits(tmp_path / ".venv", size, lambda _: 14 * GB)


def test_a_cache_on_another_disk_has_its_own_room(tmp_path, monkeypatch):
    cache = tmp_path / "cache"
    cache.mkdir()
    monkeypatch.setenv("PIP_CACHE_DIR", str(cache))
    monkeypatch.setattr(space, "_same_disk", lambda *_: False)

    def free(place: Path) -> int:
        return 2 * GB if place == cache else 11 * GB

    assert not cache_fits(tmp_path / ".venv", size_of("standard", "Linux"), free)


def test_the_room_of_a_place_that_is_not_there_yet_is_its_disks(tmp_path):
    assert free_bytes(tmp_path / "not" / "yet") > 0
