"""Plans for this machine, and what its own runs teach about them."""

from dataclasses import dataclass
from pathlib import Path

from backend.library.library import Library
from backend.memory.peaks import ratio_of
from backend.memory.plan import plan
from backend.memory.workload import workload_of
from backend.schema.catalogue import Catalogue
from backend.schema.errors import ModelMissingError
from backend.schema.memory import Budget, MemoryState, PlanRequest, PlanView, Workload
from backend.schema.memory_settings import MemoryLimits, MemorySettings, ResolvedMemory
from backend.schema.models import ModelFile, PartFacts, Role
from backend.schema.resolved import ResolvedModel, ResolvedRequest
from backend.services.machine_memory import MachineMemory
from backend.services.remembered import Remembered

_PARTS: tuple[Role, ...] = ("diffusion_model", "vae", "clip_l", "clip_g", "clip_h", "t5xxl")
_THIS_MACHINE = PlanRequest()


@dataclass(frozen=True, kw_only=True)
class Run:
    """What the engine told of a job that drew; None for what it did not tell."""

    pictures: int
    """Drawn in this run."""
    seconds: float | None = None
    """Spent in the model's networks."""
    peak_bytes: int | None = None
    """The most that the job took of the device, without what was kept for other jobs."""
    planned_bytes: int | None = None
    """The peak of the plan that it followed."""
    tile: int | None = None
    """Latents along a side of what was decoded at once."""
    pictures_at_once: int | None = None


class Planner:
    """Plans from the headers of model files, without loading anything."""

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
        self._samplers = {each.id: each.calls_per_step for each in catalogue.samplers}
        self._remembered = remembered
        self._machine = machine

    def state(self, *, names: bool) -> MemoryState:
        """How full the memory is; see `MachineMemory.state`."""
        return self._machine.state(names=names)

    def plan(
        self,
        wanted: ResolvedRequest,
        request: PlanRequest = _THIS_MACHINE,
        settings: MemorySettings | None = None,
    ) -> PlanView:
        """The fastest way that fits; where none does, the smallest one, and what is missing.

        With a refiner, the plan is that of the model which needs more: one makes way for the other.

        Args:
            wanted: What is made.
            request: The memory that is asked about.
            settings: What is decided; without, what the request and this machine's owner decided.

        Raises:
            ModelError: When a file is gone, or of an unknown size.
        """
        usual = self._remembered.usual.now
        settings = settings or wanted.memory.settings.over(usual.settings)
        budget = self._machine.budget(request, usual.limits)
        learned, correction = None, 1.0
        models = [wanted.model, *([wanted.refiner.model] if wanted.refiner else [])]
        views: list[PlanView] = []
        for model in models:
            workload = self.workload(wanted, model)
            if request.adapter_bytes:
                told = {"adapter_bytes": request.adapter_bytes}
                workload = workload.model_copy(update=told)
            if self._machine.is_asked_about(request):
                learned, correction = self._learned(workload)
            views.append(plan(workload, budget, settings, learned, correction))
        return max(views, key=lambda view: (not view.fits, view.peak_bytes))

    def plan_unseen(self, workload: Workload) -> PlanView:
        """The plan of a model that is not here, on this machine as it is now.

        Raises:
            ModelError: When nothing is known of its family.
        """
        usual = self._remembered.usual.now
        budget = self._machine.budget(_THIS_MACHINE, usual.limits)
        return plan(workload, budget, usual.settings, *self._learned(workload))

    def here(self) -> tuple[Budget, MemoryLimits]:
        """The memory of this machine that may be used now, and the limits that hold it back."""
        limits = self._remembered.usual.now.limits
        return self._machine.budget(_THIS_MACHINE, limits), limits

    def pace(self, workload: Workload) -> float | None:
        """Operations a second with such a network, as this machine's own runs tell."""
        return self._learned(workload)[0]

    def prepared(self, wanted: ResolvedRequest) -> ResolvedRequest:
        """The request with what the engine needs for planning it.

        Raises:
            ModelError: When a file is gone.
        """
        changed: dict[str, object] = {"model": self.with_parts(wanted.model)}
        if wanted.refiner:
            refiner = self.with_parts(wanted.refiner.model)
            changed["refiner"] = wanted.refiner.model_copy(update={"model": refiner})
        usual = self._remembered.usual.now
        operations, correction = self._learned(self.workload(wanted, wanted.model))
        changed["memory"] = ResolvedMemory(
            settings=wanted.memory.settings.over(usual.settings),
            limits=usual.limits,
            operations=operations,
            correction=correction,
        )
        return wanted.model_copy(update=changed)

    def learn(self, wanted: ResolvedRequest, run: Run) -> None:
        """Remember how long a run took and how much memory, for predictions.

        A run that went otherwise than planned teaches nothing.

        Raises:
            ModelError: When the checkpoint is gone, or of an unknown size.
            OSError: When it cannot be written down.
        """
        workload = self.workload(wanted, wanted.model)
        view = self._followed(workload, wanted.memory, run)
        if view is None:
            return
        device = self._machine.device.name
        if run.seconds is not None:
            drawn = workload.model_copy(update={"batch": run.pictures})
            self._remembered.paces.learn(device, drawn, run.seconds, view.slow_down)
        if run.peak_bytes is not None:
            ratio = ratio_of(view, run.peak_bytes, wanted.memory.correction)
            self._remembered.peaks.learn(device, workload, ratio)

    def workload(self, wanted: ResolvedRequest, model: ResolvedModel) -> Workload:
        """What a request is to draw with one of its models, as far as it decides about memory.

        Raises:
            ModelMissingError: When a file is gone.
        """
        return workload_of(wanted, self.with_parts(model), self._samplers.__getitem__)

    def _followed(self, workload: Workload, memory: ResolvedMemory, run: Run) -> PlanView | None:
        """The plan that a run followed; None where it cannot be told, or went otherwise.

        The fastest plan within a plan's own peak is that plan again.
        """
        if run.planned_bytes is None:
            return None
        kind = self._machine.kind
        ram = self._machine.budget(_THIS_MACHINE, memory.limits).ram_bytes
        budget = Budget(
            device=kind,
            device_bytes=run.planned_bytes,
            ram_bytes=ram if kind == "cuda" else run.planned_bytes,
        )
        view = plan(workload, budget, memory.settings, memory.operations, memory.correction)
        same = (
            view.peak_bytes == run.planned_bytes
            and run.tile in (None, view.vae_tile)
            and run.pictures_at_once in (None, view.pictures_at_once)
        )
        return view if same else None

    def _learned(self, workload: Workload) -> tuple[float | None, float]:
        """This device's operations a second, and the correction of its estimates."""
        paces, peaks = self._remembered.paces, self._remembered.peaks
        device = self._machine.device.name or paces.last_device
        return paces.rate(device, workload), peaks.correction(device, workload)

    def with_parts(self, model: ResolvedModel) -> ResolvedModel:
        """A model with the sizes of its parts.

        Raises:
            ModelMissingError: When a file is gone.
        """
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


def _facts(role: Role, model: ModelFile) -> PartFacts:
    """A part that has a file of its own, or is one of several in it."""
    part = next((each for each in model.parts if each.role == role), None)
    if part is not None:
        return PartFacts(role=role, parameters=part.parameters, bytes=part.bytes)
    size = sum(each.bytes for each in model.parts) or model.bytes
    return PartFacts(role=role, parameters=model.parameters, bytes=size)
