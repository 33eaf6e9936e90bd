"""Checkpoints and components of the library's entries, in the order in which pickers show them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from backend.library.checkpoints import STARTER, describe_checkpoint
from backend.library.components import component_of
from backend.schema.catalogue import CheckpointInfo, ComponentInfo, FamilyInfo
from backend.schema.library import Hashes, LibraryEntry

_FEWEST_DIGITS = 8


@dataclass(frozen=True)
class Listing:
    """What can be chosen, of one revision of the library."""

    revision: int
    checkpoints: tuple[CheckpointInfo, ...]
    components: tuple[ComponentInfo, ...]
    hashes: Mapping[str, Hashes]
    """Of checkpoints, by id, as far as they are known."""

    @classmethod
    def of(
        cls, entries: Iterable[LibraryEntry], families: Mapping[str, FamilyInfo], revision: int
    ) -> Self:
        """Describe the entries.

        Args:
            entries: All of them.
            families: Those that Easel draws with, by id.
            revision: That of the entries.
        """
        there = tuple(entries)
        components = [info for info in map(component_of, there) if info]
        components.sort(key=lambda info: (info.name.casefold(), info.id))
        described = (describe_checkpoint(entry, families, components) for entry in there)
        return cls(
            revision=revision,
            checkpoints=tuple(sorted((info for info in described if info), key=_place)),
            components=tuple(components),
            hashes={entry.id: entry.hashes for entry in there if entry.hashes},
        )

    def find(self, name: str | None) -> CheckpointInfo | None:
        """The checkpoint that `name` means; None means the first that draws by itself."""
        if not name:
            able = (info for info in self.checkpoints if not info.problem and not info.refiner)
            return next(able, None)
        exact = (info for info in self.checkpoints if info.id == name)
        wanted = name.strip().casefold()
        alike = (info for info in self.checkpoints if wanted in _names(info))
        return next(exact, None) or next(alike, None) or self._by_hash(wanted)

    def _by_hash(self, digits: str) -> CheckpointInfo | None:
        if len(digits) < _FEWEST_DIGITS:
            return None
        return next((info for info in self.checkpoints if self._has_hash(info.id, digits)), None)

    def _has_hash(self, checkpoint: str, digits: str) -> bool:
        hashes = self.hashes.get(checkpoint)
        return hashes is not None and (hashes.sha256.startswith(digits) or hashes.tensors == digits)


def _place(info: CheckpointInfo) -> tuple[bool, bool, bool, str, str]:
    unable = info.problem is not None
    return (unable, info.id == STARTER, info.refiner, info.name.casefold(), info.id)


def _names(info: CheckpointInfo) -> set[str]:
    file = Path(info.path)
    return {known.casefold() for known in (info.id, info.name, file.name, file.stem)}
