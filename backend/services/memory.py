"""Whether a picture fits into memory, and how memory is used."""

from collections.abc import Generator
from contextlib import contextmanager
from functools import partial

from backend.library.library import Library
from backend.memory.estimate import GIB, PROCESS
from backend.memory.published import of_size
from backend.metadata.catalogue import load_catalogue
from backend.places import Places
from backend.schema.catalogue import Catalogue
from backend.schema.errors import OutOfRangeError
from backend.schema.jobs import Actor, Role
from backend.schema.memory import MemoryState, PlanRequest, PlanView
from backend.schema.memory_settings import MemorySettings, UsualMemory
from backend.schema.models import Family
from backend.services.inputs import Inputs
from backend.services.loras import loras_there
from backend.services.machine_memory import MachineMemory
from backend.services.owner import only_the_owner
from backend.services.planning import Planner
from backend.services.remembered import Remembered
from backend.services.resolve import resolve
from backend.services.usual import UsualBook

LEAST_DEVICE, LEAST_RAM = GIB, PROCESS
"""With less, nothing can be drawn, so that a smaller limit is a mistake."""


@contextmanager
def open_memory(
    places: Places, memory_settings: MemorySettings | None = None
) -> Generator["Memory"]:
    """Open the plans without an engine; the page may run on the same data folder.

    Args:
        places: The folders.
        memory_settings: What the command line decided about memory for this run.
    """
    catalogue = load_catalogue()
    library = Library(places, catalogue)
    try:
        remembered = Remembered.in_folder(places.data, memory_settings)
        planner = Planner(library, catalogue, remembered, MachineMemory())
        yield Memory(library, catalogue, planner, remembered.usual)
    finally:
        library.close()


class Memory:
    """Plans pictures, tells how full the memory is, and keeps what the owner decides about it."""

    def __init__(
        self,
        library: Library,
        catalogue: Catalogue,
        planner: Planner,
        usual: UsualBook,
        inputs: Inputs | None = None,
    ) -> None:
        """Plan for the models of a library.

        Args:
            library: The models that there are.
            catalogue: The samplers, schedules and families that there are.
            planner: Does the arithmetic.
            usual: What the owner decided.
            inputs: Finds the pictures that drawing begins with; without it, none is looked for.
        """
        self._inputs = inputs
        self._library = library
        self._catalogue = catalogue
        self._planner = planner
        self._usual = usual

    def plan(self, actor: Actor, request: PlanRequest) -> PlanView:
        """The fastest way that fits; where none does, the smallest one, and what is missing.

        Raises:
            ModelError: When the checkpoint is not there, cannot draw, or is of an unknown size.
            OutOfRangeError: When a setting makes no sense.
        """
        anywhere = actor.role is Role.OWNER  # a guest learns nothing of files outside the library
        look = partial(self._inputs.glance, actor) if self._inputs else None
        wanted = resolve(
            request.generation,
            self._library,
            self._catalogue,
            lambda: 0,
            anywhere=anywhere,
            look=look,
        )
        loras = loras_there(wanted, self._library.entries())
        return self._planner.plan(wanted.model_copy(update={"loras": loras}), request)

    def plan_unseen(self, actor: Actor, family: Family, size: int) -> PlanView | None:
        """How a model that is not here would fit this machine, at the size that it draws best.

        Args:
            actor: Who asks.
            family: Its family.
            size: The bytes of its file.

        Returns:
            None where the family draws nothing by itself, or no size is known.
        """
        del actor  # what a machine can do is no secret: it shows in everybody's plans
        workload = None if family.refines else of_size(family.value, size)
        return self._planner.plan_unseen(workload) if workload else None

    def state(self, actor: Actor) -> MemoryState:
        """How full the memory is; a guest does not learn which other programs run."""
        return self._planner.state(names=actor.role is Role.OWNER)

    def usual(self, actor: Actor) -> UsualMemory:
        """What counts on this machine for every picture that says nothing else."""
        del actor  # what is usual is no secret: it shows in everybody's plans
        return self._usual.kept

    def set_usual(self, actor: Actor, usual: UsualMemory) -> None:
        """Keep it in place of what counted before; it counts from the next plan on.

        Raises:
            NotAllowedError: When a guest asks.
            OutOfRangeError: When a limit is too small to draw anything, or more than there is.
            OutputError: When it cannot be written.
        """
        only_the_owner(actor, "decide how memory is used")
        state, limits = self._planner.state(names=False), usual.limits
        bounds = (
            ("device_bytes", "of the device", limits.device_bytes, LEAST_DEVICE, state.total_bytes),
            ("ram_bytes", "of RAM", limits.ram_bytes, LEAST_RAM, state.ram_total_bytes),
        )
        for field, words, limit, least, most in bounds:
            if limit is not None and not least <= limit <= most:
                raise OutOfRangeError(
                    f"The limit {words} cannot be {limit / GIB:.1f} GB.",
                    f"Choose from {least / GIB:.0f} to {most / GIB:.1f} GB, or no limit.",
                    f"limits.{field}",
                )
        self._usual.keep(usual)
