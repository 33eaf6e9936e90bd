"""A disk that is full: no picture is lost, and the queue says why it waits."""

import io
import subprocess
from pathlib import Path

import pytest
from PIL import Image

from backend.api.generate_command import run
from backend.metadata.own import read_metadata
from backend.schema.jobs import OWNER, JobState
from tests.fixtures.program import wait_until
from tests.fixtures.real_studio import (
    ended,
    indices_on_disk,
    nothing_was_made_twice,
    real_studio,
    submit,
    wait_for,
)

BALLAST = "ballast.bin"


@pytest.fixture
def small_disk(tmp_path):
    """Mounts a disk of six megabytes; what it mounted is gone afterwards."""
    mounted: list[Path] = []

    def mount(name: str) -> Path:
        folder = tmp_path / name
        folder.mkdir()
        command = ["mount", "-t", "tmpfs", "-o", "size=6m", "easel-test", str(folder)]
        try:
            done = subprocess.run(command, check=False, capture_output=True, text=True)
        except OSError as error:
            pytest.skip(f"no small disk: {error}")
        if done.returncode:
            pytest.skip(f"no small disk: {done.stderr.strip()}")
        mounted.append(folder)
        return folder

    yield mount
    for folder in mounted:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(disk: Path) -> None:
    with (disk / BALLAST).open("wb", buffering=0) as ballast:
        try:
            while True:
                ballast.write(b"\0" * 16384)
        except OSError:
            return


def make_room(disk: Path) -> None:
    (disk / BALLAST).unlink()


def test_pictures_that_do_not_fit_are_kept_and_saved_later(small_disk, tmp_path):
    disk = small_disk("outputs")
    with real_studio(tmp_path) as studio:
        ended(studio, submit(studio, "a cat", 1))
        fill(disk)

        job = submit(studio, "a dog", 3)
        wait_for(studio, job, lambda view: len(view.pictures) == 1)
        system = studio.jobs.snapshot(OWNER).system
        assert system.queue_paused
        assert "the disk is full" in system.queue_reason
        assert "Free some space, then resume the queue." in system.queue_reason
        (picture,) = studio.jobs.view(OWNER, job.id).pictures
        assert not picture.saved
        png = studio.gallery.unsaved_bytes(OWNER, picture.id)
        assert Image.open(io.BytesIO(png)).size == (64, 64)
        assert read_metadata(io.BytesIO(png))
        assert studio.gallery.newest(OWNER)[0] == picture

        make_room(disk)
        studio.jobs.resume_queue(OWNER)
        view = ended(studio, job)

        assert view.state is JobState.FINISHED
        assert all(one.saved for one in view.pictures)
        assert studio.gallery.file(OWNER, picture.id).read_bytes() == png
        assert indices_on_disk(tmp_path, job) == [0, 1, 2]
    assert nothing_was_made_twice(tmp_path)


def test_a_full_data_folder_stops_nothing_and_loses_nothing(small_disk, tmp_path):
    disk = small_disk("data")
    with real_studio(tmp_path) as studio:
        ended(studio, submit(studio, "a cat", 1))
        fill(disk)

        jobs = [submit(studio, "a dog", 2) for _ in range(30)]
        for job in jobs:
            assert ended(studio, job).state in {JobState.FINISHED, JobState.FAILED}
        system = studio.jobs.snapshot(OWNER).system
        assert "cannot be written" in system.sentence
        assert "free some space" in system.sentence
        before = studio.gallery.newest(OWNER, 100)
        views = [studio.jobs.view(OWNER, job.id) for job in jobs]

        make_room(disk)
        wait_until(
            lambda: not studio.jobs.snapshot(OWNER).system.sentence,
            lambda: f"{studio.jobs.snapshot(OWNER).system}",
            seconds=20,
        )
        assert studio.gallery.newest(OWNER, 100) == before

    with real_studio(tmp_path) as again:
        assert again.gallery.newest(OWNER, 100) == before
        assert [again.jobs.view(OWNER, job.id) for job in jobs] == views


def test_a_program_that_starts_on_a_full_disk_says_so_and_works(small_disk, tmp_path):
    disk = small_disk("data")
    fill(disk)
    with real_studio(tmp_path) as studio:
        assert "cannot be written" in studio.jobs.snapshot(OWNER).system.sentence
        assert ended(studio, submit(studio, "a cat", 1)).state.ended

        make_room(disk)
        job = submit(studio, "a dog", 1)
        assert ended(studio, job).state is JobState.FINISHED

    with real_studio(tmp_path) as again:
        assert again.jobs.view(OWNER, job.id).state is JobState.FINISHED


def test_a_file_where_the_outputs_should_be_is_as_good_as_a_full_disk(tmp_path):
    """The same without a disk of its own, for machines where none can be mounted."""
    (tmp_path / "outputs").write_text("in the way")
    with real_studio(tmp_path) as studio:
        job = submit(studio, "a cat", 2)
        wait_for(studio, job, lambda view: len(view.pictures) == 1)
        assert studio.jobs.snapshot(OWNER).system.queue_paused

        (tmp_path / "outputs").unlink()
        studio.jobs.resume_queue(OWNER)

        assert ended(studio, job).state is JobState.FINISHED
        assert indices_on_disk(tmp_path, job) == [0, 1]


def generate(tmp_path: Path, *arguments: str) -> int:
    return run(["generate", "a cat", *arguments], lambda: real_studio(tmp_path))


def test_the_command_line_still_hands_over_its_picture(tmp_path, capsys):
    (tmp_path / "outputs").write_text("in the way")
    target = tmp_path / "cat.png"

    assert generate(tmp_path, "-o", str(target)) == 0

    assert capsys.readouterr().out == f"{target}\n"
    assert read_metadata(target)


def test_the_command_line_ends_with_the_reason_instead_of_waiting(tmp_path, capsys):
    (tmp_path / "outputs").write_text("in the way")
    target = tmp_path / "cat.png"

    assert generate(tmp_path, "-o", str(target), "--batch-count", "3") == 1

    told = capsys.readouterr().err
    assert "a file is where a folder should be" in told
    assert "The job was cancelled." in told
    assert read_metadata(target)
