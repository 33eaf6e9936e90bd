"""Giving model files other places and names, together with what describes them.

Nothing is overwritten. Where one of several files cannot be moved, those that were go back.
"""

import errno
import os
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from backend.library.model_folders import is_model_folder
from backend.library.sidecars import described_stem
from backend.library.walking import MODEL_SUFFIXES
from backend.schema.errors import OutputError, RequestError

T = TypeVar("T")
Release = Callable[[], None]
"""Asks whoever has models open to let go of them."""

_ALSO_BESIDE = (".metadata.json", ".cm-info.json", ".txt", ".sha256", ".html")
"""What LoRA Manager, Stability Matrix and older extensions of A1111 write beside a model."""
_HELD_OPEN = frozenset({5, 32, 33, 1224})
"""What Windows says of a file that somebody reads or has mapped: access denied, sharing violation,
lock violation, user-mapped section open."""
_TRIES = 20
_PAUSE_SECONDS = 0.25


@dataclass(frozen=True)
class Belongings:
    """A model and the files beside it that describe it."""

    model: Path
    beside: tuple[Path, ...]
    shared: bool
    """Whether another model of the same name is described by them as well."""

    @property
    def stem(self) -> str:
        """What their names begin with."""
        return stem_of(self.model)

    def named(self, folder: Path, stem: str) -> list[tuple[Path, Path]]:
        """Where each of them goes, the model first."""
        cut = len(self.stem)
        files = (self.model, *self.beside)
        return [(old, folder / f"{stem}{old.name[cut:]}") for old in files]


def stem_of(model: Path) -> str:
    """A file's name without its ending, a folder's whole name."""
    return model.name if model.is_dir() else model.stem


def belongings(model: Path) -> Belongings:
    """The files beside a model that describe it.

    Raises:
        OSError: When its folder cannot be read.
    """
    stem, beside, shared = stem_of(model), list[Path](), False
    for each in sorted(model.parent.iterdir()):
        if each == model:
            continue
        if _describes(each, stem):
            beside.append(each)
        elif stem_of(each) == stem:
            is_model = each.suffix.lower() in MODEL_SUFFIXES or is_model_folder(each)
            shared |= is_model
    return Belongings(model, tuple(beside), shared)


def _describes(file: Path, stem: str) -> bool:
    """Whether a file is about the models beside it that are called so."""
    return described_stem(file.name) == stem or file.name in {stem + end for end in _ALSO_BESIDE}


def relocate(owned: Belongings, folder: Path, stem: str, release: Release) -> Path:
    """Move a model and what describes it; a description that is shared is copied.

    Args:
        owned: The model.
        folder: Where it goes; made where it is not there.
        stem: Its new name, without the ending of a file.
        release: Asked where somebody has a file open.

    Returns:
        Where the model is now.

    Raises:
        RequestError: When something is there already.
        OutputError: When the disk refuses it; then all is as it was.
    """
    pairs = owned.named(folder, stem)
    refuse_to_overwrite(pairs)
    moved: list[tuple[Path, Path]] = []
    try:
        _refuse_to_adopt(folder, stem)
        folder.mkdir(parents=True, exist_ok=True)
        for old, new in pairs:
            if owned.shared and old != owned.model:
                shutil.copy2(old, new)
            else:
                move(old, new, release)
                moved.append((old, new))
    except OSError as error:
        for old, new in reversed(moved):
            move(new, old, release)
        raise refusal(owned.model, error) from error
    return pairs[0][1]


def refuse_to_overwrite(pairs: Sequence[tuple[Path, Path]]) -> None:
    """Require that nothing is where these files go.

    Raises:
        RequestError: When something is; a file under another case of its own name is not.
    """
    for old, new in pairs:
        if os.path.lexists(new) and not (old.exists() and new.exists() and old.samefile(new)):
            raise RequestError(f"There is {new} already.", "Choose another name or folder.")


def _refuse_to_adopt(folder: Path, stem: str) -> None:
    """Require that nothing in a folder would describe a model that comes to be called so."""
    there = sorted(folder.iterdir()) if folder.is_dir() else []
    for each in there:
        if _describes(each, stem):
            raise RequestError(
                f"There is {each} already, which describes another model.",
                "Choose another name or folder.",
            )


def move(old: Path, new: Path, release: Release) -> None:
    """Move one file or folder, to another disk as well; a relative link still leads to its file.

    Raises:
        OSError: When the system refuses it.
    """
    if old.is_symlink() and not old.readlink().is_absolute():
        new.symlink_to(old.resolve(), target_is_directory=old.is_dir())
        old.unlink()
        return
    try:
        patiently(lambda: old.rename(new), release)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        _carry(old, new, release)


def patiently(act: Callable[[], T], release: Release) -> T:
    """Do it; where Windows says that somebody has the file open, ask for it and try again.

    Raises:
        OSError: When the system still refuses it after some seconds.
    """
    for tried in range(_TRIES):
        try:
            return act()
        except OSError as error:
            if getattr(error, "winerror", None) not in _HELD_OPEN:
                raise
            if tried == 0:
                release()
            time.sleep(_PAUSE_SECONDS)
    return act()


def refusal(model: Path, error: OSError) -> OutputError:
    """Say why a model stays where it is."""
    if getattr(error, "winerror", None) in _HELD_OPEN:
        return OutputError(
            f"A program has “{model.name}” open.", "Close it, or try again in a minute."
        )
    return OutputError(
        f"“{model.name}” cannot be moved: {error.strerror or error}.",
        "Look at the disk and the folder's rights.",
    )


def _carry(old: Path, new: Path, release: Release) -> None:
    """Copy to another disk under another name first, so that it is there whole or not at all."""
    part = new.with_name(f"{new.name}.part")
    try:
        if old.is_dir():
            shutil.copytree(old, part)
        else:
            shutil.copy2(old, part)
        part.rename(new)
    except OSError:
        _remove(part)
        raise
    try:
        patiently(lambda: _remove(old), release)
    except OSError:
        _remove(new)  # the original could not be taken away, and two would be one too many
        raise


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
