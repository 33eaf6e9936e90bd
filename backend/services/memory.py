"""Whether a picture fits into memory, and how it is made to."""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from backend.library.library import Library
from backend.memory.estimate import GIB, PROCESS
from backend.memory.plan import plan
from backend.memory.workload import workload_of
from backend.metadata.catalogue import load_catalogue
from backend.places import Places
from backend.schema.catalogue import Catalogue
from backend.schema.errors import ModelMissingError, OutOfRangeError
from backend.schema.generation import ResolvedModel, ResolvedRequest
from backend.schema.jobs import Actor, Role
from backend.schema.memory import MemoryState, PlanRequest, PlanView, Workload
from backend.schema.memory_settings import MemorySettings, ResolvedMemory, UsualMemory
from backend.schema.models import ModelFile, PartFacts
from backend.schema.models import Role as PartRole
from backend.services.machine_memory import MachineMemory
from backend.services.owner import only_the_owner
from backend.services.remembered import Remembered
from backend.services.resolve import resolve

_PARTS: tuple[PartRole, ...] = ("diffusion_model", "vae", "clip_l", "clip_g", "clip_h", "t5xxl")
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
        yield Memory(library, catalogue, remembered, MachineMemory())
    finally:
        library.close()


class Memory:
    """Plans pictures from the headers of model files, without loading anything."""

    def __init__(
        self, library: Library, catalogue: Catalogue, remembered: Remembered, machine: MachineMemory
    ) -> None:
        """Plan for these models.

        Args:
            library: The models.
            catalogue: The samplers, schedules and families that there are.
            remembered: What earlier runs told, and what is usual on this machine.
            machine: The memory that there is.
        """
        self._library = library
        self._catalogue = catalogue
        self._remembered = remembered
        self._machine = machine

    def plan(self, actor: Actor, request: PlanRequest) -> PlanView:
        """The fastest way that fits; where none does, the smallest one, and what is missing.

        With a refiner, the plan is that of the model which needs more: one makes way for the other.

        Raises:
            ModelError: When the checkpoint is not there, cannot draw, or is of an unknown size.
            OutOfRangeError: When a setting makes no sense.
        """
        anywhere = actor.role is Role.OWNER  # a guest learns nothing of files outside the library
        wanted = resolve(
            request.generation, self._library, self._catalogue, lambda: 0, anywhere=anywhere
        )
        usual = self._remembered.usual.now
        settings = wanted.memory.settings.over(usual.settings)
        budget = self._machine.budget(request, usual.limits)
        models = [wanted.model, *([wanted.refiner.model] if wanted.refiner else [])]
        views: list[PlanView] = []
        for model in models:
            workload = self.workload(wanted, model).model_copy(
                update={"adapter_bytes": request.adapter_bytes}
            )
            own = self._machine.is_asked_about(request)
            learned = self._rate(workload) if own else None
            views.append(plan(workload, budget, settings, learned))
        return max(views, key=lambda view: (not view.fits, view.peak_bytes))

    def state(self, actor: Actor) -> MemoryState:
        """How full the memory is; a guest does not learn which other programs run."""
        return self._machine.state(names=actor.role is Role.OWNER)

    def usual(self, actor: Actor) -> UsualMemory:
        """What counts on this machine for every picture that says nothing else."""
        del actor  # what is usual is no secret: it shows in everybody's plans
        return self._remembered.usual.kept

    def set_usual(self, actor: Actor, usual: UsualMemory) -> None:
        """Keep it in place of what counted before; it counts from the next plan on.

        Raises:
            NotAllowedError: When a guest asks.
            OutOfRangeError: When a limit is too small to draw anything, or more than there is.
            OutputError: When it cannot be written.
        """
        only_the_owner(actor, "decide how memory is used")
        state, limits = self._machine.state(names=False), usual.limits
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
        self._remembered.usual.keep(usual)

    def learn(self, wanted: ResolvedRequest, pictures: int, seconds: float) -> None:
        """Remember how long a run took, for predictions.

        Args:
            wanted: What was drawn.
            pictures: How many were drawn in this run.
            seconds: The time spent in the model's networks.

        Raises:
            ModelError: When the checkpoint is gone, or of an unknown size.
            OSError: When it cannot be written down.
        """
        drawn = self.workload(wanted, wanted.model).model_copy(update={"batch": pictures})
        self._remembered.paces.learn(self._machine.device.name, drawn, seconds)

    def prepared(self, wanted: ResolvedRequest) -> ResolvedRequest:
        """The request with what the engine needs for planning it.

        Raises:
            ModelError: When a file is gone.
        """
        changed: dict[str, object] = {"model": self._with_parts(wanted.model)}
        if wanted.refiner:
            refiner = self._with_parts(wanted.refiner.model)
            changed["refiner"] = wanted.refiner.model_copy(update={"model": refiner})
        usual = self._remembered.usual.now
        changed["memory"] = ResolvedMemory(
            settings=wanted.memory.settings.over(usual.settings),
            limits=usual.limits,
            operations=self._rate(self.workload(wanted, wanted.model)),
        )
        return wanted.model_copy(update=changed)

    def workload(self, wanted: ResolvedRequest, model: ResolvedModel) -> Workload:
        """What a request is to draw with one of its models, as far as it decides about memory.

        Raises:
            ModelMissingError: When a file is gone.
        """
        samplers = {each.id: each.calls_per_step for each in self._catalogue.samplers}
        calls = samplers[wanted.sampling.sampler]
        return workload_of(wanted, self._with_parts(model), calls)

    def _rate(self, workload: Workload) -> float | None:
        """How fast this machine's device was with such work; None before the first run."""
        paces = self._remembered.paces
        return paces.rate(self._machine.device.name or paces.last_device, workload)

    def _with_parts(self, model: ResolvedModel) -> ResolvedModel:
        held = self._model(model.path)
        facts = {
            part.role: PartFacts(role=part.role, parameters=part.parameters, bytes=part.bytes)
            for part in held.parts
            if part.role in _PARTS
        }
        for component in model.components:
            facts[component.role] = _facts(component.role, self._model(component.path))
        return model.model_copy(update={"parts": tuple(facts.values())})

    def _model(self, path: str) -> ModelFile:
        model = self._library.look(Path(path)).model
        if model is None:
            raise ModelMissingError(f"“{Path(path).name}” is no model any more.", "Rescan.")
        return model


def _facts(role: PartRole, model: ModelFile) -> PartFacts:
    """A part that has a file of its own, or is one of several in it."""
    part = next((each for each in model.parts if each.role == role), None)
    if part is not None:
        return PartFacts(role=role, parameters=part.parameters, bytes=part.bytes)
    size = sum(each.bytes for each in model.parts) or model.bytes
    return PartFacts(role=role, parameters=model.parameters, bytes=size)
