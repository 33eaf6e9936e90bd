"""Which part of a picture is drawn, and at which size."""

from dataclasses import dataclass

from PIL import Image

from backend.schema.source_settings import Fit

Box = tuple[int, int, int, int]
"""Left, top, right and bottom, in pixels of the picture with what is added around it."""
Size = tuple[int, int]
"""Width and height in pixels."""

NEARLY_THE_SAME = 64
"""Pixels by which what is drawn may be larger than the picture, to be cut off again: what a
family's steps add at most."""


@dataclass(frozen=True)
class Frame:
    """A part of a picture, and the size at which it is drawn; it may reach beyond the edges."""

    box: Box
    size: Size

    @property
    def box_size(self) -> Size:
        """The part's width and height in pixels of the picture."""
        left, top, right, bottom = self.box
        return right - left, bottom - top

    def cut(self, picture: Image.Image) -> Image.Image:
        """The part at the size at which it is drawn; black beyond the edges."""
        part = picture.crop(self.box)
        return part if part.size == self.size else part.resize(self.size, _FINE)

    def uncut(self, drawn: Image.Image) -> Image.Image:
        """What was drawn, at the size of the part."""
        return drawn if drawn.size == self.box_size else drawn.resize(self.box_size, _FINE)


def fitting(picture: Size, size: Size, fit: Fit) -> Frame:
    """The whole picture, brought to another size and perhaps other proportions.

    Args:
        picture: Its size.
        size: What is drawn.
        fit: Whether proportions are kept by cutting off, by adding, or not.
    """
    (width, height), (wide, high) = picture, size
    if fit in {"stretch", "latent"}:
        return Frame((0, 0, width, height), size)
    smaller = fit == "crop"
    if (width * high > height * wide) == smaller:  # its width gives way
        width = max(1, round(height * wide / high))
    else:
        height = max(1, round(width * high / wide))
    return Frame(_centred((width, height), (0, 0, *picture)), size)


def whole(picture: Size, size: Size) -> Frame:
    """The whole picture as it is where what is drawn is hardly larger, else brought to its size."""
    added = [one - other for one, other in zip(size, picture, strict=True)]
    beyond = all(0 <= each < NEARLY_THE_SAME for each in added)
    return Frame((0, 0, *(size if beyond else picture)), size)


def around(part: Box, padding: int, picture: Size, size: Size) -> Frame:
    """A part with what surrounds it, in the proportions of what is drawn.

    It stays within the picture where it is not larger than that.

    Args:
        part: What is to be inside.
        padding: Pixels around it that are to be inside, too.
        picture: The size of the picture.
        size: What is drawn.
    """
    left, top, right, bottom = part
    left, top = max(0, left - padding), max(0, top - padding)
    right, bottom = min(picture[0], right + padding), min(picture[1], bottom + padding)
    width, height = right - left, bottom - top
    wide, high = size
    if width * high > height * wide:
        height = max(height, round(width * high / wide))
    else:
        width = max(width, round(height * wide / high))
    box = _centred((width, height), (left, top, right, bottom))
    return Frame(_inside(box, picture), size)


def _centred(size: Size, on: Box) -> Box:
    """A box of some size with the same middle as another."""
    left = (on[0] + on[2] - size[0]) // 2
    top = (on[1] + on[3] - size[1]) // 2
    return left, top, left + size[0], top + size[1]


def _inside(box: Box, picture: Size) -> Box:
    """The box moved into the picture, as far as it has room there."""
    left, right = _moved(box[0], box[2], picture[0])
    top, bottom = _moved(box[1], box[3], picture[1])
    return left, top, right, bottom


def _moved(start: int, end: int, length: int) -> tuple[int, int]:
    if end - start > length:
        return start, end
    moved = min(max(0, start), length - (end - start))
    return moved, moved + end - start


_FINE = Image.Resampling.LANCZOS
