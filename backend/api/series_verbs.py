"""What the doors need of Studio to draw grids."""

from typing import Protocol

from backend.schema.jobs import Actor, JobView
from backend.schema.series import SeriesPlan, SeriesRequest


class Series(Protocol):
    """Asking for several pictures that differ in a few settings."""

    def submit(self, actor: Actor, request: SeriesRequest) -> JobView:
        """Queue a series."""
        ...

    def preview(self, actor: Actor, request: SeriesRequest) -> SeriesPlan:
        """What it would make, and how long that would take."""
        ...

    def again(self, actor: Actor, job_id: str) -> JobView:
        """Queue a series once more."""
        ...
