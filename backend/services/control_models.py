"""The control model that a unit means, or that is taken where nobody chooses; what fits what."""

import re
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from pathlib import Path, PurePath
from typing import Protocol

from backend.schema.catalogue import CheckpointInfo
from backend.schema.control_types import ControlType
from backend.schema.controls import ControlChoice, ControlInfo, PreprocessorInfo
from backend.schema.errors import ModelError, ModelMissingError, OutOfRangeError
from backend.schema.image_encoders import encoder_named
from backend.schema.library import LibraryEntry
from backend.schema.models import Family, ModelKind
from backend.services.preprocessors import HasWeights, missing_weights

_A1111_HASH = re.compile(r"\s*\[[0-9a-fA-F]{8,12}\]$")
"""What A1111 writes after a control model's name."""
_FEWEST_DIGITS = 8
_LISTED = 8


class HasControls(Protocol):
    """Where control models are; `backend.library.library.Library` knows them."""

    def controls(self) -> tuple[ControlInfo, ...]:
        """All of them, broken ones too."""
        ...

    def entries(self) -> tuple[LibraryEntry, ...]:
        """Every model file and folder."""
        ...

    def control_at(self, path: Path) -> ControlInfo | None:
        """Any control model on this machine, as the library would list it."""
        ...


def named_control(
    name: str, checkpoint: CheckpointInfo, there: HasControls, field: str, *, anywhere: bool = False
) -> ControlInfo:
    """The control model that a name means, best one that steers a checkpoint.

    Args:
        name: Its id, its name, its file's name with or without ending, or its hash; A1111's hash
            after it is not read. A kind of map, such as canny, means the first that follows it.
        checkpoint: What it is to steer.
        there: The models that there are.
        field: The id of the field that names it.
        anywhere: Whether the absolute path of any file may be meant too.

    Raises:
        ModelMissingError: When there is none; the hint has the most similar name.
        ModelError: When its file cannot be used, or is of another kind.
        OutOfRangeError: When it does not fit the checkpoint.
    """
    wanted = _A1111_HASH.sub("", name.strip()).replace("\\", "/").casefold()
    known = there.controls()
    named = [info for info in known if wanted in _words(info)] or _of_hash(wanted, there)
    if not named and anywhere and Path(name).is_absolute():
        found = there.control_at(Path(name))
        named = [found] if found else []
    kind = _type_named(wanted)
    if not named and kind is not None:
        return usual_control(checkpoint, kind, known, field)
    if not named:
        raise _missing(name, wanted, known, there)
    found = min(named, key=lambda info: bool(why_not(info, checkpoint)))
    if found.problem:
        raise ModelError(
            f"The control model “{found.name}” cannot be used. {found.problem.sentence}",
            found.problem.hint,
        )
    reason = why_not(found, checkpoint)
    if reason:
        raise OutOfRangeError(
            f"“{found.name}” cannot steer “{checkpoint.name}”. {reason}",
            _others(checkpoint, known),
            field,
        )
    return found


def usual_control(
    checkpoint: CheckpointInfo,
    wanted: ControlType | None,
    there: Iterable[ControlInfo],
    field: str,
) -> ControlInfo:
    """The first control model that steers a checkpoint by such maps.

    Args:
        checkpoint: What it is to steer.
        wanted: What the map shows; None for anything.
        there: The control models that there are.
        field: The id of the field that would name it.

    Raises:
        OutOfRangeError: When there is none.
    """
    of_type = [info for info in there if wanted is None or wanted in info.types]
    reasons = [why_not(info, checkpoint) for info in of_type]
    for info, reason in zip(of_type, reasons, strict=True):
        if not info.problem and not reason:
            return info
    for info, reason in zip(of_type, reasons, strict=True):
        if reason == without_encoder(info):
            raise OutOfRangeError(f"“{info.name}” cannot look at the picture.", reason, field)
    words = f" and follows maps of the kind “{wanted.label}”" if wanted else ""
    label = checkpoint.family_label or _label(checkpoint.family)
    raise OutOfRangeError(
        f"There is no control model here that fits “{checkpoint.name}”{words}.",
        f"Put one for {label} into models/{_folder(wanted)}, or choose another.",
        field,
    )


def why_not(info: ControlInfo, checkpoint: CheckpointInfo) -> str:
    """Why a control model cannot steer a checkpoint, as a sentence; empty where it can, or may."""
    if info.problem:
        return info.problem.sentence
    families = [each.value for each in info.fits]
    undecided = not families and info.family is Family.UNKNOWN
    if checkpoint.family not in families and not undecided:
        made_for = " or ".join(each.label for each in info.fits) or info.family_label
        return f"It is for {made_for}; the checkpoint is {_label(checkpoint.family)}."
    for ours, its in ((info.width, checkpoint.width), (info.text_width, checkpoint.text_width)):
        if ours and its and ours != its:
            return (
                f"It was made for a network of another size: {ours} channels wide, where the "
                f"checkpoint has {its}."
            )
    if info.kind is ModelKind.IP_ADAPTER and not info.encoder:
        return without_encoder(info)
    return ""


