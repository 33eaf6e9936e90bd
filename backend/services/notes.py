"""What the owner notes about models."""

from backend.library.notes import NoteBook
from backend.schema.jobs import Actor
from backend.services.models import Models
from backend.services.owner import only_the_owner


class Notes:
    """Reads and keeps notes; they are the owner's alone."""

    def __init__(self, models: Models, book: NoteBook) -> None:
        self._models = models
        self._book = book

    def get(self, actor: Actor, model_id: str) -> str:
        """The note on a model; empty where there is none.

        Raises:
            NotAllowedError: When a guest asks.
        """
        only_the_owner(actor, "note something about models")
        return self._book.get(model_id)

    def put(self, actor: Actor, model_id: str, text: str) -> None:
        """Keep a note in place of the one before; an empty one is removed.

        Raises:
            NotAllowedError: When a guest asks.
            NotFoundError: When there is no such model.
            OutOfRangeError: When it is too long.
            OutputError: When it cannot be written.
        """
        only_the_owner(actor, "note something about models")
        self._book.put(self._models.entry(actor, model_id).id, text)
