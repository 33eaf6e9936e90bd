"""The LoRAs that a request's prompts name, as files of the library."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from pathlib import PurePath, PurePosixPath

from backend.prompts.tags import LoraTag, take_tags
from backend.schema.errors import ModelError, NotFoundError, OutOfRangeError
from backend.schema.library import LibraryEntry
from backend.schema.models import Family, ModelFile, ModelKind
from backend.schema.resolved import ResolvedLora, ResolvedRequest

_FIELD = "prompt.positive"
_UNDECIDED = frozenset({Family.UNKNOWN.value})
"""What a header leaves open; the engine then compares every layer with the model's."""


class LorasByName:
    """Finds LoRAs by what a prompt calls them.

    That is the file's name, with its ending or without, its path below the folder, or both; upper
    and lower case are the same.
    """

    def __init__(self, entries: Iterable[LibraryEntry]) -> None:
        """Look through the library's entries, broken ones too."""
        self._named: defaultdict[str, list[LibraryEntry]] = defaultdict(list)
        self.all = tuple(entry for entry in entries if _is_lora(entry))
        for entry in self.all:
            for name in _names(entry):
                self._named[name.casefold()].append(entry)

    def find(self, name: str, family: str) -> LibraryEntry:
        """The first of this name, best one that fits a family.

        Raises:
            NotFoundError: When there is none; the hint has the most similar name.
        """
        found = self._named.get(_plain(name), [])
        if not found:
            raise NotFoundError(f"There is no LoRA called “{name}”.", self._advice(name))
        return min(found, key=lambda entry: _distance(entry.model, family))

    def _advice(self, name: str) -> str:
        stems = {PurePosixPath(known).stem for known in self._named}
        similar = get_close_matches(PurePosixPath(_plain(name)).stem, stems, n=1)
        meant = f"Did you mean “{similar[0]}”? Else put" if similar else "Put"
        return f"{meant} its file into models/loras, or take it out of the prompt."


def named_loras(
    request: ResolvedRequest, entries: Iterable[LibraryEntry]
) -> tuple[ResolvedLora, ...]:
    """The LoRAs that the pictures' prompts name, each once.

    Args:
        request: With its choices made.
        entries: What is in the library.

    Raises:
        OutOfRangeError: When one is not there, or is for another family; all that are missing are
            named.
        ModelError: When its file cannot be used.
    """
    tags = _tags(request)
    there = LorasByName(entries) if tags else LorasByName(())
    missing: dict[str, NotFoundError] = {}
    found: list[ResolvedLora] = []
    for name in tags:
        try:
            entry = there.find(name, request.model.family)
        except NotFoundError as error:
            missing[name] = error
        else:
            _require_fitting(name, entry, request)
            found.append(ResolvedLora(name=name, id=entry.id, path=entry.path))
    if missing:
        raise _missing(missing)
    return tuple(found)


def loras_there(
    request: ResolvedRequest, entries: Iterable[LibraryEntry]
) -> tuple[ResolvedLora, ...]:
    """Those that are there, for a plan; what is missing or wrong is told when it is drawn."""
    tags = _tags(request)
    return tuple(_those_there(tags, LorasByName(entries), request)) if tags else ()


def _those_there(
    names: Iterable[str], there: LorasByName, request: ResolvedRequest
) -> Iterator[ResolvedLora]:
    for name in names:
        try:
            entry = there.find(name, request.model.family)
        except NotFoundError:
            continue
        yield ResolvedLora(name=name, id=entry.id, path=entry.path)


def _tags(request: ResolvedRequest) -> Mapping[str, LoraTag]:
    """The LoRAs of all pictures' prompts by their names; negative prompts put none on."""
    texts = dict.fromkeys(prompt.positive for prompt in request.all_prompts)
    return {tag.name: tag for text in texts for tag in take_tags(text)[1]}


def _is_lora(entry: LibraryEntry) -> bool:
    if entry.model is not None:
        return entry.model.kind is ModelKind.LORA
    return entry.expected is ModelKind.LORA


def _names(entry: LibraryEntry) -> set[str]:
    """What a prompt may call it, without its ending."""
    below = PurePosixPath(entry.id.rpartition(":")[2])
    inside = PurePosixPath(*below.parts[1:]) if len(below.parts) > 1 else below
    return {str(path.with_suffix("")) for path in (below, inside)} | {PurePath(entry.path).stem}


def _plain(name: str) -> str:
    """A name without an ending, with slashes, in small letters."""
    plain = name.strip().replace("\\", "/").casefold()
    return plain.removesuffix(".safetensors")


def _families(model: ModelFile | None) -> frozenset[str]:
    """The families that it fits; empty where its file cannot be read."""
    if model is None:
        return frozenset()
    return frozenset(each.value for each in model.fits or (model.family,))


def _distance(model: ModelFile | None, family: str) -> int:
    families = _families(model)
    if family in families:
        return 0
    return 1 if families == _UNDECIDED else 2


def why_not(entry: LibraryEntry, family: str) -> str:
    """Why a LoRA cannot be drawn with, as a sentence; empty where it can, or may."""
    if entry.model is None:
        return entry.problem.sentence if entry.problem else "Its file cannot be read."
    if family and _distance(entry.model, family) > 1:
        return f"It is for {_made_for(entry.model)}; the checkpoint is {Family(family).label}."
    return ""


def _require_fitting(name: str, entry: LibraryEntry, request: ResolvedRequest) -> None:
    if entry.model is None:
        hint = entry.problem.hint if entry.problem else "Download it again."
        reason = why_not(entry, request.model.family)
        raise ModelError(f"The LoRA “{name}” cannot be used. {reason}", hint)
    if _distance(entry.model, request.model.family) > 1:
        raise OutOfRangeError(
            f"The LoRA “{name}” is for {_made_for(entry.model)}; “{request.model.name}” is "
            f"{Family(request.model.family).label}.",
            "Choose a checkpoint of its family, or take it out of the prompt.",
            _FIELD,
        )


def _made_for(model: ModelFile) -> str:
    return " or ".join(each.label for each in model.fits) or model.family_label


def _missing(missing: Mapping[str, NotFoundError]) -> OutOfRangeError:
    if len(missing) == 1:
        (error,) = missing.values()
        return OutOfRangeError(error.sentence, error.hint, _FIELD)
    names = ", ".join(f"“{name}”" for name in missing)
    return OutOfRangeError(
        f"These LoRAs are not here: {names}.",
        "Put their files into models/loras, or take them out of the prompt.",
        _FIELD,
    )
