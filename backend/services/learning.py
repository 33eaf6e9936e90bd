"""Learning how fast this machine draws, from what the engine tells of each job."""

import logging
from collections import Counter
from collections.abc import Callable

from backend.channel.supervisor import EngineDeath, EngineListener
from backend.schema.errors import EaselError
from backend.schema.events import Event, ImageReady, ImageUnsaved, Metric
from backend.schema.generation import ResolvedRequest
from backend.services.memory import Memory

LOG = logging.getLogger(__name__)
SECONDS = "seconds_in_models"
"""The metric that the engine tells at the end of a job that drew."""


class Learner:
    """Hears the engine before `listener` does; satisfies `EngineListener` too."""

    def __init__(
        self,
        listener: EngineListener,
        request_of: Callable[[str], ResolvedRequest],
        memory: Memory,
    ) -> None:
        """Pass everything on to `listener`; what runs tell goes to `memory`.

        Args:
            listener: Who hears it next.
            request_of: Finds what a job draws by the job's id.
            memory: Remembers how long runs took.
        """
        self._listener = listener
        self._request_of = request_of
        self._memory = memory
        self._drawn: Counter[str] = Counter()
        """The pictures of each job that were drawn since the program began."""

    def engine_changed(self) -> None:
        """Pass it on."""
        self._listener.engine_changed()

    def engine_told(self, job: str, event: Event) -> None:
        """Learn from it where it tells how long a job took, and pass it on."""
        if isinstance(event, ImageReady | ImageUnsaved):
            self._drawn[job] += 1
        elif isinstance(event, Metric) and event.name == SECONDS:
            self._learn(job, event.value)
        self._listener.engine_told(job, event)

    def engine_died(self, death: EngineDeath) -> None:
        """Pass it on."""
        self._listener.engine_died(death)

    def tick(self) -> None:
        """Pass it on."""
        self._listener.tick()

    def _learn(self, job: str, seconds: float) -> None:
        """A run that teaches nothing must not harm its job."""
        try:
            drawn = self._drawn.pop(job, 0)
            wanted = self._request_of(job)
            if drawn and wanted.refiner is None:
                self._memory.learn(wanted, drawn, seconds)
        except (EaselError, OSError, ValueError):
            LOG.warning("pace.unlearned job=%s", job, exc_info=True)
