"""What the doors need of Studio to take other programs' installations into use."""

from collections.abc import Iterator
from typing import Protocol

from backend.schema.bringing import Brought, BroughtFolder, Style, Wildcard
from backend.schema.events import Event
from backend.schema.jobs import Actor


class Bringing(Protocol):
    """Models, styles, wildcards and pictures of other programs, used where they lie."""

    def bring(self, actor: Actor, path: str) -> Brought:
        """Take an installation into use, or look through it again."""
        ...

    def all(self, actor: Actor) -> tuple[BroughtFolder, ...]:
        """The installations that are in use."""
        ...

    def forget(self, actor: Actor, path: str) -> None:
        """Use an installation no more; nothing in it is changed."""
        ...

    def styles(self, actor: Actor) -> tuple[Style, ...]:
        """The styles of all installations."""
        ...

    def wildcards(self, actor: Actor) -> tuple[Wildcard, ...]:
        """The wildcards of all installations."""
        ...


class BringingHere(Protocol):
    """Taking an installation into use in the caller's own thread."""

    @property
    def hint(self) -> str:
        """What is left to do afterwards, as a sentence; usually nothing."""
        ...

    def bring(self, actor: Actor, path: str) -> Brought:
        """Take an installation into use, its pictures apart."""
        ...

    def forget(self, actor: Actor, path: str) -> None:
        """Use an installation no more; nothing in it is changed."""
        ...

    def pictures(self, actor: Actor, brought: Brought) -> Iterator[Event]:
        """Put its pictures into the gallery; closed, it keeps what it found."""
        ...
