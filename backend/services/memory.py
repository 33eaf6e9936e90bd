"""Whether a picture fits into memory, and how it is made to."""

import platform
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

import psutil

from backend.library.library import Library
from backend.memory.estimate import MIB
from backend.memory.pace import PaceBook
from backend.memory.plan import plan
from backend.memory.workload import workload_of
from backend.metadata.catalogue import load_catalogue
from backend.places import Places
from backend.schema.catalogue import Catalogue
from backend.schema.errors import ModelMissingError
from backend.schema.generation import ResolvedModel, ResolvedRequest
from backend.schema.jobs import Actor, DeviceView, Role
from backend.schema.memory import Budget, DeviceKind, PlanRequest, PlanView, Workload
from backend.schema.memory_settings import ResolvedMemory
from backend.schema.models import ModelFile, PartFacts
from backend.schema.models import Role as PartRole
from backend.services.resolve import resolve
from backend.setup.machine import ThisMachine
from backend.setup.probe import probe_machine

_PARTS: tuple[PartRole, ...] = ("diffusion_model", "vae", "clip_l", "clip_g", "clip_h", "t5xxl")
PACE_FILE = "pace.json"


@contextmanager
def open_memory(places: Places) -> Generator["Memory"]:
    """Open the plans without an engine; the page may run on the same data folder."""
    catalogue = load_catalogue()
    library = Library(places, catalogue)
    paces = PaceBook(places.data / PACE_FILE)
    try:
        yield Memory(library, catalogue, paces, lambda: _found(paces))
    finally:
        library.close()


class Memory:
    """Plans pictures from the headers of model files; nothing is loaded."""

    def __init__(
        self,
        library: Library,
        catalogue: Catalogue,
        paces: PaceBook,
        device: Callable[[], DeviceView | None] = lambda: None,
    ) -> None:
        """Plan for these models.

        Args:
            library: The models.
            catalogue: The samplers, schedules and families that there are.
            paces: What earlier runs told.
            device: What the engine computes with; None before it has said so.
        """
        self._library = library
        self._catalogue = catalogue
        self._paces = paces
        self._device = device

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
        imagined = request.device is not None or request.device_bytes is not None
        own = None if imagined else self._device()
        budget = _budget(request, own)
        models = [wanted.model, *([wanted.refiner.model] if wanted.refiner else [])]
        views: list[PlanView] = []
        for model in models:
            workload = self.workload(wanted, model).model_copy(
                update={"adapter_bytes": request.adapter_bytes}
            )
            learned = self._paces.rate(own.name, workload) if own else None
            views.append(plan(workload, budget, wanted.memory.settings, learned))
        return max(views, key=lambda view: (not view.fits, view.peak_bytes))

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
        own = self._device()
        if own is not None:
            drawn = self.workload(wanted, wanted.model).model_copy(update={"batch": pictures})
            self._paces.learn(own.name, drawn, seconds)

    def prepared(self, wanted: ResolvedRequest) -> ResolvedRequest:
        """The request with what the engine needs for planning it.

        Raises:
            ModelError: When a file is gone.
        """
        changed: dict[str, object] = {"model": self._with_parts(wanted.model)}
        if wanted.refiner:
            refiner = self._with_parts(wanted.refiner.model)
            changed["refiner"] = wanted.refiner.model_copy(update={"model": refiner})
        own = self._device()
        workload = self.workload(wanted, wanted.model)
        changed["memory"] = ResolvedMemory(
            settings=wanted.memory.settings,
            operations=self._paces.rate(own.name, workload) if own else None,
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


def _budget(request: PlanRequest, own: DeviceView | None) -> Budget:
    """The memory that is asked about, or else this machine's."""
    ram = request.ram_bytes or psutil.virtual_memory().total
    kind = request.device or ("cuda" if request.device_bytes else _kind(own))
    there = own.memory_total if own else ram
    return Budget(device=kind, device_bytes=request.device_bytes or there, ram_bytes=ram)


def _found(paces: PaceBook) -> DeviceView:
    """What will compute, without an engine that says so: the largest card, or the processor."""
    cards = probe_machine(ThisMachine()).nvidia_cards
    if cards:
        card = max(cards, key=lambda card: card.memory_mib)
        return DeviceView(name=card.name, memory_used=0, memory_total=card.memory_mib * MIB)
    memory = psutil.virtual_memory()
    return DeviceView(name=paces.last_device, memory_used=memory.used, memory_total=memory.total)


def _kind(own: DeviceView | None) -> DeviceKind:
    """A device with other memory than the machine's is a card."""
    if own is not None and own.memory_total != psutil.virtual_memory().total:
        return "cuda"
    apple = (platform.system(), platform.machine()) == ("Darwin", "arm64")
    return "mps" if apple else "cpu"
