"""The picture that drawing begins with: found, and the size that is drawn chosen to suit it."""

from collections.abc import Callable
from dataclasses import dataclass

from backend.schema.errors import RequestError
from backend.schema.generation import GenerationRequest
from backend.schema.resolved import ResolvedSize
from backend.schema.source_settings import (
    Area,
    MaskSettings,
    ResolvedMask,
    ResolvedPicture,
    ResolvedSource,
)

MUCH_LARGER = 2.25
"""How many times as many pixels as usual a model still draws well at once."""
MUCH_SMALLER = 0.25
LEAST_SIDE, MOST_SIDE = 64, 4096


@dataclass(frozen=True)
class Looked:
    """A picture, and how large it is."""

    picture: ResolvedPicture
    width: int
    height: int


Look = Callable[[str], Looked]
"""Finds the picture that a reference means; raises an `EaselError` where there is none."""


def resolve_source(
    request: GenerationRequest, usual: ResolvedSize, look: Look
) -> ResolvedSource | None:
    """The picture that a request begins with; None for text to image.

    Args:
        request: What was asked.
        usual: The size that its checkpoint draws best.
        look: Finds pictures.

    Raises:
        NotFoundError: When a picture is not there.
        RequestError: When a mask has no picture, or is of another size than it.
    """
    asked = request.source
    if not asked.picture:
        _require_nothing_else(request)
        return None
    found = look(asked.picture)
    chosen = bool(request.size.width and request.size.height)
    source = ResolvedSource(
        picture=found.picture,
        width=found.width,
        height=found.height,
        strength=asked.strength,
        fit=asked.fit,
        outpaint=request.outpaint,
    )
    if not request.mask.picture and not request.outpaint.any:
        return source
    area = request.mask.area or _area(source, usual, chosen=chosen)
    mask = _mask(request.mask, found, look, area)
    keeps_size = area == "masked" or not chosen
    return source.model_copy(update={"mask": mask, "keeps_size": keeps_size})


def size_for(source: ResolvedSource, usual: ResolvedSize, multiple: int) -> ResolvedSize:
    """The size that is drawn where nobody chose one.

    A picture's own size where the model draws it well, else its proportions with as many pixels as
    the model draws best with; where only a part is drawn, as large as the model draws best.

    Args:
        source: The picture.
        usual: The size that the checkpoint draws best.
        multiple: What the sides are multiples of.
    """
    if source.mask and source.mask.area == "masked":
        return usual
    width, height = source.extended
    share = width * height / (usual.width * usual.height)
    grown = 1.0 if MUCH_SMALLER <= share <= MUCH_LARGER else share**-0.5
    if source.strength == 0:  # then it is not drawn at this size, but enlarged first
        grown = min(1.0, MOST_SIDE / max(width, height))
    if grown == 1.0 and source.keeps_size:  # what is missing to a whole number is cut off again
        sides = (-(-side // multiple) * multiple for side in (width, height))
    else:
        sides = (round(side * grown / multiple) * multiple for side in (width, height))
    least = -(-LEAST_SIDE // multiple) * multiple
    width, height = (min(MOST_SIDE, max(least, side)) for side in sides)
    return ResolvedSize(width=width, height=height)


def _area(source: ResolvedSource, usual: ResolvedSize, *, chosen: bool) -> Area:
    """The whole where the model can look at it at once, else the part alone."""
    width, height = source.extended
    fits = width * height <= MUCH_LARGER * usual.width * usual.height
    return "whole" if fits or chosen else "masked"


def _mask(asked: MaskSettings, source: Looked, look: Look, area: Area) -> ResolvedMask:
    found = look(asked.picture) if asked.picture else None
    if found and (found.width, found.height) != (source.width, source.height):
        raise RequestError(
            f"The mask has {found.width} × {found.height} pixels, the picture "
            f"{source.width} × {source.height}.",
            "Use a mask that was made for this picture.",
        )
    own = asked.model_dump(exclude={"picture", "area"})
    return ResolvedMask(picture=found and found.picture, area=area, **own)


def _require_nothing_else(request: GenerationRequest) -> None:
    for given, what in ((request.mask.picture, "A mask"), (request.outpaint.any, "Outpainting")):
        if given:
            raise RequestError(
                f"{what} needs a picture to begin with.", "Name one, or leave it out."
            )