def without_encoder(info: ControlInfo) -> str:
    """That an IP-Adapter has no image encoder to look with, and where to get it."""
    wanted = next((found for each in info.variants if (found := encoder_named(each))), None)
    if wanted is None:
        return "The image encoder that it looks with is not here: put it into models/clip_vision."
    return (
        f"The image encoder that it looks with ({wanted.name}) is not here. {wanted.where_to_get}"
    )


def choices_for(
    checkpoint: CheckpointInfo,
    there: Iterable[ControlInfo],
    preprocessors: Sequence[PreprocessorInfo],
    weights: HasWeights,
) -> tuple[ControlChoice, ...]:
    """All control models as a picker offers them for a checkpoint, those that fit first.

    Args:
        checkpoint: The checkpoint.
        there: The control models.
        preprocessors: What makes maps for them.
        weights: Where the preprocessors' files are.
    """
    known = automatic(preprocessors, weights)
    choices = [
        ControlChoice(
            id=info.id,
            name=info.name,
            kind=info.kind.label,
            family=info.family_label,
            bytes=info.bytes,
            types=info.types,
            preprocessor=usual_preprocessor(info, known),
            why_not=why_not(info, checkpoint),
        )
        for info in there
    ]
    return tuple(sorted(choices, key=lambda choice: bool(choice.why_not)))


def automatic(
    preprocessors: Iterable[PreprocessorInfo], there: HasWeights
) -> tuple[PreprocessorInfo, ...]:
    """What may be taken where nobody chooses, in the order in which it is.

    The usual one where its files are here; else one of its like that can work; else the usual one
    all the same, so that a person hears what it needs.
    """

    def rank(each: PreprocessorInfo) -> tuple[bool, bool, bool]:
        return bool(missing_weights(each, there)), not each.usual, each.stands_in

    return tuple(sorted((each for each in preprocessors if each.automatic), key=rank))


def usual_preprocessor(info: ControlInfo, known: Sequence[PreprocessorInfo]) -> str:
    """The id of what makes a model's maps where nobody chooses; empty where nothing does.

    Args:
        info: The model.
        known: As `automatic` has them.
    """
    makers = (each.id for kind in info.types for each in known if each.makes == kind)
    return next(makers, "")


def _folder(wanted: ControlType | None) -> str:
    looks = wanted is ControlType.REFERENCE
    return (ModelKind.IP_ADAPTER if looks else ModelKind.CONTROLNET).folder


def _type_named(wanted: str) -> ControlType | None:
    """The kind of maps that somebody names, in small letters."""
    plain = wanted.replace("-", "_").replace(" ", "_")
    return next((each for each in ControlType if each.value in (plain, wanted)), None)


def _words(info: ControlInfo) -> set[str]:
    """What a person may call it, in small letters."""
    path = PurePath(info.path)
    return {word.casefold() for word in (info.id, info.name, path.name, path.stem, info.path)}


def _of_hash(wanted: str, there: HasControls) -> list[ControlInfo]:
    if len(wanted) < _FEWEST_DIGITS:
        return []
    ids = {
        entry.id
        for entry in there.entries()
        if entry.hashes and entry.hashes.sha256.startswith(wanted)
    }
    return [info for info in there.controls() if info.id in ids]


def _missing(
    name: str, wanted: str, known: Iterable[ControlInfo], there: HasControls
) -> ModelError:
    for entry in there.entries():
        if wanted in (entry.id.casefold(), entry.name.casefold(), _stem(entry)) and entry.model:
            return ModelError(
                f"“{entry.name}” is a {entry.model.kind.label}, not a control model.",
                "Choose a ControlNet, a T2I-Adapter or an IP-Adapter.",
            )
    words = {word: info.name for info in known for word in _words(info)}
    similar = get_close_matches(wanted, words, n=1)
    meant = f"Did you mean “{words[similar[0]]}”? Else put" if similar else "Put"
    return ModelMissingError(
        f"There is no control model called “{name}”.", f"{meant} its file into models/controlnet."
    )


def _stem(entry: LibraryEntry) -> str:
    return PurePath(entry.path).stem.casefold()


def _others(checkpoint: CheckpointInfo, known: Iterable[ControlInfo]) -> str:
    fitting = [f"“{info.name}”" for info in known if not why_not(info, checkpoint)]
    if not fitting:
        return "Choose another checkpoint, or get a control model of its family."
    more = " and others" if len(fitting) > _LISTED else ""
    return f"Choose one that fits: {', '.join(fitting[:_LISTED])}{more}."


def _label(family: str) -> str:
    return next((each.label for each in Family if each.value == family), family)
