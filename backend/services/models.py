"""What can be chosen."""

from backend.library.checkpoints import Library
from backend.schema.catalogue import Catalogue, CheckpointInfo
from backend.schema.jobs import Actor


class Models:
    """Checkpoints, samplers, schedules and families."""

    def __init__(self, library: Library, catalogue: Catalogue) -> None:
        self._library = library
        self._catalogue = catalogue

    def checkpoints(self, actor: Actor) -> tuple[CheckpointInfo, ...]:  # noqa: ARG002  all see all
        """The checkpoints that are installed."""
        return self._library.checkpoints()

    def catalogue(self) -> Catalogue:
        """Samplers, schedules and families."""
        return self._catalogue
