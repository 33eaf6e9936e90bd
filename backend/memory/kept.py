"""Small files of what this machine learned; one that cannot be read counts as empty."""

from pathlib import Path
from typing import Self

from pydantic import ValidationError

from backend.schema.base import Frozen


class KeptInFile(Frozen):
    """Everything that one file holds; each field has a default."""

    @classmethod
    def read(cls, path: Path) -> Self:
        """What the file holds, or nothing."""
        try:
            return cls.model_validate_json(path.read_bytes())
        except (OSError, ValidationError):
            return cls()

    def write(self, path: Path) -> None:
        """Put this in place of what the file held.

        Raises:
            OSError: When it cannot be written.
        """
        path.parent.mkdir(parents=True, exist_ok=True)
        beside = path.with_suffix(".new")
        beside.write_text(self.model_dump_json(indent=1), encoding="utf-8")
        beside.replace(path)
