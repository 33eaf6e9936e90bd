"""From the models that a person named to files: the checkpoint's, its parts', the refiner's."""

from collections.abc import Collection, Mapping
from typing import Protocol, cast

from backend.library.checkpoints import MISSING, missing_parts
from backend.schema.catalogue import CheckpointInfo, ComponentInfo
from backend.schema.errors import ModelError, OutOfRangeError
from backend.schema.model_settings import ModelSettings, RefinerSettings
from backend.schema.models import Family, Role
from backend.schema.resolved import ResolvedComponent, ResolvedModel, ResolvedRefiner
from backend.services.control_models import HasControls
from backend.services.preprocessors import HasWeights
from backend.services.upscalers import HasUpscalers

_ROLE_LABELS: dict[Role, str] = {
    "vae": "VAE",
    "clip_l": "CLIP-L text encoder",
    "clip_g": "CLIP-G text encoder",
    "t5xxl": "T5-XXL text encoder",
}


class Installed(HasUpscalers, HasControls, HasWeights, Protocol):
    """The models that there are; `backend.library.library.Library` knows them."""

    def find(self, name: str | None, *, anywhere: bool = False) -> CheckpointInfo:
        """The checkpoint that a name means."""
        ...

    def components(self) -> tuple[ComponentInfo, ...]:
        """The VAEs and text encoders in files of their own."""
        ...

    def automatic(self, checkpoint: CheckpointInfo) -> Mapping[Role, ComponentInfo]:
        """The files for the parts that a checkpoint does not hold."""
        ...


def resolve_model(
    checkpoint: CheckpointInfo, asked: ModelSettings, installed: Installed, uses: Collection[str]
) -> ResolvedModel:
    """A checkpoint with the files of the parts that were chosen, or that it does not hold.

    Args:
        checkpoint: The checkpoint.
        asked: What was chosen by hand; of the text encoders, only those that the family uses count.
        installed: The models that there are.
        uses: The special fields that have an effect on the checkpoint's family.

    Raises:
        OutOfRangeError: When a part is not there or does not fit.
        ModelError: When the checkpoint cannot draw.
    """
    chosen = dict(installed.automatic(checkpoint))
    for role in _ROLE_LABELS:
        name = cast("str | None", getattr(asked, role))
        if name and (role == "vae" or f"model.{role}" in uses):
            chosen[role] = _by_hand(role, name, checkpoint, installed.components())
    _require_able(checkpoint, chosen)
    return ResolvedModel(
        checkpoint=checkpoint.id,
        name=checkpoint.name,
        path=checkpoint.path,
        family=checkpoint.family,
        sha256="",
        prediction=checkpoint.prediction,
        components=tuple(
            ResolvedComponent(role=role, id=each.id, path=each.path)
            for role, each in chosen.items()
        ),
    )


def resolve_refiner(
    asked: RefinerSettings, base: CheckpointInfo, installed: Installed, uses: Collection[str]
) -> ResolvedRefiner | None:
    """The refiner that was chosen; None without one, or where the base has no use for it.

    Raises:
        ModelError: When it is not there or cannot draw.
        OutOfRangeError: When it is none, or one for another family.
    """
    if not asked.checkpoint or "refiner.checkpoint" not in uses:
        return None
    refiner = installed.find(asked.checkpoint)
    fits = any(each == refiner.family and each.refines == base.family for each in Family)
    if not fits and refiner.family != base.family:
        raise OutOfRangeError(
            f"“{refiner.name}” cannot finish what “{base.name}” begins: their families differ.",
            f"Choose a refiner for {base.family_label or base.family}, or none.",
            "refiner.checkpoint",
        )
    model = resolve_model(refiner, ModelSettings(), installed, ())
    return ResolvedRefiner(model=model, switch_at=asked.switch_at)


def _by_hand(
    role: Role, name: str, checkpoint: CheckpointInfo, there: tuple[ComponentInfo, ...]
) -> ComponentInfo:
    """The component that a name means, which must do what it is chosen for."""
    label, field = _ROLE_LABELS[role], f"model.{role}"
    wanted = name.strip().casefold()
    named = [each for each in there if wanted in _names(each)]
    found = next((each for each in named if each.role == role), None)
    if found is None:
        fitting = [f"“{e.name}”" for e in there if e.role == role and checkpoint.family in e.fits]
        sentence = f"There is no {label} called “{name}”."
        if named:
            other = _ROLE_LABELS.get(named[0].role, "part of another kind")
            sentence = f"“{named[0].name}” is no {label}, but a {other}."
        hint = f"Choose one of: {', '.join(fitting)}." if fitting else "Leave it empty."
        raise OutOfRangeError(sentence, hint, field)
    if checkpoint.family not in found.fits:
        families = ", ".join(each.label for each in Family if each in found.fits)
        raise OutOfRangeError(
            f"The {label} “{found.name}” does not fit “{checkpoint.name}”: it is for {families}.",
            "Choose another one, or leave it empty.",
            field,
        )
    return found


def _names(component: ComponentInfo) -> set[str]:
    file = component.id.rpartition("/")[2]
    return {known.casefold() for known in (component.id, component.name, file)}


def _require_able(checkpoint: CheckpointInfo, chosen: Mapping[Role, ComponentInfo]) -> None:
    problem = checkpoint.problem
    if problem is not None and problem.code == MISSING:
        missing = tuple(need for need in checkpoint.missing if need.role not in chosen)
        problem = missing_parts(checkpoint.name, missing) if missing else None
    if problem is not None:
        raise ModelError(problem.sentence, problem.hint)
