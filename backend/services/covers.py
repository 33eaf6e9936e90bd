"""Small versions of the pictures that lie beside models."""

import hashlib
from pathlib import Path

from backend.gallery.thumbnails import make_thumbnail
from backend.places import Places
from backend.schema.errors import NotFoundError
from backend.schema.jobs import Actor
from backend.services.models import Models


class Covers:
    """Makes each on first need, and anew when its picture changes."""

    def __init__(self, models: Models, places: Places) -> None:
        self._models = models
        self._folder = places.data / "thumbnails" / "models"

    def of(self, actor: Actor, model_id: str) -> Path:
        """The small version of a model's picture.

        Raises:
            NotFoundError: When there is no such model, or no picture of it.
            OutputError: When the small version cannot be written.
        """
        picture = self._models.preview(actor, model_id)
        try:
            state = picture.stat()
        except OSError as error:
            raise NotFoundError(f"{picture.name} is not there any more.", "Rescan.") from error
        key = f"{picture} {state.st_size} {state.st_mtime_ns}"
        name = hashlib.sha256(key.encode(errors="surrogatepass")).hexdigest()[:24]
        small = self._folder / f"{name}.webp"
        if not small.is_file():
            make_thumbnail(picture, small)
        return small
