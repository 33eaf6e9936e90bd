"""The control models that are here, with the image encoders that IP-Adapters look with."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from backend.library.reading import MISPLACED
from backend.schema.controls import ControlInfo, SteeringInfo
from backend.schema.library import LibraryEntry
from backend.schema.models import Family, ModelFile, ModelKind, Problem

CONTROL_KINDS = (ModelKind.CONTROLNET, ModelKind.T2I_ADAPTER, ModelKind.IP_ADAPTER)
_UNLIKE = {
    # variants that want more than a map or a picture
    "faceid": "It is told who is seen by InsightFace, which is not part of Easel; adapters called "
    "plus-face and full-face look at the face themselves.",
    "control-lora": "It is a Control-LoRA, which Easel does not put on yet.",
    "style": "It is a style adapter, which Easel does not read yet.",
}


def controls_here(
    entries: Iterable[LibraryEntry], steering: Sequence[SteeringInfo], only: str | None = None
) -> tuple[ControlInfo, ...]:
    """All of them: ControlNets, T2I-Adapters, then IP-Adapters, by name; broken ones too.

    Args:
        entries: What is in the library.
        steering: The kinds that Easel reads.
        only: The id of the one that is wanted; None for all.
    """
    there = tuple(entries)
    encoders = [entry for entry in there if _is(entry, ModelKind.CLIP_VISION)]
    wanted = [entry for entry in there if only in (None, entry.id)]
    described = [info for entry in wanted if (info := _described(entry, encoders))]
    found = [_or_refused(info, steering) for info in described]
    return tuple(sorted(found, key=_place))


def _described(entry: LibraryEntry, encoders: list[LibraryEntry]) -> ControlInfo | None:
    model = entry.model
    if model is None:
        return _broken(entry) if entry.problem and entry.expected in CONTROL_KINDS else None
    if model.kind not in CONTROL_KINDS:
        return None
    encoder = _encoder(entry, model, encoders) if model.kind is ModelKind.IP_ADAPTER else None
    return ControlInfo(
        id=entry.id,
        name=entry.name,
        kind=model.kind,
        family=model.family,
        family_label=model.family_label,
        fits=model.fits,
        types=model.control,
        variants=tuple(fact.value for fact in model.variants),
        layout=model.layout,
        width=model.width,
        text_width=model.text_width,
        path=entry.path,
        bytes=entry.bytes,
        parameters=model.parameters,
        precision=model.precision.label,
        encoder=encoder.path if encoder else "",
        encoder_bytes=encoder.bytes if encoder else 0,
        problem=_problem(entry, model),
    )


def _or_refused(info: ControlInfo, steering: Sequence[SteeringInfo]) -> ControlInfo:
    """It, with the reason where Easel steers no checkpoint of its families by its kind."""
    able = {family for each in steering if each.kind is info.kind for family in each.families}
    if info.problem or not (info.fits or info.family is Family.OTHER) or able & set(info.fits):
        return info
    problem = Problem(
        code="family",
        sentence=f"Easel does not steer {info.family_label} by {_article(info.kind)} "
        f"{info.kind.label} yet.",
        hint="Choose another control model; a newer Easel may know it.",
    )
    return info.model_copy(update={"problem": problem})


def _article(kind: ModelKind) -> str:
    return "an" if kind is ModelKind.IP_ADAPTER else "a"


def _broken(entry: LibraryEntry) -> ControlInfo:
    return ControlInfo(
        id=entry.id,
        name=entry.name,
        kind=entry.expected or ModelKind.CONTROLNET,
        family=Family.UNKNOWN,
        family_label=Family.UNKNOWN.label,
        path=entry.path,
        bytes=entry.bytes,
        problem=entry.problem,
    )


def _problem(entry: LibraryEntry, model: ModelFile) -> Problem | None:
    if entry.problem and entry.problem.code != MISPLACED:
        return entry.problem
    reason = next((told for word, told in _UNLIKE.items() if model.variant(word)), "")
    if reason:
        return Problem(code="variant", sentence=reason, hint="Choose another control model.")
    return None


def _encoder(
    entry: LibraryEntry, model: ModelFile, encoders: list[LibraryEntry]
) -> LibraryEntry | None:
    """The image encoder of the kind that it was trained with, best one beside it.

    Where its header does not say which, any beside it will do.
    """
    wanted = {fact.value for fact in model.variants if fact.value.startswith("ViT-")}
    folder = Path(entry.path).parent
    near = [each for each in encoders if Path(each.path).is_relative_to(folder)]
    alike = [each for each in encoders if each.model and any(each.model.variant(w) for w in wanted)]
    return next((each for each in alike if each in near), None) or next(
        iter(alike if wanted else near), None
    )


def _is(entry: LibraryEntry, kind: ModelKind) -> bool:
    return entry.model is not None and entry.model.kind is kind


def _place(info: ControlInfo) -> tuple[bool, int, bool, str, str]:
    order = CONTROL_KINDS.index(info.kind) if info.kind in CONTROL_KINDS else len(CONTROL_KINDS)
    return (
        info.problem is not None,
        order,
        "union" in info.variants,
        info.name.casefold(),
        info.id,
    )
