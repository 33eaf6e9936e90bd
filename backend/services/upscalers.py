"""What enlarges: the upscaler that a name means, or that is taken where nobody chooses."""

from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import PurePosixPath
from typing import Protocol

from backend.library.checkpoints import STARTER
from backend.library.upscalers import is_upscaler
from backend.schema.errors import ModelError, ModelMissingError
from backend.schema.library import LibraryEntry
from backend.schema.upscaling import (
    LANCZOS,
    STARTER_UPSCALER,
    ResolvedUpscaler,
    UpscalerHere,
)


class HasUpscalers(Protocol):
    """Where upscalers are; `backend.library.library.Library` knows them."""

    def upscalers(self) -> tuple[UpscalerHere, ...]:
        """Those that can be used; the starter's comes last."""
        ...

    def entries(self) -> tuple[LibraryEntry, ...]:
        """Every model file and folder."""
        ...


def named_upscaler(name: str, there: HasUpscalers) -> ResolvedUpscaler | None:
    """An upscaler by its id, title, or file's name; None for Lanczos.

    Raises:
        ModelMissingError: When there is none; the hint has the most similar name.
        ModelError: When it cannot be used.
    """
    if name.casefold() == LANCZOS:
        return None
    found = {word: each.model for each in there.upscalers() for word in _words(each.model)}
    if name.casefold() in found:
        return found[name.casefold()]
    for entry in there.entries():
        if name.casefold() in _words(_found(entry)):
            raise _unusable(entry)
    similar = get_close_matches(name.casefold(), [*found, LANCZOS], n=1)
    meant = f"Did you mean “{similar[0]}”? Else put" if similar else "Put"
    raise ModelMissingError(
        f"There is no upscaler called “{name}”.", f"{meant} its file into models/upscale_models."
    )


def usual_upscaler(
    there: Iterable[UpscalerHere], checkpoint: str | None
) -> ResolvedUpscaler | None:
    """What enlarges where nobody chooses; None for Lanczos.

    The starter's upscaler learned from the starter's pictures alone: what others drew, and
    photographs, look better with Lanczos.

    Args:
        there: The upscalers that can be used.
        checkpoint: The id of what drew the picture; None where nobody knows.
    """
    own = checkpoint == STARTER
    models = (each.model for each in there)
    return next((each for each in models if (each.id == STARTER_UPSCALER) == own), None)


def _found(entry: LibraryEntry) -> ResolvedUpscaler:
    return ResolvedUpscaler(id=entry.id, name=entry.name, path=entry.path)


def _words(upscaler: ResolvedUpscaler) -> set[str]:
    """What a person may call it, in lower case."""
    file = PurePosixPath(upscaler.id)
    return {each.casefold() for each in (upscaler.id, upscaler.name, file.name, file.stem)}


def _unusable(entry: LibraryEntry) -> ModelError:
    if entry.model is not None and not is_upscaler(entry):
        return ModelError(
            f"“{entry.name}” is a {entry.model.kind.label}, not an upscaler.",
            "Choose an upscaler, or lanczos.",
        )
    problem = entry.problem
    return ModelError(
        problem.sentence if problem else f"“{entry.name}” cannot enlarge pictures.",
        problem.hint if problem else "Choose another upscaler.",
    )
