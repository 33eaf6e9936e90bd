"""A job's running view, step by step and from the journal."""

from dataclasses import replace

import pytest

from backend.jobs.journal import Stored
from backend.jobs.record import Record
from backend.schema.events import (
    Cancelled,
    Failed,
    Finished,
    Metric,
    Preview,
    Progress,
    SetAside,
    Stage,
    Warned,
)
from backend.schema.jobs import JobState
from tests.fixtures.desk import job, picture

PROGRESS = Progress(step=1, steps=7, batch=1, batches=2)


def test_a_new_job_shows_its_prompt_and_how_many_pictures():
    view = Record.of(job(1, pictures=3)).view()

    assert (view.title, view.pictures_wanted, view.state) == ("a cat", 3, JobState.QUEUED)


def test_what_a_job_tells_is_seen():
    record = Record.of(job(1))
    for event in (
        Stage(sentence="Drawing"),
        PROGRESS,
        Warned(sentence="Oh."),
        Warned(sentence="Oh."),
    ):
        record = record.after(event)

    view = record.view()

    assert (view.stage, view.progress, view.warnings) == ("Drawing", PROGRESS, ("Oh.",))


def test_how_much_is_loaded_is_seen_until_the_next_stage():
    loading = Record.of(job(1)).after(Stage(sentence="Loading", done_bytes=3, total_bytes=9))

    assert (loading.view().done_bytes, loading.view().total_bytes) == (3, 9)
    for later in (
        loading.after(Stage(sentence="Drawing")),
        replace(loading, stage="Stopping"),
        loading.ended(Finished(), 9.0),
    ):
        assert (later.view().done_bytes, later.view().total_bytes) == (None, None)


@pytest.mark.parametrize(
    "event", [Metric(name="x", step=0, value=1.0), Preview(index=0, jpeg="AAAA")]
)
def test_what_is_shown_elsewhere_changes_nothing(event):
    record = Record.of(job(1))

    assert record.after(event) == record


@pytest.mark.parametrize(
    ("event", "state", "sentence"),
    [
        (Finished(), JobState.FINISHED, ""),
        (Cancelled(), JobState.CANCELLED, ""),
        (Failed(code="model", sentence="It broke."), JobState.FAILED, "It broke."),
        (SetAside(sentence="Twice."), JobState.SET_ASIDE, "Twice."),
    ],
)
def test_an_end_says_why_and_clears_what_was_going_on(event, state, sentence):
    record = Record.of(job(1)).after(PROGRESS).after(Stage(sentence="x")).ended(event, 9.0)

    assert (record.job.state, record.job.ended, record.job.sentence) == (state, 9.0, sentence)
    view = record.view()
    assert (view.stage, view.progress, view.position) == ("", None, None)
    assert (view.failure.sentence if view.failure else "") == sentence


def test_a_job_set_aside_says_what_to_do():
    view = Record.of(job(1)).ended(SetAside(sentence="Twice."), 9.0).view()

    assert view.failure
    assert "smaller" in view.failure.hint


def test_pictures_stay_in_order_and_replace_themselves():
    record = Record.of(job(1, pictures=3))
    for one in (picture(1, 2), picture(1, 0, saved=False), picture(1, 0)):
        record = record.with_picture(one)

    assert record.view().pictures == (picture(1, 0), picture(1, 2))
    assert not record.complete


def test_a_deleted_picture_is_not_shown_but_counts_as_made():
    record = Record.of(job(1, pictures=2)).with_picture(picture(1, 0)).with_picture(picture(1, 1))

    left = record.without_picture(picture(1, 0).id)

    assert left.view().pictures == (picture(1, 1),)
    assert left.complete


def test_the_journal_gives_the_same_view_back():
    failure = Failed(code="model", sentence="It broke.", hint="Fix it.", details="…")
    live = Record.of(job(1)).after(Warned(sentence="Oh.")).with_picture(picture(1, 0))
    live = live.ended(failure, 9.0)

    stored = Stored(
        job=live.job,
        pictures=(picture(1, 0),),
        made=frozenset({0}),
        events=(Warned(sentence="Oh."), failure),
    )

    assert Record.restored(stored).view() == live.view()
