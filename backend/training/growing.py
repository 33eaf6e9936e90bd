"""Reading histories that grow: what was read before is not read again."""

import os
import threading
from dataclasses import dataclass, field

from pydantic import ValidationError

from backend.schema.training_story import Measured
from backend.training.folder import HISTORY, TrainingFolder


@dataclass
class _Read:
    """What is known of one file."""

    inode: int
    offset: int = 0
    """Bytes of whole lines that were read."""
    steps: list[Measured] = field(default_factory=list[Measured])


class Histories:
    """The steps of trainings. Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._read: dict[str, _Read] = {}

    def measured(self, folder: TrainingFolder) -> tuple[Measured, ...]:
        """What was told of all steps so far, in their order."""
        name = str(folder.path)
        try:
            with self._lock, (folder.path / HISTORY).open("rb") as file:
                status = os.fstat(file.fileno())
                known = self._read.get(name)
                if known is None or known.inode != status.st_ino or known.offset > status.st_size:
                    known = self._read[name] = _Read(status.st_ino)  # written anew on going on
                file.seek(known.offset)
                _add(known, file.read())
                return tuple(known.steps)
        except FileNotFoundError:
            return ()


def _add(known: _Read, content: bytes) -> None:
    """All whole lines; the last one may still be written."""
    whole = content[: content.rfind(b"\n") + 1]
    known.offset += len(whole)
    for line in whole.splitlines():
        try:
            known.steps.append(Measured.model_validate_json(line))
        except ValidationError:
            continue
