"""Pictures that somebody hands in: kept as PNG under the hash of their pixels, for a while."""

import hashlib
import os
import time
from contextlib import suppress
from pathlib import Path
from typing import IO

from backend.control.files import png_of
from backend.gallery.thumbnails import make_thumbnail
from backend.metadata.opening import Opened, open_picture, size_of
from backend.outputs.input_files import keep_input
from backend.schema.errors import NotAllowedError, NotFoundError, RequestError
from backend.schema.inputs import INPUT, MOST_PIXELS, InputPicture
from backend.schema.jobs import OWNER, Actor, Role
from backend.schema.source_settings import ResolvedPicture
from backend.services.gallery import Gallery
from backend.services.sources import Looked

_KEPT_SECONDS = 60 * 24 * 3600
"""How long a picture is kept after it was used last."""


class Inputs:
    """Takes pictures in, and finds what requests refer to.

    Who knows a picture's id has seen the picture, since the id is a hash of it: so ids need no
    owner.
    """

    def __init__(self, folder: Path, gallery: Gallery) -> None:
        self._folder = folder
        self._gallery = gallery

    def keep(self, actor: Actor, content: IO[bytes], name: str = "The picture") -> InputPicture:
        """Take a picture in, upright and in sRGB.

        Args:
            actor: Who hands it in.
            content: The bytes of its file, in any format that Easel opens.
            name: What sentences call it.

        Raises:
            RequestError: When it is no whole picture, or too large, or a single pixel.
            OutputError: When it cannot be written.
        """
        del actor  # everybody may
        return self._kept(open_picture(content, name), name)

    def find(self, actor: Actor, reference: str) -> ResolvedPicture:
        """The picture that a request refers to; a file is taken in, so that it may change later.

        Raises:
            NotFoundError: When there is none.
            NotAllowedError: When a guest names a file.
            RequestError: When it is no whole picture, or too large.
        """
        if Path(reference).is_absolute():
            if actor.role is not Role.OWNER:
                raise NotAllowedError(
                    "Only the owner may name files of this machine.",
                    "Hand the picture in, or name one of the gallery by its id.",
                )
            path = Path(reference)
            _require_fit(path.name, *size_of(path))
            reference = self._kept(open_picture(path), path.name).id
        path = self.file(actor, reference)
        with suppress(OSError):  # it is in use: keep it for another while
            if INPUT.fullmatch(reference):
                os.utime(path)
        sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
        return ResolvedPicture(reference=reference, path=str(path), sha256=sha256)

    def look(self, actor: Actor, reference: str) -> Looked:
        """The picture that a request refers to, and its size; see `find`."""
        picture = self.find(actor, reference)
        return Looked(picture, *size_of(Path(picture.path)))

    def glance(self, actor: Actor, reference: str) -> Looked:
        """The size of a picture that a request may refer to later; nothing is taken in.

        Raises:
            NotFoundError: When there is none.
            RequestError: When it is no picture.
        """
        own = Path(reference).is_absolute() and actor.role is Role.OWNER
        path = Path(reference) if own else self.file(actor, reference)
        picture = ResolvedPicture(reference=reference, path=str(path), sha256="")
        return Looked(picture, *size_of(path))

    def about(self, actor: Actor, reference: str) -> InputPicture:
        """How large a picture is.

        Raises:
            NotFoundError: When there is none.
            RequestError: When it is no picture.
        """
        width, height = size_of(self.file(actor, reference))
        return InputPicture(id=reference, width=width, height=height)

    def file(self, actor: Actor, reference: str) -> Path:
        """The file of a picture that was handed in, or of the gallery.

        Raises:
            NotFoundError: When there is none.
        """
        if not reference.startswith("input-"):
            return self._gallery.file(actor, reference)
        path = self._folder / f"{reference}.png"
        if not INPUT.fullmatch(reference) or not path.is_file():
            raise NotFoundError("The picture is not here any more.", "Choose it again.")
        return path

    def is_here(self, reference: str) -> bool:
        """Whether there is a picture that a request may refer to, whoever made it."""
        try:
            self.file(OWNER, reference)
        except NotFoundError:
            return False
        return True

    def thumbnail(self, actor: Actor, reference: str) -> Path:
        """The file of a picture's small version, which is made on first need.

        Raises:
            NotFoundError: When there is no such picture.
            OutputError: When the small version cannot be written.
        """
        if not reference.startswith("input-"):
            return self._gallery.thumbnail(actor, reference)
        whole = self.file(actor, reference)
        small = whole.with_suffix(".webp")
        if not small.is_file():
            make_thumbnail(whole, small)
        return small

    def sweep(self) -> None:
        """Remove what was not used for long."""
        oldest = time.time() - _KEPT_SECONDS
        for path in self._folder.glob("input-*.png"):
            with suppress(OSError):
                if path.stat().st_mtime < oldest:
                    path.unlink()
                    path.with_suffix(".webp").unlink(missing_ok=True)

    def _kept(self, opened: Opened, name: str) -> InputPicture:
        _require_fit(name, *opened.pixels.size)
        content = png_of(opened.pixels)
        return keep_input(self._folder, content, opened.pixels.size, opened.notes)


def _require_fit(name: str, width: int, height: int) -> None:
    if width * height == 1:
        raise RequestError(f"“{name}” is a single pixel.", "Choose another picture.")
    if width * height > MOST_PIXELS:
        raise RequestError(
            f"“{name}” has {width:,} × {height:,} pixels; Easel begins with pictures of up to "
            f"{MOST_PIXELS // 10**6} million.",
            "Save a smaller version of it, or the part that you need.",
        )
