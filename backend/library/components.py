"""VAEs and text encoders that lie in files of their own, and choosing those that a model needs."""

import re
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from backend.library.precisions import readable
from backend.library.reading import MISPLACED
from backend.schema.catalogue import CheckpointInfo, ComponentInfo
from backend.schema.library import LibraryEntry
from backend.schema.models import Family, ModelKind, Need, Role

_ENCODERS = frozenset({"clip_l", "clip_g", "clip_h", "t5xxl"})
_NAMED: tuple[tuple[re.Pattern[str], tuple[Family, ...]], ...] = (
    # VAEs of different families have equal shapes, but not equal latents: names tell them apart.
    (re.compile(r"sdxl|(?<![a-z])xl(?![a-z])"), (Family.SDXL, Family.SDXL_REFINER)),
    (
        re.compile(r"sd[-_ ]?3|stable[-_ ]diffusion[-_ ]3"),
        (Family.SD3, Family.SD35_MEDIUM, Family.SD35_LARGE),
    ),
    (re.compile(r"flux|(^|/)ae\.[a-z]+$"), (Family.FLUX1,)),
    (
        re.compile(r"sd[-_ ]?(1|v1|2|v2)(?!\d)|sd15|vae-ft-|kl-f8|orangemix|blessed|[85][46]0000"),
        (Family.SD15, Family.SD2),
    ),
)
_PRECISIONS = ("fp16", "bf16", "fp32", "fp8", "Q8", "Q6", "Q5", "Q4")
"""The first is preferred: full precision doubles the memory of an encoder for no better picture."""
_VAE_PRECISIONS = ("fp32", "bf16", "fp16", "fp8")
"""SDXL's VAE overflows in fp16, and none is large."""


def component_of(entry: LibraryEntry) -> ComponentInfo | None:
    """A file as a component that can be chosen; None where it is none."""
    model = entry.model
    broken = entry.problem is not None and entry.problem.code != MISPLACED
    if model is None or broken or not model.fits or not readable(model.precision):
        return None
    role: Role = "vae" if model.kind is ModelKind.VAE else "other"
    if model.kind is ModelKind.TEXT_ENCODER and model.parts:
        role = model.parts[0].role
    if role != "vae" and role not in _ENCODERS:
        return None
    return ComponentInfo(
        id=entry.id,
        name=model.name,
        role=role,
        fits=model.fits,
        meant_for=_meant_for(entry.id) if role == "vae" else (),
        path=entry.path,
        bytes=entry.bytes,
        precision=model.precision.label,
    )


def choose(
    checkpoint: CheckpointInfo, components: Iterable[ComponentInfo]
) -> dict[Role, ComponentInfo]:
    """The files for the parts that a checkpoint does not hold, as far as there are any.

    The first of these decides: the same folder, the usual file name, a name that speaks of the
    family, the better precision.
    """
    there = tuple(components)
    chosen: dict[Role, ComponentInfo] = {}
    for need in checkpoint.needs:
        fitting = [each for each in there if _may_be(need, each, checkpoint.family)]
        if fitting:
            chosen[need.role] = min(fitting, key=lambda each: _order(need, each, checkpoint))
    return chosen


def _may_be(need: Need, component: ComponentInfo, family: str) -> bool:
    if component.role != need.role or family not in component.fits:
        return False
    return not component.meant_for or family in component.meant_for


def _order(
    need: Need, component: ComponentInfo, checkpoint: CheckpointInfo
) -> tuple[bool, bool, bool, int, str]:
    path = Path(component.path)
    precisions = _VAE_PRECISIONS if component.role == "vae" else _PRECISIONS
    places = (at for at, each in enumerate(precisions) if component.precision.startswith(each))
    return (
        path.parent != Path(checkpoint.path).parent,
        not _has_usual_name(path.stem, need.usual),
        checkpoint.family not in component.meant_for,
        next(places, len(precisions)),
        component.id,
    )


def _has_usual_name(stem: str, usual: str) -> bool:
    """Whether a file is called so, whatever its name says of its precision."""
    base = PurePosixPath(usual).stem.partition("_fp")[0]
    return bool(base) and re.fullmatch(rf"{re.escape(base)}([-_.].*)?", stem.lower()) is not None


def _meant_for(component: str) -> tuple[Family, ...]:
    """The families that a file's name, or its folder's, speaks of."""
    name = "/".join(component.lower().split("/")[-2:])
    return tuple(
        family for pattern, families in _NAMED if pattern.search(name) for family in families
    )
