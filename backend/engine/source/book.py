"""The picture that a job begins with, read and encoded once for all its batches."""

from collections.abc import Generator
from functools import cached_property

from PIL import Image

from backend.engine.families.base import Model
from backend.engine.memory.ladder import Ladder
from backend.engine.source.beginning import Beginning, beginning
from backend.engine.source.scene import Scene, open_scene
from backend.schema.errors import RequestError
from backend.schema.events import Event
from backend.schema.resolved import ResolvedRequest


class SourceBook:
    """What a job begins with besides noise; empty for text to image."""

    def __init__(self, wanted: ResolvedRequest) -> None:
        """Read nothing yet.

        Args:
            wanted: What is made.
        """
        self._wanted = wanted
        self._encoded: Beginning | None = None

    def beginning(self, model: Model, ladder: Ladder) -> Generator[Event, None, Beginning | None]:
        """The picture as a model's latents; None for text to image.

        Raises:
            NotFoundError: When a file is gone.
            RequestError: When one is no picture, or nothing is masked.
            OutOfMemoryError: When it does not fit, whatever is done.
        """
        scene, source = self.scene, self._wanted.source
        if scene is None or source is None:
            return None
        if self._encoded is None:

            def encode() -> Generator[Event, None, Beginning]:
                return beginning(model, scene, source.fit, ladder.means.tile)

            self._encoded = yield from ladder.attempts("encode", encode)
        return self._encoded

    def original(self) -> Image.Image:
        """The picture at the size that is drawn first.

        Raises:
            NotFoundError: When its file is gone.
            RequestError: When it is no picture.
        """
        if self.scene is None:
            raise RequestError("No picture to begin with is named.", "Name one.")
        return self.scene.original()

    def preview(self, drawn: Image.Image) -> Image.Image:
        """A small version of the result, from one of what is drawn."""
        return drawn if self.scene is None else self.scene.preview(drawn)

    def finished(self, drawn: Image.Image) -> Image.Image:
        """The result, from what was drawn."""
        return drawn if self.scene is None else self.scene.finished(drawn)

    @cached_property
    def scene(self) -> Scene | None:
        """The picture as pixels, and its mask; None for text to image.

        Raises:
            NotFoundError: When a file is gone.
            RequestError: When one is no picture, or nothing is masked.
        """
        wanted = self._wanted
        return wanted.source and open_scene(wanted.source, wanted.size)
