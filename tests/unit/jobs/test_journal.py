"""The journal: what it was told comes back, whatever the disk does in between."""

import sqlite3
from concurrent.futures import ThreadPoolExecutor

import pytest

from backend.jobs.journal import Journal
from backend.schema.errors import EaselError
from backend.schema.events import Cancelled, Failed, Metric, Warned
from backend.schema.jobs import JobState
from tests.fixtures.desk import job, picture

WARNING = Warned(sentence="It is late.")


@pytest.fixture
def path(tmp_path):
    return tmp_path / "data" / "journal.sqlite3"


@pytest.fixture
def journal(path):
    opened = Journal(path)
    yield opened
    opened.close()


def again(journal, path):
    journal.close()
    return Journal(path)


def fill_the_disk(journal):
    """SQLite itself says “database or disk is full” from now on."""
    (pages,) = journal._database.execute("PRAGMA page_count").fetchone()
    journal._database.execute(f"PRAGMA max_page_count = {pages}")


def make_room(journal):
    journal._database.execute("PRAGMA max_page_count = 1000000")


def test_a_job_comes_back_as_it_went_in(journal, path):
    first = job(1, owner="anna", started=2.0, engine_deaths=1)
    journal.put_job(first)
    journal.put_picture(picture(1, 0))
    journal.add_event(first.id, WARNING)
    journal.add_event(first.id, Metric(name="seconds", step=0, value=1.5))

    (stored,) = again(journal, path).active()

    assert stored.job == first
    assert stored.pictures == (picture(1, 0),)
    assert [event.type for event in stored.events] == ["warning", "metric"]
    assert journal.find("ffffffffffff") is None


def test_jobs_wait_in_the_order_in_which_they_were_asked_for(journal):
    for number in (3, 1, 2):
        journal.put_job(job(number))
    journal.put_job(job(3, state=JobState.RUNNING))

    assert [int(one.job.id, 16) for one in journal.active()] == [3, 1, 2]


def test_what_ended_stays_as_it_ended(journal):
    journal.put_job(job(1))
    failure = Failed(code="model", sentence="It broke.")
    ended = job(1, state=JobState.FAILED, sentence="It broke.", ended=9.0)
    journal.end_job(ended, failure)
    journal.put_job(job(1, state=JobState.RUNNING))
    journal.end_job(job(1, state=JobState.CANCELLED), Cancelled())

    stored = journal.find(job(1).id)

    assert stored.job == ended
    assert stored.events[0] == failure
    assert journal.active() == ()


def test_the_last_that_ended_come_first(journal):
    for number in range(5):
        journal.put_job(job(number, state=JobState.FINISHED))

    assert [int(one.job.id, 16) for one in journal.ended(2)] == [4, 3]


def test_a_deleted_picture_counts_as_made(journal):
    journal.put_job(job(1))
    journal.put_picture(picture(1, 0))
    journal.put_picture(picture(1, 1, saved=False))
    journal.put_picture(picture(1, 1))
    journal.delete_picture(picture(1, 0))

    stored = journal.find(job(1).id)

    assert stored.pictures == (picture(1, 1),)
    assert stored.made == {0, 1}
    assert list(journal.pictures()) == [picture(1, 1)]


def test_a_full_disk_loses_nothing(journal, path):
    journal.put_job(job(1))
    fill_the_disk(journal)

    for number in range(2, 60):
        journal.put_job(job(number))
    journal.put_job(job(2, state=JobState.RUNNING))
    journal.add_event(job(2).id, WARNING)

    assert "disk is full" in journal.trouble
    assert "free some space" in journal.trouble
    make_room(journal)
    journal.retry()
    assert journal.trouble == ""
    stored = again(journal, path).active()
    assert [int(one.job.id, 16) for one in stored] == list(range(1, 60))
    assert stored[1].job.state is JobState.RUNNING
    assert stored[1].events == (WARNING,)


def test_what_waits_is_written_with_the_next_change(journal, path):
    journal.put_job(job(1))
    fill_the_disk(journal)
    long = job(2, sentence="x" * 100_000)
    journal.put_job(long)
    assert journal.trouble
    make_room(journal)

    journal.put_job(job(3))

    assert journal.trouble == ""
    assert len(again(journal, path).active()) == 3


def test_waiting_takes_no_more_memory_than_the_things_themselves(journal):
    fill_the_disk(journal)
    for deaths in range(500):
        journal.put_job(job(1, sentence="x" * 100_000, engine_deaths=deaths))

    assert len(journal._waiting) == 1
    make_room(journal)
    journal.retry()
    assert journal.find(job(1).id).job.engine_deaths == 499


def test_a_folder_that_cannot_be_made_is_trouble_not_an_end(path):
    path.parent.write_text("in the way")
    journal = Journal(path)
    assert journal.trouble
    assert journal.active() == ()
    journal.put_job(job(1))

    path.parent.unlink()
    journal.retry()

    assert journal.trouble == ""
    assert [one.job for one in journal.active()] == [job(1)]
    journal.close()


def test_a_journal_that_could_not_be_opened_closes_quietly(path):
    path.parent.write_text("in the way")

    Journal(path).close()

    assert path.parent.read_text() == "in the way"


def test_a_damaged_journal_is_put_aside(journal, path):
    journal.put_job(job(1))
    journal.close()
    path.write_bytes(b"not a database at all" * 500)

    new = Journal(path)

    assert "damaged" in new.notice
    assert new.active() == ()
    new.put_job(job(2))
    assert new.trouble == ""
    (aside,) = path.parent.glob("journal-damaged-*.sqlite3")
    assert aside.name in new.notice
    assert aside.read_bytes().startswith(b"not a database")
    new.close()


def test_a_page_that_is_damaged_later_is_trouble_not_an_end(journal, path):
    for number in range(300):
        journal.put_job(job(number))
    journal.close()
    content = bytearray(path.read_bytes())
    content[8192:] = b"\xff" * (len(content) - 8192)
    path.write_bytes(content)

    damaged = Journal(path)

    assert damaged.find(job(200).id) is None
    damaged.put_job(job(200))
    assert "malformed" in damaged.trouble
    damaged.close()


def test_a_newer_journal_is_left_alone(journal, path):
    journal.close()
    with sqlite3.connect(path) as database:
        database.execute("PRAGMA user_version = 99")
    database.close()

    with pytest.raises(EaselError, match="newer version") as caught:
        Journal(path)

    assert "EASEL_DATA" in caught.value.hint


def test_threads_may_write_and_read_at_once(journal):
    def write(number: int) -> int:
        journal.put_job(job(number))
        return len(journal.active())

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(40)))

    assert len(journal.active()) == 40
