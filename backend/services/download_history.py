"""What downloads do now, and how fast they were."""

import statistics

from backend.jobs.board import Board
from backend.schema.hubs import HubName
from backend.schema.jobs import Job, JobState, JobView
from backend.services.downloads import KIND

_LEAST_BYTES = 20_000_000
_LEAST_SECONDS = 1.0
"""What was smaller, or there already, says nothing of a line's speed."""


class DownloadHistory:
    """Reads it from the board."""

    def __init__(self, board: Board) -> None:
        self._board = board

    def under_way(self, hub: HubName, model_id: str, file_name: str) -> JobView | None:
        """The download of a file that has not ended; None where there is none."""
        for record in self._board.waiting(on_host=True):
            if record.job.kind != KIND:
                continue
            request = record.job.download
            if (hub, model_id, file_name) == (request.hub, request.model, request.file.name):
                return record.view()
        return None

    def usual_speed(self) -> float | None:
        """Bytes a second of the downloads that ended lately, their median; None before the first.

        The time that one was paused counts, which the median outweighs.
        """
        speeds = [speed for job in self._board.ended(KIND) if (speed := _speed(job)) is not None]
        return statistics.median(speeds) if speeds else None


def _speed(job: Job) -> float | None:
    size = job.download.file.bytes or 0
    seconds = (job.ended or 0.0) - (job.started or job.created)
    if job.state is not JobState.FINISHED or size < _LEAST_BYTES or seconds < _LEAST_SECONDS:
        return None
    return size / seconds
