"""What the doors need of Studio to keep models in order."""

from collections.abc import Iterable, Mapping
from typing import Protocol

from backend.schema.jobs import Actor
from backend.schema.keeping import Binned, Copies, Mark, Used
from backend.schema.library import LibraryEntry


class Keeping(Protocol):
    """What a person does with the models that are here."""

    def marks(self, actor: Actor) -> Mapping[str, Mark]:
        """Favourites and tags by the model's id; models without either are left out."""
        ...

    def set_favourite(self, actor: Actor, model_id: str, *, favourite: bool) -> Mark:
        """Make a model a favourite, or none."""
        ...

    def set_tags(self, actor: Actor, model_id: str, tags: Iterable[str]) -> Mark:
        """Give a model these tags in place of those that it had."""
        ...

    def rename(self, actor: Actor, model_id: str, name: str) -> LibraryEntry:
        """Give a model and what describes it another name."""
        ...

    def move(self, actor: Actor, model_id: str, folder: str = "") -> LibraryEntry:
        """Move a model and what describes it; without a folder, to the right one."""
        ...

    def delete(self, actor: Actor, model_id: str) -> Binned:
        """Put a model and what describes it into the bin."""
        ...

    def bin(self, actor: Actor) -> tuple[Binned, ...]:
        """What is in Easel's own bin."""
        ...

    def restore(self, actor: Actor, binned_id: str) -> LibraryEntry:
        """Put a model back to where it was."""
        ...

    def empty_bin(self, actor: Actor) -> int:
        """Remove for good what is in Easel's own bin; tells how many bytes that were."""
        ...

    def copies(self, actor: Actor) -> tuple[Copies, ...]:
        """Models that are here several times."""
        ...

    def used(self, actor: Actor, model_id: str) -> Used:
        """The pictures that were made with a model."""
        ...
