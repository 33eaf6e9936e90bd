"""The feed: a snapshot first, only one's own, and never more than a reader can hold."""

import threading
import time

import pytest

from backend.jobs.feed import MOST_WAITING, Feed
from backend.jobs.record import Record
from backend.schema.events import Finished
from backend.schema.jobs import (
    OWNER,
    Actor,
    JobChanged,
    PictureAdded,
    PictureRemoved,
    PreviewChanged,
    Role,
    Snapshot,
    SystemChanged,
    SystemView,
)
from tests.fixtures.desk import job, picture

GUEST = Actor(id="anna", role=Role.GUEST)
SNAPSHOT = Snapshot(system=SystemView(engine="ready"), jobs=(), pictures=())
PREVIEW = PreviewChanged(job=job(1).id, index=0, jpeg="AAAA")


@pytest.fixture
def feed():
    return Feed(threading.RLock())


def attach(actor):
    return (SNAPSHOT,)


def read(reader):
    """All that waits."""
    items = []
    while (item := reader.next(0)) is not None:
        items.append(item)
    return items


def changed(number=1, stage=""):
    view = Record.of(job(number)).view()
    return JobChanged(job=view.model_copy(update={"stage": stage}))


def ended(number=1):
    return JobChanged(job=Record.of(job(number)).ended(Finished(), 1.0).view())


def test_a_reader_begins_with_a_snapshot_and_what_it_does_not_hold(feed):
    with feed.follow(OWNER, lambda actor: (SNAPSHOT, PREVIEW)) as reader:
        assert read(reader) == [SNAPSHOT, PREVIEW]


def test_what_changed_before_the_snapshot_was_read_is_in_it(feed):
    with feed.follow(OWNER, attach) as reader:
        feed.publish(changed())
        assert read(reader) == [SNAPSHOT]
        feed.publish(changed())
        assert read(reader) == [changed()]


def test_nothing_for_a_while_is_none(feed):
    with feed.follow(OWNER, attach) as reader:
        reader.next(0)
        began = time.monotonic()
        assert reader.next(0.05) is None
        assert time.monotonic() - began >= 0.04


def test_a_waiting_reader_is_woken(feed):
    with feed.follow(OWNER, attach) as reader:
        reader.next(0)
        threading.Timer(0.05, feed.publish, [changed()]).start()
        assert reader.next(10) == changed()


def test_a_guest_hears_only_of_their_own_and_of_the_program(feed):
    system = SystemChanged(system=SystemView(engine="busy"))
    with feed.follow(GUEST, attach) as guest, feed.follow(OWNER, attach) as owner:
        assert read(guest) == read(owner) == [SNAPSHOT]
        feed.publish(changed(1), "anna")
        feed.publish(changed(2), "ben")
        feed.publish(system)
        assert read(guest) == [changed(1), system]
        assert read(owner) == [changed(1), changed(2), system]


def test_only_the_newest_state_of_each_thing_waits_in_order(feed):
    with feed.follow(OWNER, attach) as reader:
        reader.next(0)
        feed.publish(changed(1, "a"))
        feed.publish(changed(2, "b"))
        feed.publish(changed(1, "c"))
        assert read(reader) == [changed(2, "b"), changed(1, "c")]


def test_a_preview_does_not_come_after_its_picture(feed):
    added = PictureAdded(picture=picture(1, 0))
    other = PreviewChanged(job=job(1).id, index=1, jpeg="BBBB")
    with feed.follow(OWNER, attach) as reader:
        reader.next(0)
        for item in (PREVIEW, other, added):
            feed.publish(item)
        assert read(reader) == [other, added]


def test_no_preview_comes_after_the_end_of_a_job(feed):
    with feed.follow(OWNER, attach) as reader:
        reader.next(0)
        for item in (PREVIEW, ended()):
            feed.publish(item)
        assert read(reader) == [ended()]


def test_a_deleted_picture_is_not_announced_any_more(feed):
    removed = PictureRemoved(picture=picture(1, 0).id)
    with feed.follow(OWNER, attach) as reader:
        reader.next(0)
        for item in (PictureAdded(picture=picture(1, 0)), removed):
            feed.publish(item)
        assert read(reader) == [removed]


def test_a_reader_that_is_far_behind_begins_again(feed):
    with feed.follow(OWNER, attach) as reader:
        reader.next(0)
        for number in range(MOST_WAITING + 1):
            feed.publish(changed(number))
        feed.publish(changed(0))
        assert read(reader) == [SNAPSHOT]


def test_a_reader_that_waits_while_it_falls_behind_gets_a_snapshot(feed, monkeypatch):
    monkeypatch.setattr("backend.jobs.feed.MOST_WAITING", 0)
    with feed.follow(OWNER, attach) as reader:
        reader.next(0)
        threading.Timer(0.05, feed.publish, [changed()]).start()
        assert reader.next(10) == SNAPSHOT


def test_a_reader_that_left_is_forgotten(feed):
    with feed.follow(OWNER, attach):
        pass
    feed.publish(changed())

    assert feed._readers == []
