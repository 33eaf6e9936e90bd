"""What earlier downloads tell of this line's speed, and which ones are under way."""

import pytest

from backend.jobs.board import Board
from backend.jobs.journal import Journal
from backend.schema.downloads import DownloadRequest
from backend.schema.events import Failed, Finished
from backend.schema.hubs import HubFile, HubName
from backend.schema.jobs import Job, JobState
from backend.services.download_history import DownloadHistory
from backend.services.shelf import Shelf

HUB = HubName.HUGGING_FACE


@pytest.fixture
def board(tmp_path):
    journal = Journal(tmp_path / "journal.sqlite3")
    shelf = Shelf(tmp_path / "gallery.sqlite3", tmp_path)
    yield Board(journal, shelf)
    shelf.close()
    journal.close()


@pytest.fixture
def history(board):
    return DownloadHistory(board)


@pytest.fixture
def put(board, monkeypatch):
    """Put a download of so many megabytes up, and end it after so many seconds."""

    def put(number, megabytes, seconds=None, end=None):
        file = HubFile(name=f"{number}.safetensors", address="", bytes=megabytes * 10**6)
        request = DownloadRequest(hub=HUB, model="ann/dream", file=file, folder="/")
        job = Job(
            id=f"{number:012x}",
            kind="download",
            owner="owner",
            state=JobState.RUNNING,
            request=request.model_dump(mode="json"),
            created=50.0,
            started=100.0,
        )
        board.add(job)
        if seconds is not None:
            monkeypatch.setattr("backend.jobs.board.time.time", lambda: 100.0 + seconds)
            board.end(job.id, end or Finished())
        return job.id

    return put


def test_before_the_first_download_no_speed_is_known(history, put):
    assert history.usual_speed() is None

    put(1, 4000)  # it has not ended

    assert history.usual_speed() is None


def test_the_speed_is_the_median_so_that_a_pause_counts_for_little(history, put):
    for number, seconds in enumerate((100, 80, 9000), 1):
        put(number, 2000, seconds)

    assert history.usual_speed() == pytest.approx(20e6)


def test_what_was_small_or_there_already_or_failed_tells_nothing(history, put):
    put(1, 1, 10)
    put(2, 6000, 0.1)
    put(3, 6000, 10, Failed(code="hub", sentence="No."))

    assert history.usual_speed() is None


def test_a_download_is_under_way_until_it_ends(history, put, board):
    job = put(1, 2000)

    found = history.under_way(HUB, "ann/dream", "1.safetensors")
    assert found is not None
    assert found.id == job
    assert history.under_way(HUB, "ann/dream", "2.safetensors") is None
    board.end(job, Finished())
    assert history.under_way(HUB, "ann/dream", "1.safetensors") is None
