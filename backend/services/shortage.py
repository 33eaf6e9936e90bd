"""When a picture does not fit whatever is done: what there was, who holds it, and what helps."""

import logging
from collections.abc import Callable, Iterator, Sequence

from backend.channel.supervisor import EngineListener
from backend.memory.estimate import GIB
from backend.memory.sentences import DOES_NOT_FIT
from backend.schema.errors import EaselError, OutOfMemoryError
from backend.schema.events import Event, Failed, Remedy
from backend.schema.jobs import OWNER, Job
from backend.schema.memory import MemoryState, PlanView
from backend.schema.memory_settings import MemorySettings
from backend.schema.resolved import ResolvedRequest, ResolvedSize
from backend.services.hearing import Passing
from backend.services.planning import Planner

LOG = logging.getLogger(__name__)

_SHARES = (3 / 4, 1 / 2)
"""Of the sides of the picture, for a smaller one."""
_STEP, _SMALLEST = 64, 256
_TO_END = 2
"""So many programs are told to be ended at most."""


class Shortage(Passing):
    """Hears the engine before `listener` does, and explains the failures of jobs that did not fit.

    The remedies come in the order in which they cost a person least: a smaller precision, a smaller
    picture, less on the device, fewer other programs.
    """

    def __init__(
        self, listener: EngineListener, job_of: Callable[[str], Job], planner: Planner
    ) -> None:
        """Pass everything on to `listener`.

        Args:
            listener: Who hears it next.
            job_of: Finds a job by its id.
            planner: Knows what there is, and what would fit.
        """
        super().__init__(listener)
        self._job_of = job_of
        self._planner = planner

    def engine_told(self, job: str, event: Event) -> None:
        """Explain what did not fit, and pass everything on."""
        if isinstance(event, Failed) and event.code == OutOfMemoryError.code:
            try:
                event = self._explained(event, self._job_of(job))
            except (EaselError, OSError, ValueError):
                LOG.warning("shortage.unexplained job=%s", job, exc_info=True)
        super().engine_told(job, event)

    def _explained(self, failure: Failed, job: Job) -> Failed:
        state = self._planner.state(names=job.owner == OWNER.id)
        remedies: tuple[Remedy, ...] = ()
        words = [failure.sentence]
        if job.kind == "generate":
            wanted = job.generation
            view = self._planner.plan(wanted)
            if not view.fits and DOES_NOT_FIT not in failure.sentence:
                words.append(view.sentence)
            remedies = (*self._changes(wanted, view), *_programs_to_end(state))
        words.append(_who_holds(state))
        hint = f"{_in_a_row(remedies)}." if remedies else failure.hint
        return failure.model_copy(
            update={"sentence": " ".join(words), "hint": hint, "remedies": remedies}
        )

    def _changes(self, wanted: ResolvedRequest, view: PlanView) -> Iterator[Remedy]:
        """What can be changed about the request."""
        settings = wanted.memory.settings
        eight = settings.model_copy(update={"precision": "fp8"})
        if settings.precision != "fp8" and self._takes(wanted, eight) < self._takes(
            wanted, settings
        ):
            yield Remedy(label="Keep weights in eight bits", fields={"memory.precision": "fp8"})
        size = self._smaller(wanted)
        if size is not None:
            fields = {"size.width": size.width, "size.height": size.height}
            yield Remedy(label=f"Draw at {size.width} × {size.height}", fields=dict(fields))
        network = next(part for part in view.parts if part.role == "diffusion_model")
        placed: dict[str, str] = {"memory.tiling": "tiled"}
        if network.placement in ("resident", "model"):
            placed["memory.placement"] = "group"
            yield Remedy(label="Bring the model block by block", fields=dict(placed))
        elif network.placement == "group":
            placed["memory.placement"] = "leaf"
            yield Remedy(label="Bring the model layer by layer", fields=dict(placed))

    def _takes(self, wanted: ResolvedRequest, settings: MemorySettings) -> int:
        """The bytes that the least of a device takes with these settings while it draws."""
        placed = settings.model_copy(update={"placement": "model"})
        return self._planner.plan(wanted, settings=placed).draw_bytes

    def _smaller(self, wanted: ResolvedRequest) -> ResolvedSize | None:
        """The largest of the smaller sizes that fits; None where none does."""
        for share in _SHARES:
            width, height = (
                int(side * share) // _STEP * _STEP
                for side in (wanted.size.width, wanted.size.height)
            )
            if min(width, height) < _SMALLEST:
                return None
            size = ResolvedSize(width=width, height=height)
            if self._planner.plan(wanted.model_copy(update={"size": size})).fits:
                return size
        return None


def _programs_to_end(state: MemoryState) -> Iterator[Remedy]:
    names = [program.name for program in state.programs[:_TO_END]]
    if names:
        yield Remedy(label=f"End {' and '.join(names)}")


def _who_holds(state: MemoryState) -> str:
    place = state.device if state.kind == "cuda" else "This machine"
    told = [f"{each.name} {each.bytes / GIB:.1f} GB" for each in state.programs]
    among = f" ({', '.join(told)})" if told else ""
    total, others = state.total_bytes / GIB, state.others_bytes / GIB
    return f"{place} has {total:.1f} GB; other programs hold {others:.1f} GB{among}."


def _in_a_row(remedies: Sequence[Remedy]) -> str:
    first, *others = [remedy.label for remedy in remedies]
    lower = [label[:1].lower() + label[1:] for label in others]
    return ", or ".join([first, *lower])
