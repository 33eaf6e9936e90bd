"""Studio with a real engine process: from a request to pictures, with a person in between."""

import time

import pytest

from backend.schema.errors import NotFoundError
from backend.schema.events import Progress
from backend.schema.jobs import (
    OWNER,
    Actor,
    JobChanged,
    JobState,
    PictureAdded,
    PreviewChanged,
    Role,
    Snapshot,
)
from tests.fixtures.real_studio import (
    asked,
    ended,
    engine_of_this_process,
    indices_on_disk,
    nothing_was_made_twice,
    read_to_the_end_of,
    real_studio,
    submit,
    wait_for,
)

ANNA = Actor(id="anna", role=Role.GUEST)
BEN = Actor(id="ben", role=Role.GUEST)


@pytest.fixture
def studio(tmp_path):
    with real_studio(tmp_path) as opened:
        yield opened


def go_on(tmp_path):
    (tmp_path / "data" / "go-on").write_text("")


def test_a_request_becomes_pictures_and_everybody_hears_of_it(studio, tmp_path):
    with studio.jobs.follow(OWNER) as reader:
        began = time.monotonic()
        job = submit(studio, "a cat", 3)
        assert time.monotonic() - began < 1.0  # the engine is still starting
        items = read_to_the_end_of(reader, job)

    assert isinstance(items[0], Snapshot)
    jobs = [item.job for item in items if isinstance(item, JobChanged)]
    assert [view.state.ended for view in jobs].count(True) == 1
    assert jobs[-1].state is JobState.FINISHED
    assert any(isinstance(view.progress, Progress) for view in jobs)
    added = [item.picture for item in items if isinstance(item, PictureAdded)]
    assert [picture.index for picture in added] == [0, 1, 2]
    assert [picture.seed for picture in added] == [5, 6, 7]
    assert any(isinstance(item, PreviewChanged) for item in items)
    assert studio.gallery.newest(OWNER) == tuple(reversed(added))
    assert indices_on_disk(tmp_path, job) == [0, 1, 2]
    for picture in added:
        assert studio.gallery.file(OWNER, picture.id).is_file()
        assert studio.gallery.thumbnail(OWNER, picture.id).is_file()
    again = studio.gallery.request_of(OWNER, added[1].id)
    assert (again.seed.value, again.prompt.positive) == (6, "a cat")


def test_each_picture_of_a_prompt_with_choices_says_which_it_drew(studio):
    job = submit(studio, "a {cat|dog|fox}", 4)
    view = ended(studio, job)

    said = [picture.prompt for picture in view.pictures]
    assert view.title == "a {cat|dog|fox}"
    assert set(said) <= {"a cat", "a dog", "a fox"}
    assert len(set(said)) > 1
    again = studio.generation.submit(OWNER, studio.jobs.request_of(OWNER, job.id))
    assert [picture.prompt for picture in ended(studio, again).pictures] == said


def test_jobs_are_done_one_after_the_other_and_owners_take_turns(studio, tmp_path):
    first = submit(studio, "slow", 1, ANNA)
    wait_for(studio, first, lambda view: view.stage == "Waiting")
    waiting = [
        submit(studio, "a cat", 1, ANNA),
        submit(studio, "a cat", 1, ANNA),
        submit(studio, "a cat", 1, BEN),
    ]
    assert [studio.jobs.view(OWNER, one.id).position for one in waiting] == [2, 3, 1]
    assert studio.jobs.snapshot(OWNER).system.queued == 3

    go_on(tmp_path)
    for one in waiting:
        ended(studio, one)

    order = sorted(studio.gallery.newest(OWNER), key=lambda picture: picture.created)
    assert [picture.job for picture in order] == [
        first.id,
        *(waiting[place].id for place in (2, 0, 1)),
    ]


def test_two_people_never_see_each_other(studio):
    with studio.jobs.follow(ANNA) as hers, studio.jobs.follow(BEN) as his:
        jobs = {
            "anna": submit(studio, "a cat", 1, ANNA),
            "ben": submit(studio, "a dog", 1, BEN),
        }
        for person, reader in (("anna", hers), ("ben", his)):
            for item in read_to_the_end_of(reader, jobs[person]):
                if isinstance(item, JobChanged):
                    assert item.job.owner == person
                if isinstance(item, PictureAdded):
                    assert item.picture.owner == person
    (picture,) = studio.gallery.newest(ANNA)
    with pytest.raises(NotFoundError):
        studio.gallery.file(BEN, picture.id)


