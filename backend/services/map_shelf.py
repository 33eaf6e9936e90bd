"""Maps that people keep by name, to steer with them again."""

import hashlib
import io
import json
import time
from collections.abc import Iterator
from pathlib import Path

from PIL import Image, PngImagePlugin
from pydantic import ValidationError

from backend.control.poses import POSE_KEY
from backend.metadata.catalogue import find_named
from backend.metadata.file_texts import read_texts
from backend.metadata.opening import open_picture
from backend.outputs.writing import write_atomically
from backend.schema.base import Frozen
from backend.schema.catalogue import Catalogue
from backend.schema.control_types import ControlType
from backend.schema.errors import NotFoundError, RequestError
from backend.schema.inputs import InputPicture
from backend.schema.jobs import Actor
from backend.schema.maps import NewSavedMap, SavedMap
from backend.services.inputs import Inputs

_TEXT = "easel map"
"""The PNG text that tells what a file is."""


class _Label(Frozen):
    """What a kept map's file says of it."""

    name: str
    owner: str
    preprocessor: str = ""
    makes: ControlType | None = None
    created: float


class MapShelf:
    """A folder of PNG files, each with its own label; there is no other record of them."""

    def __init__(self, folder: Path, inputs: Inputs, catalogue: Catalogue) -> None:
        self._folder = folder
        self._inputs = inputs
        self._catalogue = catalogue

    def all(self, actor: Actor) -> tuple[SavedMap, ...]:
        """The maps that somebody may see, newest first."""
        found = (view for label, view in self._labelled() if actor.may_see(label.owner))
        return tuple(sorted(found, key=lambda view: view.created, reverse=True))

    def keep(self, actor: Actor, wanted: NewSavedMap) -> SavedMap:
        """Keep a picture as a map.

        Raises:
            NotFoundError: When there is no such picture.
            RequestError: When there is a map of this name.
            OutputError: When it cannot be written.
        """
        name = wanted.name.strip()
        path = self._path(actor.id, name)
        if path.is_file():
            raise RequestError(
                f"There is a map called “{name}” already.", "Choose another name, or remove it."
            )
        pixels = open_picture(self._inputs.file(actor, wanted.picture)).pixels
        label = _Label(
            name=name,
            owner=actor.id,
            preprocessor=wanted.preprocessor,
            makes=wanted.makes,
            created=time.time(),
        )
        write_atomically(path, _labelled(pixels, label))
        return self._view(path, label, pixels.size)

    def file(self, actor: Actor, known: str) -> Path:
        """The PNG of a map.

        Raises:
            NotFoundError: When there is none, or it is somebody else's.
        """
        for label, view in self._labelled():
            if view.id == known and actor.may_see(label.owner):
                return self._folder / f"{known}.png"
        raise NotFoundError("There is no such map.", "Look at the list of kept maps.")

    def use(self, actor: Actor, known: str) -> InputPicture:
        """Have a map as a picture that requests can refer to.

        Raises:
            NotFoundError: When there is none.
            OutputError: When it cannot be written.
        """
        with self.file(actor, known).open("rb") as content:
            return self._inputs.keep(actor, content, "The map")

    def remove(self, actor: Actor, known: str) -> None:
        """Remove a map for good.

        Raises:
            NotFoundError: When there is none.
        """
        self.file(actor, known).unlink(missing_ok=True)

    def _labelled(self) -> Iterator[tuple[_Label, SavedMap]]:
        """All maps; a file that is none, or not whole, is passed over."""
        for path in self._folder.glob("*.png"):
            try:
                told = read_texts(path)
                if told is None:
                    continue
                label = _Label.model_validate_json(told.text(_TEXT) or "null")
            except (OSError, ValidationError):
                continue
            yield label, self._view(path, label, (told.width, told.height))

    def _view(self, path: Path, label: _Label, size: tuple[int, int]) -> SavedMap:
        info = find_named(self._catalogue.preprocessors, label.preprocessor)
        return SavedMap(
            id=path.stem,
            name=label.name,
            preprocessor=label.preprocessor,
            makes=label.makes or (info.makes if info else None),
            width=size[0],
            height=size[1],
            created=label.created,
        )

    def _path(self, owner: str, name: str) -> Path:
        """Where a map lies; the same name of one person is the same file."""
        key = json.dumps([owner, name.casefold()])
        return self._folder / f"map-{hashlib.sha256(key.encode()).hexdigest()[:16]}.png"


def _labelled(pixels: Image.Image, label: _Label) -> bytes:
    """A map as PNG, with its label, and the pose that it may carry."""
    texts = PngImagePlugin.PngInfo()
    pose = pixels.info.get(POSE_KEY)
    if isinstance(pose, str):
        texts.add_text(POSE_KEY, pose, zip=True)
    texts.add_itxt(_TEXT, label.model_dump_json())
    buffer = io.BytesIO()
    pixels.save(buffer, "PNG", pnginfo=texts)
    return buffer.getvalue()
