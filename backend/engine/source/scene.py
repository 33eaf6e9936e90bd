"""The picture that drawing begins with, its mask and what is added around it, as pixels."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter, ImageOps

from backend.engine.source.framing import Frame, Size, around, fitting, whole
from backend.engine.source.smearing import smeared
from backend.metadata.opening import open_picture
from backend.schema.errors import NotFoundError, RequestError
from backend.schema.resolved import ResolvedSize
from backend.schema.source_settings import (
    Fill,
    OutpaintSettings,
    ResolvedMask,
    ResolvedPicture,
    ResolvedSource,
)

LEAST_SEAM, MOST_SEAM = 16, 96
"""Pixels of the picture that change beside what is added to it, so that no edge shows."""
_SEAM_SHARE = 2
_SOON = 4
"""The result is taken wholly from a quarter of the mask's strength on; below, it fades in."""
_LONGEST_PREVIEW = 256
_MIXED = 0.5
"""With less of the picture in a pixel, its colour is not known."""


@dataclass(frozen=True)
class Scene:
    """What is drawn, and how the result is put together."""

    picture: Image.Image
    """RGB, with what is added around it, which is black."""
    known: Image.Image
    """Grey: white where `picture` has something to show."""
    mask: Image.Image | None
    """Grey, as large as the picture: how much each pixel may change; None for all of it."""
    taken: Image.Image | None
    """Grey: how much of the result is taken, nothing where the mask is black."""
    frame: Frame
    fill: Fill = "original"
    keeps_size: bool = False
    """Whether the result is as large as the picture; else as large as what is drawn."""

    @cached_property
    def drawn_mask(self) -> Image.Image | None:
        """The mask of what is drawn, at the size at which it is."""
        return None if self.mask is None else self.frame.cut(self.mask)

    def original(self) -> Image.Image:
        """What is drawn as it was, with nothing unknown in it."""
        return self._filled(self.frame.cut(self.known))

    def start(self) -> Image.Image:
        """What drawing begins with: as `original`, or without what the mask is to forget."""
        known = self.frame.cut(self.known)
        if self.fill == "smear" and self.drawn_mask is not None:
            forgotten = ImageOps.invert(self.drawn_mask)
            known = Image.fromarray(np.minimum(np.asarray(known), np.asarray(forgotten)))
        return self._filled(known)

    def finished(self, drawn: Image.Image) -> Image.Image:
        """The result: where the mask is black, every pixel is the picture's own."""
        if self.taken is None:
            return drawn
        if not self.keeps_size:
            return Image.composite(drawn, self.original(), self.frame.cut(self.taken))
        left, top, *_ = self.frame.box
        result = self.picture.copy()
        taken = self.taken.crop(self.frame.box)
        result.paste(self.frame.uncut(drawn), (left, top), taken)
        return result

    def preview(self, drawn: Image.Image) -> Image.Image:
        """A small version of the result, from a small version of what is drawn."""
        if not self._small:
            return drawn
        picture, mask, shrink = self._small
        left, top, right, bottom = (round(side * shrink) for side in self.frame.box)
        part = drawn.resize((max(1, right - left), max(1, bottom - top)))
        result = picture.copy()
        result.paste(
            part, (left, top), mask.crop((left, top, left + part.width, top + part.height))
        )
        return result

    @cached_property
    def _small(self) -> tuple[Image.Image, Image.Image, float] | None:
        """Picture, what is taken, and how small both are; None where all that is drawn is."""
        if self.taken is None or not self.keeps_size:
            return None
        shrink = min(1.0, _LONGEST_PREVIEW / max(self.picture.size))
        size = (_side(self.picture.width, shrink), _side(self.picture.height, shrink))
        return self.picture.resize(size), self.taken.resize(size), shrink

    def _filled(self, known: Image.Image) -> Image.Image:
        """What is drawn, with what is not known taken from around it."""
        whole_picture = self.frame.cut(self.picture)
        share = _shares(known)
        if share.min() == 1:
            return whole_picture
        here = _shares(self.frame.cut(self.known))  # beyond the edges, resizing mixed in black
        colours = np.asarray(whole_picture, dtype=np.float32) / np.maximum(here[..., None], _MIXED)
        filled = smeared(colours.clip(0, 255), np.where(here < _MIXED, np.float32(0), share))
        return Image.fromarray(filled.round().clip(0, 255).astype(np.uint8))


def open_scene(source: ResolvedSource, size: ResolvedSize) -> Scene:
    """Read the picture, and what of it is to change.

    Raises:
        NotFoundError: When a file is gone.
        RequestError: When one is no picture, or nothing is masked.
    """
    picture = _flat(_pixels_of(source.picture, "The picture to begin with"))
    drawn = (size.width, size.height)
    if source.mask is None:
        known = Image.new("L", picture.size, 255)
        return Scene(picture, known, None, None, fitting(picture.size, drawn, source.fit))
    added = source.outpaint
    mask, taken = _mask(source.mask, picture.size, added)
    return Scene(
        picture=_extended(picture, added, 0),
        known=_extended(Image.new("L", picture.size, 255), added, 0),
        mask=mask,
        taken=taken,
        frame=_frame(source, source.mask, mask, drawn),
        fill=source.mask.fill,
        keeps_size=source.keeps_size,
    )