def test_a_cancelled_job_keeps_what_it_made(studio, tmp_path):
    job = studio.generation.submit(OWNER, asked("a cat", 50, steps=20))
    wait_for(studio, job, lambda view: len(view.pictures) >= 2)
    engine = engine_of_this_process().pid

    studio.jobs.cancel(OWNER, job.id)
    studio.jobs.cancel(OWNER, job.id)  # a double click
    view = ended(studio, job)

    assert view.state is JobState.CANCELLED
    assert 2 <= len(view.pictures) < 50
    assert [picture.index for picture in view.pictures] == indices_on_disk(tmp_path, job)
    assert ended(studio, submit(studio, "a cat", 1)).state is JobState.FINISHED
    assert engine_of_this_process().pid == engine


def test_a_skipped_picture_is_left_out_and_the_job_goes_on(studio, tmp_path):
    job = studio.generation.submit(OWNER, asked("slow cat", 3))
    wait_for(studio, job, lambda view: view.stage == "Waiting")

    studio.jobs.skip(OWNER, job.id)
    wait_for(studio, job, lambda view: view.pictures_skipped == 1)
    go_on(tmp_path)
    view = ended(studio, job)

    assert view.state is JobState.FINISHED
    assert [picture.index for picture in view.pictures] == indices_on_disk(tmp_path, job) == [1, 2]
    assert len(studio.gallery.newest(OWNER)) == 2
    with pytest.raises(NotFoundError):
        studio.jobs.skip(ANNA, job.id)


def test_a_paused_job_stands_still_and_goes_on(studio):
    job = studio.generation.submit(OWNER, asked("a cat", 10, steps=20))
    wait_for(studio, job, lambda view: len(view.pictures) >= 1)

    studio.jobs.pause_queue(OWNER)
    time.sleep(0.3)
    before = studio.jobs.view(OWNER, job.id)
    time.sleep(0.3)

    assert studio.jobs.view(OWNER, job.id) == before
    assert before.state is JobState.RUNNING
    assert studio.jobs.snapshot(OWNER).system.queue_reason == "The queue was paused by hand."
    studio.jobs.resume_queue(OWNER)
    assert len(ended(studio, job).pictures) == 10


def test_a_paused_job_can_be_cancelled(studio):
    job = studio.generation.submit(OWNER, asked("a cat", 10, steps=20))
    wait_for(studio, job, lambda view: len(view.pictures) >= 1)
    studio.jobs.pause_queue(OWNER)

    studio.jobs.cancel(OWNER, job.id)

    assert ended(studio, job).state is JobState.CANCELLED


@pytest.mark.parametrize(
    ("prompt", "code", "words"),
    [
        ("raise nonsense", "unexpected", "Something went wrong"),
        ("memory", "out_of_memory", "did not fit into the memory"),
    ],
)
def test_a_job_that_fails_says_why_and_keeps_what_it_made(studio, prompt, code, words):
    view = ended(studio, submit(studio, prompt, 3))

    assert view.state is JobState.FAILED
    assert view.failure
    assert view.failure.code == code
    assert words in view.failure.sentence
    assert [picture.index for picture in view.pictures] == [0]
    assert ended(studio, submit(studio, "a cat", 1)).state is JobState.FINISHED


def test_closing_in_the_middle_loses_nothing(tmp_path):
    with real_studio(tmp_path) as studio:
        job = studio.generation.submit(OWNER, asked("a cat", 8, steps=20))
        second = submit(studio, "a dog", 1)
        wait_for(studio, job, lambda view: len(view.pictures) >= 2)

    with real_studio(tmp_path) as again:
        assert again.jobs.view(OWNER, job.id).state is JobState.RUNNING
        assert again.jobs.view(OWNER, second.id).state is JobState.QUEUED
        view = ended(again, job)
        assert [picture.index for picture in view.pictures] == list(range(8))
        assert ended(again, second).state is JobState.FINISHED
        assert len(again.gallery.newest(OWNER)) == 9
    assert nothing_was_made_twice(tmp_path)
