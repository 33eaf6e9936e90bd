"""What a found file or folder is: identified, or named for what is wrong with it."""

import re
from pathlib import Path

from backend.library.folder_kinds import belongs
from backend.library.identify.control_folder import identify_control_folder
from backend.library.identify.folder import identify_folder
from backend.library.identify.hints import Told
from backend.library.identify.identify import identify_file
from backend.library.model_folders import is_control_folder
from backend.library.own_card import own_card
from backend.library.sidecars import read_sidecar
from backend.library.walking import Found
from backend.schema.base import Frozen
from backend.schema.errors import ModelError
from backend.schema.library import Hashes, LibraryEntry, SideCar
from backend.schema.models import ModelFile, ModelKind, Problem

MISPLACED = "misplaced"
PICKLE = "pickle"
UNKNOWN = "unknown"
_PICKLE_SUFFIXES = frozenset({".ckpt", ".pt", ".pth", ".bin"})
_SHARD = re.compile(r"-\d{5}-of-\d{5}$")
_NANOSECONDS = 1e9


class Facts(Frozen):
    """What was read of a file; it holds while the file and those beside it stay the same."""

    model: ModelFile | None = None
    problem: Problem | None = None
    card: SideCar | None = None


def read_facts(found: Found) -> Facts:
    """Read the headers and side-cars of a file or folder; whatever is wrong becomes a problem."""
    path = Path(found.path)
    stem = path.name if found.is_folder else path.stem
    card = read_sidecar(path.parent, stem, found.card_names)
    try:
        if found.is_folder and is_control_folder(path):
            model = identify_control_folder(path, card)
        elif found.is_folder:
            own = own_card(path)
            model = identify_folder(path, Told(path.name, {}, card or SideCar()), own.known_family)
        else:
            model = identify_file(path, card)
    except ModelError as error:
        return Facts(problem=_problem_of(error, path), card=card)
    except OSError as error:  # it went away, or the disk failed, while we looked
        sentence = f"“{path.name}” cannot be read: {error.strerror}."
        return Facts(problem=Problem(code="unreadable", sentence=sentence), card=card)
    return Facts(model=model, problem=_unknown(path, model), card=card)


def entry_of(found: Found, facts: Facts, hashes: Hashes | None = None) -> LibraryEntry:
    """A file as the library lists it: where it lies in the wrong folder, that is its problem."""
    model = facts.model
    if model and found.title:
        model = model.model_copy(update={"title": found.title})
    return LibraryEntry(
        id=found.id,
        path=found.path,
        bytes=facts.model.bytes if facts.model else found.bytes,
        modified=found.changed / _NANOSECONDS,
        expected=found.expected,
        model=model,
        problem=facts.problem or _misplaced(found, facts.model),
        card=facts.card,
        hashes=hashes,
    )


def _problem_of(error: ModelError, path: Path) -> Problem:
    pickle = path.suffix.lower() in _PICKLE_SUFFIXES and error.code == ModelError.code
    return Problem(code=PICKLE if pickle else error.code, sentence=error.sentence, hint=error.hint)


def _unknown(path: Path, model: ModelFile) -> Problem | None:
    if _SHARD.search(path.stem):
        return Problem(
            code="piece",
            sentence=f"“{path.name}” is one piece of a model that lies in several files.",
            hint="Easel reads such models where they are whole diffusers folders.",
        )
    if model.kind is not ModelKind.UNKNOWN:
        return None
    return Problem(
        code=UNKNOWN,
        sentence=f"“{path.name}” is whole, but no kind of model that Easel knows.",
        hint="A newer Easel may know it.",
    )


def _misplaced(found: Found, model: ModelFile | None) -> Problem | None:
    if model is None or found.expected is None or belongs(model.kind, found.expected):
        return None
    kind, folder = model.kind, found.expected
    article = "an" if kind.label[0].lower() in "aeiou" else "a"
    return Problem(
        code=MISPLACED,
        sentence=f"“{Path(found.path).name}” is {article} {kind.label}, in a folder for "
        f"{_PLURALS.get(folder, folder.label + 's')}.",
        hint=f"Move it to the folder “{kind.folder}”, then rescan." if kind.folder else "",
    )


_PLURALS = {
    ModelKind.DIFFUSION_MODEL: "diffusion models",
    ModelKind.HYPERNETWORK: "hypernetworks",
}
