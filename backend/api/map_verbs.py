"""What the doors need of Studio to make maps, and to keep them."""

from pathlib import Path
from typing import Protocol

from backend.schema.inputs import InputPicture
from backend.schema.jobs import Actor, JobView
from backend.schema.maps import MapOffers, MapWish, NewSavedMap, SavedMap


class Maps(Protocol):
    """Making maps before anything is drawn."""

    def submit(self, actor: Actor, wish: MapWish) -> JobView:
        """Queue a map; the view of the ended job tells which picture it is."""
        ...

    def offers(self, actor: Actor) -> MapOffers:
        """What makes maps, and which files of theirs are not here."""
        ...


class MapShelf(Protocol):
    """Maps that are kept by name."""

    def all(self, actor: Actor) -> tuple[SavedMap, ...]:
        """Those that somebody may see, newest first."""
        ...

    def keep(self, actor: Actor, wanted: NewSavedMap) -> SavedMap:
        """Keep a picture as a map."""
        ...

    def file(self, actor: Actor, known: str) -> Path:
        """The PNG of a map."""
        ...

    def use(self, actor: Actor, known: str) -> InputPicture:
        """Have a map as a picture that requests can refer to."""
        ...

    def remove(self, actor: Actor, known: str) -> None:
        """Remove a map for good."""
        ...
