"""Checkpoints and components of the library's entries, in the order in which pickers show them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from backend.library.checkpoints import STARTER, describe_checkpoint
from backend.library.components import component_of
from backend.library.controls import controls_here
from backend.schema.catalogue import CheckpointInfo, ComponentInfo, FamilyInfo
from backend.schema.controls import ControlInfo, SteeringInfo
from backend.schema.library import Hashes, LibraryEntry

_FEWEST_DIGITS = 8


@dataclass(frozen=True)
class Offered:
    """What Easel draws with."""

    families: Mapping[str, FamilyInfo]
    """By id."""
    steering: tuple[SteeringInfo, ...]


@dataclass(frozen=True)
class Listing:
    """What can be chosen, of one revision of the library."""

    revision: int
    checkpoints: tuple[CheckpointInfo, ...]
    components: tuple[ComponentInfo, ...]
    controls: tuple[ControlInfo, ...]

    @classmethod
    def of(cls, entries: Iterable[LibraryEntry], offered: Offered, revision: int) -> Self:
        """Describe the entries.

        Args:
            entries: All of them.
            offered: What Easel draws with.
            revision: That of the entries.
        """
        there = tuple(entries)
        components = [info for info in map(component_of, there) if info]
        components.sort(key=lambda info: (info.name.casefold(), info.id))
        described = (describe_checkpoint(entry, offered.families, components) for entry in there)
        return cls(
            revision=revision,
            checkpoints=tuple(sorted((info for info in described if info), key=_place)),
            components=tuple(components),
            controls=controls_here(there, offered.steering),
        )

    def find(self, name: str | None, hashes: Mapping[str, Hashes]) -> CheckpointInfo | None:
        """The checkpoint that `name` means; None means the first that draws by itself.

        Args:
            name: Its id, its name, its file's name with or without ending, or one of its hashes.
            hashes: Those that are known, by id.
        """
        if not name:
            able = (info for info in self.checkpoints if not info.problem and not info.refiner)
            return next(able, None)
        exact = (info for info in self.checkpoints if info.id == name)
        wanted = name.strip().casefold()
        alike = (info for info in self.checkpoints if wanted in _names(info))
        hashed = (info for info in self.checkpoints if _is_hash(wanted, hashes.get(info.id)))
        return next(exact, None) or next(alike, None) or next(hashed, None)


def _is_hash(digits: str, hashes: Hashes | None) -> bool:
    if hashes is None or len(digits) < _FEWEST_DIGITS:
        return False
    return hashes.sha256.startswith(digits) or hashes.tensors == digits


def _place(info: CheckpointInfo) -> tuple[bool, bool, bool, str, str]:
    unable = info.problem is not None
    return (unable, info.id == STARTER, info.refiner, info.name.casefold(), info.id)


def _names(info: CheckpointInfo) -> set[str]:
    file = Path(info.path)
    return {known.casefold() for known in (info.id, info.name, file.name, file.stem)}
