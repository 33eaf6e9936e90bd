"""Taking installations of other programs into use: what is in them, in one report."""

import os
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from backend.gallery.picture_files import picture_files
from backend.library.brought import BroughtBook, InUse
from backend.library.folders import usable_folder
from backend.library.installations.installation import Installation
from backend.library.installations.known import (
    PROGRAMS,
    installation_at,
    installations_near,
    program_of,
)
from backend.library.installations.settings import Notes, expanded, is_there, told
from backend.library.library import Library
from backend.library.styles import read_styles
from backend.library.wildcards import read_wildcards
from backend.metadata.loose import text
from backend.schema.bringing import (
    MOST_UNCLEAR,
    Brought,
    BroughtFolder,
    Counted,
    Style,
    Wildcard,
)
from backend.schema.errors import NotFoundError, RequestError
from backend.schema.library import LibraryEntry
from backend.schema.models import ModelKind

_LISTED = 5
_UNKNOWN = "Its tensors are those of no model that Easel knows."


@dataclass(frozen=True)
class Installations:
    """The installations in use; their files stay where they lie."""

    library: Library
    book: BroughtBook

    def bring(self, path: str) -> Brought:
        """Use the models, styles and wildcards of an installation, and tell all that is in it.

        Raises:
            RequestError: When there is no such folder, or it is no installation.
            OutputError: When this cannot be remembered.
        """
        folder = _installation_in(usable_folder(path))
        known = self.book.find(str(folder))
        one = self._in_library(folder, known)
        self.library.rescan()
        self.book.put(one)
        return self._report(one, new=known is None)

    def all(self) -> tuple[BroughtFolder, ...]:
        """All in use, in the order in which they were brought."""
        return tuple(
            BroughtFolder(
                path=one.path,
                label=one.label,
                program=program_of(Path(one.path)),
                problem="" if is_there(Path(one.path)) else f"{one.path} is not there now.",
            )
            for one in self.book.all()
        )

    def find(self, asked: str) -> InUse:
        """The installation that a person means by its folder or its label.

        Raises:
            NotFoundError: When it is none that is in use.
        """
        wanted = text(asked)
        place = expanded(wanted, Path.cwd()) if wanted else None
        meant = {wanted, str(place), str(place.resolve() if place and is_there(place) else place)}
        for one in self.book.all():
            if {one.path, one.label} & meant:
                return one
        there = ", ".join(one.path for one in self.book.all()) or "none"
        raise NotFoundError(f"{wanted[:300]} is no installation in use.", f"In use: {there}.")

    def let_go(self, one: InUse) -> None:
        """Use the models of an installation no more, unless their folder was there before it.

        Raises:
            OutputError: When the settings cannot be written.
        """
        if one.added and any(each.path == one.path for each in self.library.folders.all()):
            self.library.folders.remove(one.path)
            self.library.rescan()

    def styles(self) -> tuple[Style, ...]:
        """The styles of all installations."""
        return tuple(style for one in self.book.all() for style in _Opened.of(one).styles())

    def wildcards(self) -> tuple[Wildcard, ...]:
        """The wildcards of all installations."""
        return tuple(each for one in self.book.all() for each in wildcards_of(one))

    def _in_library(self, folder: Path, known: InUse | None) -> InUse:
        """The installation, once its folder is one that models come from."""
        holding = self.library.folders.holding(folder)
        if holding is None:
            label = self.library.folders.add(str(folder)).label
            return InUse(path=str(folder), label=label, added=True)
        added = known is not None and known.added
        label = holding.label if holding.path == str(folder) else folder.name
        return InUse(path=str(folder), label=label, added=added)

    def _report(self, one: InUse, *, new: bool) -> Brought:
        opened = _Opened.of(one)
        installation = opened.installation
        models = self._counted(opened)
        styles, wildcards = len(list(opened.styles())), len(list(opened.wildcards()))
        unclear = (*installation.unclear, *opened.notes.unclear)
        return Brought(
            path=one.path,
            label=one.label,
            program=installation.program,
            new=new,
            models=tuple(
                Counted(kind=each, count=models[each]) for each in ModelKind if models[each]
            ),
            styles=styles,
            wildcards=wildcards,
            pictures=sum(1 for _ in picture_files(installation.outputs)),
            unclear=unclear[:MOST_UNCLEAR],
            unclear_in_all=len(unclear),
        )

    def _counted(self, opened: "_Opened") -> Counter[ModelKind]:
        """How many models of each kind there are; what is none of any is noted."""
        folder, notes = opened.notes.folder, opened.notes
        holding = self.library.folders.holding(folder)
        if holding is not None and holding.path != str(folder):
            notes.note(
                folder,
                f"It lies in {holding.path}, which is looked through as a whole. Folders that its "
                "settings name elsewhere are not: remove that folder, then bring this one again.",
            )
        counts: Counter[ModelKind] = Counter()
        for entry in _within(self.library.entries(), opened.installation):
            if entry.model is None or entry.model.kind is ModelKind.UNKNOWN:
                problem = entry.problem
                reason = f"{problem.sentence} {problem.hint}".strip() if problem else _UNKNOWN
                notes.note(Path(entry.path), reason)
            else:
                counts[entry.model.kind] += 1
        return counts


@dataclass(frozen=True)
class _Opened:
    """An installation as it is now, and what turns out not to be understood in it."""

    installation: Installation
    label: str
    notes: Notes

    @classmethod
    def of(cls, one: InUse) -> Self:
        """Look at an installation."""
        folder = Path(one.path)
        return cls(installation_at(folder, one.label), one.label, Notes(folder))

    def styles(self) -> Iterator[Style]:
        """Its styles."""
        for file in self.installation.styles:
            source = f"{self.label}: {told(file, self.notes.folder)}"
            yield from read_styles(file, source, self.notes.note)

    def wildcards(self) -> Iterator[Wildcard]:
        """Its wildcards."""
        for place in self.installation.wildcards:
            yield from read_wildcards(place, self.notes.folder, self.label, self.notes.note)


def styles_of(one: InUse) -> Iterator[Style]:
    """The styles of an installation, as they are now."""
    return _Opened.of(one).styles()


def wildcards_of(one: InUse) -> Iterator[Wildcard]:
    """The wildcards of an installation, as they are now."""
    return _Opened.of(one).wildcards()


def _installation_in(folder: Path) -> Path:
    """The folder itself, or the only installation just below it.

    Raises:
        RequestError: When there is none, or there are several.
    """
    found = installations_near(folder)
    if len(found) == 1:
        return found[0]
    if found:
        names = ", ".join(each.name for each in found[:_LISTED])
        raise RequestError(f"There are several installations in {folder}.", f"Name one: {names}.")
    known = [program.name for program in PROGRAMS]
    raise RequestError(
        f"{folder} is no installation of {', '.join(known[:-1])} or {known[-1]}.",
        "Name the folder that its program lies in. A folder with nothing but models can be added "
        "as a models folder: `app.py models add-folder`, or “Folders” on the page.",
    )


def _within(entries: Iterable[LibraryEntry], installation: Installation) -> Iterator[LibraryEntry]:
    """The models that an installation brought."""
    roots = {str(root.path) for root in installation.roots}
    below = tuple(os.path.join(root, "") for root in roots)  # noqa: PTH118  its separator ends it
    return (each for each in entries if each.path in roots or each.path.startswith(below))
