"""What can draw, or looks as if it should and cannot: described for the picker."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Literal

from backend.library.components import choose
from backend.library.own_card import OwnCard, own_card
from backend.library.precisions import readable
from backend.library.reading import MISPLACED
from backend.schema.catalogue import CheckpointInfo, ComponentInfo, FamilyInfo
from backend.schema.library import LibraryEntry
from backend.schema.models import ModelFile, ModelKind, Need, Problem

STARTER = "starter"
"""The id of the checkpoint that ships with Easel, chosen only where there is no other."""
STARTER_CONTROL = f"{STARTER}/controlnet-canny"
"""That of the ControlNet that ships with it and fits it alone; also its place below `models`."""
MISSING = "missing_parts"
_DRAW = (ModelKind.CHECKPOINT, ModelKind.DIFFUSION_MODEL)
_CHECKPOINT_SUFFIXES = frozenset({".safetensors", ".sft", ".gguf", ".ckpt"})
_WANT_MORE = {
    "inpainting": "a masked picture",
    "fill": "a masked picture",
    "instruct-pix2pix": "a picture",
    "depth": "a depth map",
    "control": "a control picture",
    "unclip": "a picture",
    "unusual input": "something besides noise",
}
"""What the network reads besides noise and words."""
_RESHAPED = frozenset({"ssd-1b", "vega"})
_PREDICTIONS: dict[str, Literal["epsilon", "v", "flow"]] = {
    "epsilon": "epsilon",
    "v": "v",
    "flow": "flow",
}


def is_starter(model_id: str) -> bool:
    """Whether a model ships with Easel, and stays as it is."""
    return model_id in (STARTER, STARTER_CONTROL)


def describe_checkpoint(
    entry: LibraryEntry, families: Mapping[str, FamilyInfo], components: Iterable[ComponentInfo]
) -> CheckpointInfo | None:
    """A file or folder as the picker offers it; None where nobody would look for it there.

    One that cannot draw has a problem and borrows its settings from the first family.

    Args:
        entry: The file or folder.
        families: Those that Easel draws with, by id.
        components: The VAEs and text encoders that can be chosen.
    """
    if entry.model is None or entry.model.kind not in _DRAW:
        return _no_checkpoint(entry, families) if _expected_to_draw(entry) else None
    model = entry.model
    own = own_card(Path(entry.path)) if model.format == "folder" else OwnCard()
    family = families.get(model.family)
    variants = tuple(fact.value for fact in model.variants)
    usual = (family or next(iter(families.values()))).defaults_for(variants)
    misplaced = entry.problem if entry.problem and entry.problem.code == MISPLACED else None
    info = CheckpointInfo(
        id=entry.id,
        name=own.name or entry.name,
        family=model.family,
        path=entry.path,
        bytes=entry.bytes,
        defaults=own.defaults or usual,
        note=own.note or (f"{misplaced.sentence} {misplaced.hint}" if misplaced else ""),
        family_label=model.family_label,
        format=model.format,
        precision=model.precision.label,
        variants=variants,
        prediction=_PREDICTIONS.get(model.prediction.value, "") if model.prediction else "",
        needs=model.needs,
        problem=None if misplaced else entry.problem or _problem(entry.name, model, family),
        refiner=model.family.refines is not None,
        width=model.width,
        text_width=model.text_width,
    )
    chosen = choose(info, components)
    missing = tuple(need for need in info.needs if not need.optional and need.role not in chosen)
    problem = info.problem or (missing_parts(info.name, missing) if missing else None)
    return info.model_copy(update={"missing": missing, "problem": problem})


def missing_parts(name: str, missing: tuple[Need, ...]) -> Problem:
    """That a model cannot draw without some parts, and where to put them."""
    parts = _listed(need.label for need in missing)
    folders = _listed(sorted({f"“{need.folder}”" for need in missing}))
    plural = "s" if " and " in folders else ""
    return Problem(
        code=MISSING,
        sentence=f"“{name}” lacks parts that are in files of their own: {parts}.",
        hint=f"Put the missing files into the folder{plural} {folders} below models, then rescan.",
    )


def _expected_to_draw(entry: LibraryEntry) -> bool:
    """Whether somebody put it where checkpoints are, or gave it the name of one."""
    if entry.problem is None:
        return False
    if entry.expected is not None:
        return entry.expected in _DRAW
    return entry.model is None and Path(entry.path).suffix.lower() in _CHECKPOINT_SUFFIXES


def _no_checkpoint(entry: LibraryEntry, families: Mapping[str, FamilyInfo]) -> CheckpointInfo:
    model = entry.model
    return CheckpointInfo(
        id=entry.id,
        name=entry.name,
        family=model.family if model else "unknown",
        path=entry.path,
        bytes=entry.bytes,
        defaults=next(iter(families.values())).defaults,
        family_label=model.family_label if model else "",
        format=model.format if model else "safetensors",
        precision=model.precision.label if model else "",
        problem=entry.problem,
    )


def _problem(name: str, model: ModelFile, family: FamilyInfo | None) -> Problem | None:
    """Why the engine could not draw with a whole file."""
    if family is None:
        return Problem(
            code="family",
            sentence=f"Easel does not draw with {_family_words(model)} yet.",
            hint="Choose another checkpoint; a newer Easel may know it.",
        )
    known = {each.id for each in family.variants}
    certain = [fact.value for fact in model.variants if fact.source in ("tensors", "config")]
    special = next((each for each in certain if each not in known and each in _WANT_MORE), None)
    if special:
        return Problem(
            code="variant",
            sentence=f"“{name}” is of the kind “{special}”: it draws from {_WANT_MORE[special]} "
            "as well as from words, which Easel does not give it yet.",
            hint="Choose another checkpoint.",
        )
    if any(each in _RESHAPED and each not in known for each in certain):
        return Problem(
            code="variant",
            sentence=f"“{name}” is a smaller {family.label}, which Easel does not draw with yet.",
            hint="Choose another checkpoint.",
        )
    if not readable(model.precision):
        return Problem(
            code="precision",
            sentence=f"“{name}” stores its numbers as {model.precision.label}, which Easel does "
            "not read yet.",
            hint="Get a version in fp16, fp8 or a GGUF format such as Q4_K.",
        )
    if model.prediction and model.prediction.value not in _PREDICTIONS:
        return Problem(
            code="prediction",
            sentence=f"“{name}” was trained in the way called {model.prediction.value.upper()}, "
            "which Easel does not draw with yet.",
            hint="Choose another checkpoint.",
        )
    return None


def _family_words(model: ModelFile) -> str:
    return f"models of {model.family_label}" if model.family_label else "this family"


def _listed(words: Iterable[str]) -> str:
    *first, last = words
    return f"{', '.join(first)} and {last}" if first else last
