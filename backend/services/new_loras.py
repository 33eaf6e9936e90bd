"""Having the library list what a training wrote, without anybody asking for a rescan."""

import logging
from collections.abc import Callable

from backend.channel.supervisor import EngineDeath, EngineListener
from backend.jobs.ports import Lane
from backend.schema.errors import EaselError
from backend.schema.events import Event, Metric, TerminalEvent
from backend.schema.training_story import LORA_BYTES
from backend.services.hearing import Passing

LOG = logging.getLogger(__name__)


class NewLoras(Passing):
    """Hears the engine before `listener` does."""

    def __init__(self, listener: EngineListener, lane: Lane, rescan: Callable[[], object]) -> None:
        """Pass everything on to `listener`.

        Args:
            listener: Who hears it next.
            lane: Where slow work is done.
            rescan: Looks through the folders of models.
        """
        super().__init__(listener)
        self._lane = lane
        self._rescan = rescan
        self._learning: set[str] = set()

    def engine_told(self, job: str, event: Event) -> None:
        """Look after each file, and when a training ends: one that is paused writes one, too."""
        if isinstance(event, Metric) and event.name == "loss":
            self._learning.add(job)
        wrote = isinstance(event, Metric) and event.name == LORA_BYTES
        if wrote or (isinstance(event, TerminalEvent) and job in self._learning):
            self._lane.put(self._look)
        if isinstance(event, TerminalEvent):
            self._learning.discard(job)
        super().engine_told(job, event)

    def engine_died(self, death: EngineDeath) -> None:
        """Nothing learns any more."""
        self._learning.clear()
        super().engine_died(death)

    def _look(self) -> None:
        """A folder that cannot be read must not end the lane."""
        try:
            self._rescan()
        except (EaselError, OSError):
            LOG.warning("library.not_rescanned", exc_info=True)
