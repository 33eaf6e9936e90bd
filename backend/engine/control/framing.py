"""Which part of a picture that steers lies where the drawing is, whatever sizes both have."""

from dataclasses import dataclass

import numpy as np
from PIL import Image

from backend.engine.source.framing import Box, Frame, Size, fitting
from backend.engine.source.scene import Scene
from backend.schema.controls import ControlFit
from backend.schema.source_settings import OutpaintSettings


@dataclass(frozen=True)
class ControlFrame:
    """A part of a picture, and the size at which it is drawn; it may reach beyond the edges."""

    picture: Size
    """The picture's width and height in pixels."""
    frame: Frame

    @property
    def resolution(self) -> int:
        """Pixels along the picture's shorter side with which it is as fine as what is drawn."""
        sides = zip(self.frame.size, self.frame.box_size, strict=True)
        return round(min(self.picture) * max(drawn / own for drawn, own in sides))

    def cut(self, picture: Image.Image) -> Image.Image:
        """The same part of the picture, of its map, or of a mask of it, whatever its size.

        What lies beyond the edges has the usual colour of the edges; of a mask, it is black.
        """
        across, down = (new / old for new, old in zip(picture.size, self.picture, strict=True))
        left, top, right, bottom = _scaled(self.frame.box, across, down)
        background = 0 if picture.mode == "L" else _at_the_edges(picture)
        part = Image.new(picture.mode, (right - left, bottom - top), background)
        part.paste(picture, (-left, -top))
        size = self.frame.size
        return part if part.size == size else part.resize(size, Image.Resampling.LANCZOS)


def of_source(scene: Scene, own: Size, added: OutpaintSettings, size: Size) -> ControlFrame:
    """The part of the picture to begin with that is drawn.

    Args:
        scene: The picture, with what is added around it.
        own: The size of the picture alone.
        added: What is added around it.
        size: What is drawn.
    """
    left, top, right, bottom = scene.frame.box
    moved = (left - added.left, top - added.top, right - added.left, bottom - added.top)
    return ControlFrame(own, Frame(moved, size))


def of_own(picture: Size, fit: ControlFit, scene: Scene | None, size: Size) -> ControlFrame:
    """The part of a picture of its own that lies where the drawing is.

    Where a part of a picture is drawn anew, it is brought to the size of that picture first, so
    that a map of all of it fits whatever part is drawn.

    Args:
        picture: Its size.
        fit: How other proportions are brought to those of the drawing.
        scene: The picture that drawing begins with, where there is one.
        size: What is drawn.
    """
    if scene is None or scene.mask is None:
        return ControlFrame(picture, fitting(picture, size, fit))
    whole = fitting(picture, scene.picture.size, fit)
    across, down = (old / new for old, new in zip(whole.box_size, whole.size, strict=True))
    left, top, right, bottom = _scaled(scene.frame.box, across, down)
    x, y, *_ = whole.box
    return ControlFrame(picture, Frame((left + x, top + y, right + x, bottom + y), size))


def _scaled(box: Box, across: float, down: float) -> Box:
    """A box in a picture of another resolution; at least a pixel."""
    left, top, right, bottom = box
    x, y = round(left * across), round(top * down)
    return x, y, max(x + 1, round(right * across)), max(y + 1, round(bottom * down))


def _at_the_edges(picture: Image.Image) -> tuple[int, ...]:
    """The median colour along the edges."""
    pixels = np.asarray(picture)
    edges = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    return tuple(int(value) for value in np.median(edges, axis=0))
