"""Reading models again, byte by byte, to find what a disk or a copy has damaged."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from backend.library.hashing import sha256_again
from backend.library.library import Library
from backend.library.published import published
from backend.schema.errors import ModelError, ModelMissingError
from backend.schema.library import LibraryEntry, Verified

_AGAIN = "Download it again; its side-car or the hub's page says from where."
_FAILING = (
    "Its bytes are others than when they were read first, and nobody wrote to it: the disk may be "
    f"failing. {_AGAIN}"
)
_DAMAGED = frozenset({"model_damaged", "unreadable"})


def verify(library: Library, names: Sequence[str]) -> Iterator[Verified]:
    """Read all of these models, or of all models, and compare them with what is known of them.

    What is known: the header, the hash that the library worked out before while the file stayed
    the same to the file system, and the hash that its hub published.

    Args:
        library: The models.
        names: Ids, names or file names; none for all.

    Raises:
        ModelMissingError: When one of the names is no model's.
    """
    for entry in _meant(library, names):
        yield _verified(entry)


def _meant(library: Library, names: Sequence[str]) -> Sequence[LibraryEntry]:
    entries = library.entries()
    chosen: list[LibraryEntry] = []
    for name in names:
        wanted = name.casefold()
        found = [entry for entry in entries if wanted in _names(entry)]
        if not found:
            raise ModelMissingError(
                f"The model “{name}” is not installed.", "`app.py models` lists them."
            )
        chosen += found
    return chosen if names else entries


def _names(entry: LibraryEntry) -> set[str]:
    path = Path(entry.path)
    return {each.casefold() for each in (entry.id, entry.name, path.name, path.stem, entry.path)}


def _verified(entry: LibraryEntry) -> Verified:
    path = Path(entry.path)
    try:
        whole, sentence = _judged(entry, path)
    except OSError as error:
        whole, sentence = False, f"It cannot be read: {error.strerror}. Check the disk."
    except ModelError as error:
        whole, sentence = False, str(error)
    return Verified(id=entry.id, path=entry.path, whole=whole, sentence=sentence)


def _judged(entry: LibraryEntry, path: Path) -> tuple[bool, str]:
    """Whether a model is whole, and why one may say so."""
    problem = entry.problem
    if problem and problem.code in _DAMAGED:
        return False, f"{problem.sentence} {problem.hint}".strip()
    sha256 = sha256_again(path)
    if entry.hashes and entry.hashes.sha256 != sha256:
        return False, _FAILING
    origin = None if path.is_dir() else published(path)
    if origin and origin.sha256 == sha256:
        return True, "It is the file that its hub published."
    if origin and origin.bytes == entry.bytes:
        return False, f"Its bytes are not those that its hub published. {_AGAIN}"
    if entry.hashes:
        return True, "It is as it was when it was read first."
    return True, "Its header fits, and there was nothing else to compare it with."
