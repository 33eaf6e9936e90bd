"""What the owner does with the models that are here."""

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self, cast

from backend.jobs.board import Board
from backend.library.bin import Bin
from backend.library.copies import copies
from backend.library.library import Library
from backend.library.marks import MarkBook
from backend.library.moving import Belongings, belongings, refusal, relocate, stem_of
from backend.library.notes import NoteBook
from backend.library.places_of_models import checked_name, folder_below, home_of, right_folder
from backend.schema.errors import NotFoundError, RequestError
from backend.schema.jobs import Actor, PictureView
from backend.schema.keeping import Binned, Copies, Mark, Used
from backend.schema.library import LibraryEntry
from backend.schema.models import ModelKind
from backend.services.owner import only_the_owner

_SHOWN_PICTURES = 6
_PARTS = frozenset({ModelKind.VAE, ModelKind.TEXT_ENCODER})
"""Jobs know these by their ids, and checkpoints by their fingerprints."""


@dataclass(frozen=True)
class Books:
    """What is kept of models beside their files."""

    marks: MarkBook
    notes: NoteBook
    bin: Bin

    @classmethod
    def in_folder(cls, data: Path) -> Self:
        """Those of a data folder."""
        notes = NoteBook(data / "model-notes.json")
        return cls(MarkBook(data / "model-marks.json"), notes, Bin(data / "bin"))


@dataclass(frozen=True)
class Work:
    """What the jobs have to do with models."""

    needs: Callable[[Path], bool]
    """Whether a job that waits or runs needs this file or folder."""
    release: Callable[[], None]
    """Has the engine let go of the files that it keeps open."""
    pictures_with: Callable[[str, str], tuple[PictureView, ...]]
    """The pictures that were made with the checkpoint of a fingerprint, or with the part of an id,
    newest first."""


def is_needed(board: Board, path: Path) -> bool:
    """Whether a job that waits or runs in the engine names this file, or one in this folder."""
    return any(_names(one.job.request, path) for one in board.waiting())


def _names(value: object, path: Path) -> bool:
    if isinstance(value, str):
        return value.startswith(str(path)) and Path(value).is_relative_to(path)
    if isinstance(value, dict):
        return any(_names(each, path) for each in cast("dict[str, object]", value).values())
    return isinstance(value, list) and any(_names(e, path) for e in cast("list[object]", value))


