"""Where deleted models go: the system's bin, or Easel's own where there is none."""

import secrets
import shutil
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from send2trash import send2trash

from backend.library.moving import (
    Belongings,
    Release,
    move,
    patiently,
    refusal,
    refuse_to_overwrite,
)
from backend.outputs.writing import write_atomically
from backend.schema.errors import NotFoundError, OutputError
from backend.schema.keeping import Binned

_ABOUT = ".about.json"
"""Hidden, since no model's file is: it must not meet a side-car of the same name."""

ToSystem = Callable[[Path], None]
"""Puts one file or folder into the system's bin; raises `OSError` where there is none."""


def to_system(path: Path) -> None:
    """Put one file or folder into this system's bin.

    Raises:
        OSError: When it has none for that disk.
    """
    send2trash(str(path))


class Bin:
    """Takes models, and gives back those that the system did not take."""

    def __init__(self, folder: Path, system: ToSystem = to_system) -> None:
        """Keep in `folder` what `system` does not take."""
        self._folder = folder
        self._system = system

    def put(self, owned: Belongings, release: Release) -> Binned:
        """Delete a model and what describes it alone.

        Raises:
            OutputError: When the disk refuses it.
        """
        files = (owned.model, *(() if owned.shared else owned.beside))
        size = _bytes(owned.model)
        left = [file for file in files if not self._taken(file, release)]
        about = Binned(
            id=secrets.token_hex(6) if left else "",
            name=owned.model.name,
            path=str(owned.model),
            bytes=size,
            deleted=time.time(),
        )
        if left:
            self._keep(about, left, release)
        return about

    def all(self) -> tuple[Binned, ...]:
        """What is in Easel's own bin, the newest first."""
        found: list[Binned] = []
        for each in self._folder.glob(f"*/{_ABOUT}"):
            with suppress(OSError, ValueError):
                about = Binned.model_validate_json(each.read_bytes())
                if about.id == each.parent.name:
                    found.append(about)
        return tuple(sorted(found, key=lambda about: -about.deleted))

    def restore(self, binned: str, release: Release) -> Path:
        """Put a model back to where it was.

        Raises:
            NotFoundError: When it is not in Easel's own bin.
            RequestError: When something is there now.
            OutputError: When the disk refuses it.
        """
        about = self._known(binned)
        model = Path(about.path)
        kept = self._folder / about.id
        pairs = [(e, model.parent / e.name) for e in sorted(kept.iterdir()) if e.name != _ABOUT]
        refuse_to_overwrite(pairs)
        try:
            model.parent.mkdir(parents=True, exist_ok=True)
            for old, new in pairs:
                move(old, new, release)
            shutil.rmtree(kept)
        except OSError as error:
            raise refusal(model, error) from error
        return model

    def empty(self) -> int:
        """Remove for good what is in Easel's own bin, and tell how many bytes that were.

        Raises:
            OutputError: When the disk refuses it.
        """
        removed = self.all()
        for about in removed:
            try:
                shutil.rmtree(self._folder / about.id)
            except OSError as error:
                raise refusal(Path(about.path), error) from error
        return sum(about.bytes for about in removed)

    def _known(self, binned: str) -> Binned:
        found = next((about for about in self.all() if about.id == binned), None)
        if found is None:
            raise NotFoundError(
                "This model is not in Easel's bin any more.", "Look in the system's bin."
            )
        return found

    def _taken(self, file: Path, release: Release) -> bool:
        try:
            patiently(lambda: self._system(file), release)
        except OSError:
            return False
        return True

    def _keep(self, about: Binned, files: list[Path], release: Release) -> None:
        kept = self._folder / about.id
        moved: list[tuple[Path, Path]] = []
        try:
            write_atomically(kept / _ABOUT, about.model_dump_json(indent=1).encode())
            for file in files:
                move(file, kept / file.name, release)
                moved.append((file, kept / file.name))
        except (OSError, OutputError) as error:
            for file, place in reversed(moved):
                move(place, file, release)
            shutil.rmtree(kept, ignore_errors=True)
            if isinstance(error, OutputError):
                raise
            raise refusal(Path(about.path), error) from error


def _bytes(model: Path) -> int:
    if not model.is_dir():
        return model.stat().st_size
    return sum(each.stat().st_size for each in model.rglob("*") if each.is_file())
