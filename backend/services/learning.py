"""Learning how fast this machine draws and in how much memory, from what the engine tells."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field

from backend.channel.supervisor import EngineDeath, EngineListener
from backend.schema.errors import EaselError
from backend.schema.events import Event, Finished, ImageReady, ImageUnsaved, Metric, TerminalEvent
from backend.schema.resolved import ResolvedRequest
from backend.services.hearing import Passing
from backend.services.planning import Planner, Run

LOG = logging.getLogger(__name__)


@dataclass
class _Heard:
    """What a running job told since the program began."""

    pictures: int = 0
    numbers: dict[str, float] = field(default_factory=dict[str, float])

    @property
    def run(self) -> Run:
        """It as the planner learns from it."""
        return Run(
            pictures=self.pictures,
            seconds=self.numbers.get("seconds_in_models"),
            peak_bytes=self._count("peak_bytes"),
            planned_bytes=self._count("planned_peak_bytes"),
            tile=self._count("latents_in_a_tile"),
            pictures_at_once=self._count("pictures_at_once"),
        )

    def _count(self, name: str) -> int | None:
        value = self.numbers.get(name)
        return None if value is None else round(value)


class Learner(Passing):
    """Hears the engine before `listener` does."""

    def __init__(
        self,
        listener: EngineListener,
        request_of: Callable[[str], ResolvedRequest | None],
        planner: Planner,
    ) -> None:
        """Pass everything on to `listener`; what runs tell goes to `planner`.

        Args:
            listener: Who hears it next.
            request_of: Finds what a job draws by the job's id; None where it draws nothing.
            planner: Remembers how runs went.
        """
        super().__init__(listener)
        self._request_of = request_of
        self._planner = planner
        self._heard: dict[str, _Heard] = {}

    def engine_told(self, job: str, event: Event) -> None:
        """Learn from a job once it is done, and pass everything on."""
        if isinstance(event, ImageReady | ImageUnsaved):
            self._heard.setdefault(job, _Heard()).pictures += 1
        elif isinstance(event, Metric):
            self._heard.setdefault(job, _Heard()).numbers[event.name] = event.value
        elif isinstance(event, TerminalEvent):
            heard = self._heard.pop(job, None)
            if heard and heard.pictures and isinstance(event, Finished):
                self._learn(job, heard.run)
        super().engine_told(job, event)

    def engine_died(self, death: EngineDeath) -> None:
        """Forget what was not done; its second half alone would teach something wrong."""
        self._heard.clear()
        super().engine_died(death)

    def _learn(self, job: str, run: Run) -> None:
        """A run that teaches nothing must not harm its job."""
        try:
            wanted = self._request_of(job)
            if wanted is not None and wanted.refiner is None:
                self._planner.learn(wanted, run)
        except (EaselError, OSError, ValueError):
            LOG.warning("pace.unlearned job=%s", job, exc_info=True)
