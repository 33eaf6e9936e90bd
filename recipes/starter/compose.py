"""Puts one object, or two, on a coloured background."""

from dataclasses import dataclass

import numpy as np
from PIL import Image

from recipes.starter.colours import RGB, Picture, analyse, recolour

Random = np.random.Generator


@dataclass(frozen=True, kw_only=True)
class Placing:
    """Where an object stands: its size as a share of the side, its offset from the centre."""

    scale: float = 0.88
    right: float = 0.0
    down: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Variant:
    """One picture to make: `colour` is named in the caption, `painted` says to recolour."""

    colour: str | None
    painted: bool
    background: str
    placing: Placing


def choose_sides(random: Random) -> tuple[Placing, Placing]:
    """Place one object in the left half and one in the right half."""

    def place(right: float) -> Placing:
        scale = random.uniform(0.44, 0.5)
        return Placing(scale=scale, right=right, down=random.uniform(-0.03, 0.03))

    return place(-0.25), place(0.25)


def choose_placing(random: Random) -> Placing:
    """Centre four objects in five; move and scale the others a little."""
    if random.random() < 0.8:
        return Placing()
    scale = random.uniform(0.72, 0.95)
    margin = (1 - scale) * 0.35
    return Placing(
        scale=scale,
        right=random.uniform(-margin, margin),
        down=random.uniform(-margin, margin),
    )


def compose(art: Picture, variant: Variant, size: int, random: Random) -> Picture:
    """Draw the object on its background.

    Args:
        art: RGBA picture of the object, any square size.
        variant: colour, background and place.
        size: side of the result in pixels.
        random: shifts the background's tone by at most 4 %, except for white.

    Returns:
        RGB picture, `size` × `size`, values 0–1.
    """
    ground = np.array(RGB[variant.background]) / 255
    if variant.background != "white":
        ground = (ground + random.uniform(-0.04, 0.04, 3)).clip(0, 1)
    canvas = np.broadcast_to(ground.astype(np.float32), (size, size, 3))
    return paste(canvas, painted(art, variant), variant.placing)


def compose_pair(
    arts: tuple[Picture, Picture], variants: tuple[Variant, Variant], size: int, random: Random
) -> Picture:
    """Draw two objects on the background of the first; see `compose`."""
    picture = compose(arts[0], variants[0], size, random)
    return paste(picture, painted(arts[1], variants[1]), variants[1].placing)


def painted(art: Picture, variant: Variant) -> Picture:
    """Give an object the colour that its variant wants, if any."""
    if variant.painted and variant.colour is not None:
        return recolour(art, variant.colour, analyse(art))
    return art


def paste(canvas: Picture, art: Picture, placing: Placing) -> Picture:
    """Lay an RGBA picture over an RGB canvas; parts outside the canvas are moved inside."""
    size = canvas.shape[0]
    side = min(size, round(size * placing.scale))
    top = _inside((size - side) // 2 + round(placing.down * size), size - side)
    left = _inside((size - side) // 2 + round(placing.right * size), size - side)
    premultiplied = art.copy()
    premultiplied[..., :3] *= art[..., 3:]
    scaled = _scale(premultiplied, side)
    # Resampling overshoots at edges; a colour above its own cover would come out too bright.
    np.minimum(scaled[..., :3], scaled[..., 3:], out=scaled[..., :3])
    result = np.array(canvas, np.float32)
    window = result[top : top + side, left : left + side]
    window[:] = scaled[..., :3] + window * (1 - scaled[..., 3:])
    return result


def _inside(position: int, last: int) -> int:
    return max(0, min(last, position))


def _scale(picture: Picture, side: int) -> Picture:
    channels = [
        np.asarray(
            Image.fromarray(picture[..., index]).resize((side, side), Image.Resampling.LANCZOS)
        )
        for index in range(picture.shape[-1])
    ]
    return np.stack(channels, -1).clip(0, 1)