def _frame(source: ResolvedSource, asked: ResolvedMask, mask: Image.Image, size: Size) -> Frame:
    if asked.area == "masked":
        changes, added = mask.getbbox(), source.outpaint
        if changes is None:
            raise RequestError("Nothing is masked.", "Mask the part that is to change.")
        padding = max(asked.padding, added.left, added.right, added.top, added.bottom)
        return around(changes, padding, mask.size, size)
    if source.keeps_size:
        return whole(mask.size, size)
    return fitting(mask.size, size, source.fit)


def _mask(
    asked: ResolvedMask, size: Size, added: OutpaintSettings
) -> tuple[Image.Image, Image.Image]:
    """How much each pixel of the extended picture may change, and how much of that is taken."""
    own = _own_mask(asked, size)
    if own is None:
        own = Image.new("L", size, 0)
    elif own.getbbox() is None and not added.any:
        raise RequestError(
            "Nothing is masked: nothing would change.", "Mask the part that is to change."
        )
    if asked.blur:
        own = own.filter(ImageFilter.GaussianBlur(asked.blur))
    soon = own.point([min(255, value * _SOON) for value in range(256)])
    if not added.any:
        return own, soon
    seams = _seams(size, added)
    extended = (np.asarray(_extended(each, added, 255)) for each in (own, soon))
    mask, taken = (Image.fromarray(np.maximum(each, seams)) for each in extended)
    return mask, taken


def _own_mask(asked: ResolvedMask, size: Size) -> Image.Image | None:
    if asked.picture is None:
        return None
    mask = mask_of(asked.picture)
    if mask.size != size:
        raise RequestError(
            f"The mask has {mask.width} × {mask.height} pixels, the picture {size[0]} × {size[1]}.",
            "Use a mask that was made for this picture.",
        )
    return ImageOps.invert(mask) if asked.paints == "unmasked" else mask


def mask_of(picture: ResolvedPicture) -> Image.Image:
    """A mask, grey; one that is all of one colour is told by its transparency.

    Raises:
        NotFoundError: When its file is gone.
        RequestError: When it is no picture.
    """
    pixels = _pixels_of(picture, "The mask")
    if pixels.mode == "RGBA":
        colour, alpha = pixels.convert("RGB").convert("L"), pixels.getchannel("A")
        if colour.getextrema()[0] == colour.getextrema()[1]:
            return alpha
    return _flat(pixels, "black").convert("L")


def _pixels_of(picture: ResolvedPicture, name: str) -> Image.Image:
    try:
        return open_picture(Path(picture.path), name).pixels
    except NotFoundError as error:
        raise NotFoundError(f"{name} is not there any more.", "Choose it again.") from error


def _seams(size: Size, added: OutpaintSettings) -> NDArray[np.uint8]:
    """What changes of a picture beside what is added to it: less, the farther from there.

    Returns:
        Shape (height, width) of the extended picture, 255 in what is added.
    """
    across = _seam(size[0], added.left, added.right)
    down = _seam(size[1], added.top, added.bottom)
    return (np.maximum(across[None, :], down[:, None]) * 255).round().astype(np.uint8)


def _seam(length: int, before: int, after: int) -> NDArray[np.float32]:
    """Along one side: 1 in what is added, falling to 0 in the picture."""
    shares = np.zeros(before + length + after, np.float32)
    for added, view in ((before, shares), (after, shares[::-1])):
        if added:
            seam = min(length, max(LEAST_SEAM, min(MOST_SEAM, added // _SEAM_SHARE)))
            falling = 1 - np.arange(1, seam + 1, dtype=np.float32) / (seam + 1)
            view[:added] = 1
            view[added : added + seam] = np.maximum(view[added : added + seam], falling)
    return shares


def _extended(picture: Image.Image, added: OutpaintSettings, colour: int) -> Image.Image:
    """The picture with what is added around it, in one shade."""
    if not added.any:
        return picture
    border = (added.left, added.top, added.right, added.bottom)
    shade = colour if picture.mode == "L" else (colour,) * 3
    return ImageOps.expand(picture, border, shade)


def _flat(pixels: Image.Image, background: str = "white") -> Image.Image:
    """The picture without transparency."""
    if pixels.mode != "RGBA":
        return pixels.convert("RGB")
    flat = Image.new("RGB", pixels.size, background)
    flat.paste(pixels, mask=pixels.getchannel("A"))
    return flat


def _shares(grey: Image.Image) -> NDArray[np.float32]:
    return np.asarray(grey, dtype=np.float32) / np.float32(255)


def _side(length: int, shrink: float) -> int:
    return max(1, round(length * shrink))
