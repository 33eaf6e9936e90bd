"""What a person notes about models: a file of its own, since nobody else knows these words."""

import threading
from pathlib import Path

from pydantic import RootModel

from backend.outputs.writing import write_atomically
from backend.schema.errors import OutOfRangeError
from backend.schema.library import LONGEST_NOTE


class _Notes(RootModel[dict[str, str]]):
    """By the library's id of a model."""


class NoteBook:
    """Notes by the id of a model, kept in one JSON file. Safe to use from several threads."""

    def __init__(self, path: Path) -> None:
        """Use the file at `path`, made with the first note."""
        self._path = path
        self._lock = threading.Lock()

    def get(self, model: str) -> str:
        """The note on a model; empty where there is none."""
        with self._lock:
            return self._read().get(model, "")

    def put(self, model: str, text: str) -> None:
        """Keep a note in place of the one before; an empty one is removed.

        Raises:
            OutOfRangeError: When it is too long.
            OutputError: When it cannot be written.
        """
        if len(text) > LONGEST_NOTE:
            raise OutOfRangeError(
                f"The note is {len(text):,} characters long.", f"Shorten it to {LONGEST_NOTE:,}."
            )
        with self._lock:
            others = {known: words for known, words in self._read().items() if known != model}
            notes = _Notes(others | ({model: text} if text.strip() else {}))
            write_atomically(self._path, notes.model_dump_json(indent=1).encode())

    def move(self, old: str, new: str) -> None:
        """Keep a model's note under its new id.

        Raises:
            OutputError: When it cannot be written.
        """
        with self._lock:
            notes = self._read()
            if old in notes:
                notes = {new if known == old else known: text for known, text in notes.items()}
                write_atomically(self._path, _Notes(notes).model_dump_json(indent=1).encode())

    def _read(self) -> dict[str, str]:
        """All notes; a file that is damaged is put aside by its new version's name, not lost."""
        try:
            return _Notes.model_validate_json(self._path.read_bytes()).root
        except FileNotFoundError:
            return {}
        except ValueError:
            self._path.replace(self._path.with_suffix(".damaged.json"))
            return {}