class Keeping:
    """Marks, moves, deletes and finds copies. All see marks; the owner alone changes anything."""

    def __init__(self, library: Library, books: Books, work: Work) -> None:
        self._library = library
        self._books = books
        self._work = work
        self._lock = threading.Lock()

    def marks(self, actor: Actor) -> Mapping[str, Mark]:  # noqa: ARG002
        """Favourites and tags by the model's id; models without either are left out."""
        return self._books.marks.all(self._library.entries())

    def set_favourite(self, actor: Actor, model_id: str, *, favourite: bool) -> Mark:
        """Make a model a favourite, or none.

        Raises:
            NotAllowedError: When a guest asks.
            NotFoundError: When there is no such model.
            OutputError: When it cannot be written.
        """
        return self._mark(actor, model_id, {"favourite": favourite})

    def set_tags(self, actor: Actor, model_id: str, tags: Iterable[str]) -> Mark:
        """Give a model these tags in place of those that it had.

        Raises:
            NotAllowedError: When a guest asks.
            NotFoundError: When there is no such model.
            OutOfRangeError: When a tag is too long, or there are too many.
            OutputError: When it cannot be written.
        """
        return self._mark(actor, model_id, {"tags": tuple(tags)})

    def rename(self, actor: Actor, model_id: str, name: str) -> LibraryEntry:
        """Give a model's file, or folder, and what describes it another name.

        Args:
            actor: Who asks.
            model_id: The model.
            name: The new name; the ending of a file stays, whether it is given or not.

        Raises:
            NotAllowedError: When a guest asks, or it is a model that stays.
            NotFoundError: When there is no such model.
            RequestError: When it is no name, one that is taken, or a job needs the model.
            OutputError: When the disk refuses it; then all is as it was.
        """
        only_the_owner(actor, "rename models")
        entry = self._library.entry(model_id)
        path = Path(entry.path)
        ending, asked = "" if path.is_dir() else path.suffix, name.strip()
        given = asked.lower().endswith(ending.lower())
        stem = checked_name(asked[: len(asked) - len(ending)] if given else asked)
        return self._relocated(entry, path.parent, stem)

    def move(self, actor: Actor, model_id: str, folder: str = "") -> LibraryEntry:
        """Move a model and what describes it to another folder.

        Args:
            actor: Who asks.
            model_id: The model.
            folder: Its path below the folder of the library that the model lies in, such as
                `loras/styles`; empty for the folder that is right for what the model is.

        Raises:
            NotAllowedError: When a guest asks, or it is a model that stays.
            NotFoundError: When there is no such model.
            RequestError: When it is no such folder, something is there, or a job needs the model.
            OutputError: When the disk refuses it; then all is as it was.
        """
        only_the_owner(actor, "move models")
        entry = self._library.entry(model_id)
        folders = self._library.folders.all()
        home = home_of(entry, folders)
        program = next(each.program for each in folders if Path(each.path) == home)
        kind = entry.model.kind if entry.model else ModelKind.UNKNOWN
        to = folder_below(home, folder) if folder.strip() else right_folder(home, kind, program)
        return self._relocated(entry, to, stem_of(Path(entry.path)))

    def delete(self, actor: Actor, model_id: str) -> Binned:
        """Put a model and what describes it into the bin.

        Raises:
            NotAllowedError: When a guest asks, or it is a model that stays.
            NotFoundError: When there is no such model.
            RequestError: When a job needs the model.
            OutputError: When the disk refuses it.
        """
        only_the_owner(actor, "delete models")
        with self._lock:
            owned = self._changeable(self._library.entry(model_id))
            binned = self._books.bin.put(owned, self._work.release)
        self._library.rescan()
        return binned

    def bin(self, actor: Actor) -> tuple[Binned, ...]:
        """What is in Easel's own bin, newest first.

        Raises:
            NotAllowedError: When a guest asks.
        """
        only_the_owner(actor, "look into the bin")
        return self._books.bin.all()

    def restore(self, actor: Actor, binned_id: str) -> LibraryEntry:
        """Put a model back to where it was.

        Raises:
            NotAllowedError: When a guest asks.
            NotFoundError: When it is not in Easel's own bin.
            RequestError: When something is there now.
            OutputError: When the disk refuses it.
        """
        only_the_owner(actor, "take models out of the bin")
        with self._lock:
            path = self._books.bin.restore(binned_id, self._work.release)
        self._library.rescan()
        return self._library.look(path)

    def empty_bin(self, actor: Actor) -> int:
        """Remove for good what is in Easel's own bin; tells how many bytes that were.

        Raises:
            NotAllowedError: When a guest asks.
            OutputError: When the disk refuses it.
        """
        only_the_owner(actor, "empty the bin")
        with self._lock:
            return self._books.bin.empty()

    def copies(self, actor: Actor) -> tuple[Copies, ...]:  # noqa: ARG002
        """Models that are here several times, as far as hashes are known."""
        return copies(self._library.entries())

    def used(self, actor: Actor, model_id: str) -> Used:
        """How many pictures of those that `actor` may see were made with a model.

        Raises:
            NotFoundError: When there is no such model.
        """
        entry = self._library.entry(model_id)
        part = entry.model is not None and entry.model.kind in _PARTS
        sha256 = entry.hashes.sha256 if entry.hashes and not part else ""
        made = self._work.pictures_with(sha256, entry.id if part else "")
        mine = [picture for picture in made if actor.may_see(picture.owner)]
        return Used(pictures=len(mine), newest=tuple(mine[:_SHOWN_PICTURES]))

    def _mark(self, actor: Actor, model_id: str, changes: Mapping[str, object]) -> Mark:
        only_the_owner(actor, "mark models")
        return self._books.marks.change(
            self._library.entry(model_id),
            self._library.entries(),
            lambda mark: mark.model_copy(update=dict(changes)),
        )

    def _relocated(self, entry: LibraryEntry, folder: Path, stem: str) -> LibraryEntry:
        """The model at its new place, its marks and notes with it."""
        path = Path(entry.path)
        if (folder, stem) == (path.parent, stem_of(path)):
            return entry
        with self._lock:
            new = relocate(self._changeable(entry), folder, stem, self._work.release)
        self._library.rescan()
        moved = self._library.look(new)
        self._books.marks.move(entry.id, moved.id)
        self._books.notes.move(entry.id, moved.id)
        return moved

    def _changeable(self, entry: LibraryEntry) -> Belongings:
        """A model that may be changed now, and what describes it.

        Raises:
            NotAllowedError: When it stays as it is.
            NotFoundError: When it went away meanwhile.
            RequestError: When a job needs it.
            OutputError: When its folder cannot be read.
        """
        home_of(entry, self._library.folders.all())
        path = Path(entry.path)
        if not path.exists():  # a second click, or another program was quicker
            self._library.rescan()
            raise NotFoundError(
                f"“{entry.name}” is not there any more.", "The list of models knows it now."
            )
        if self._work.needs(path):
            raise RequestError(
                f"A job needs “{entry.name}”.", "Wait until it is done, or cancel it."
            )
        try:
            return belongings(path)
        except OSError as error:
            raise refusal(path, error) from error
