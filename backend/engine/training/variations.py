"""The ways in which a picture is learned: where it is cut, mirrored or not, in which colours.

They follow from the seed, and each is encoded once and kept.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from PIL import Image, ImageEnhance, ImageOps

from backend.engine.source.framing import Frame, fitting
from backend.schema.training_data import DatasetSettings

Cut = tuple[int, int, int, int]
"""How high and wide a picture was before it was cut, and how far from its top and left it was cut,
in pixels of what is left: what SDXL is told."""


@dataclass(frozen=True)
class Variation:
    """One of them; what changes nothing is left as it is here."""

    across: float = 0.5
    """Where it is cut, of the room that there is, from 0 at the left to 1."""
    down: float = 0.5
    """The same from the top."""
    brightness: float = 1.0
    contrast: float = 1.0
    saturation: float = 1.0
    mirrored: bool = False

    def of(self, picture: Image.Image, size: tuple[int, int]) -> tuple[Image.Image, Cut]:
        """A picture as it is learned, and what was cut off.

        Args:
            picture: In colours.
            size: Width and height at which it is learned, in pixels.
        """
        whole = ImageOps.mirror(picture) if self.mirrored else picture
        frame = self._frame(whole.size, size)
        return self._coloured(frame.cut(whole)), _cut(whole.size, frame)

    def _frame(self, picture: tuple[int, int], size: tuple[int, int]) -> Frame:
        width, height = fitting(picture, size, "crop").box_size
        left = round(self.across * max(0, picture[0] - width))
        top = round(self.down * max(0, picture[1] - height))
        return Frame((left, top, left + width, top + height), size)

    def _coloured(self, picture: Image.Image) -> Image.Image:
        for change, amount in (
            (ImageEnhance.Brightness, self.brightness),
            (ImageEnhance.Contrast, self.contrast),
            (ImageEnhance.Color, self.saturation),
        ):
            if amount != 1.0:
                picture = change(picture).enhance(amount)
        return picture


def variations(asked: DatasetSettings, seed: int, place: int) -> tuple[Variation, ...]:
    """All variations of a picture, the mirrored ones behind the others.

    Args:
        asked: What a person chose.
        seed: The training's.
        place: The picture's, in the dataset.
    """
    upright = tuple(_drawn(asked, np.random.default_rng((seed, place))))
    if not asked.flip:
        return upright
    return (*upright, *(replace(each, mirrored=True) for each in upright))


def _drawn(asked: DatasetSettings, chance: np.random.Generator) -> Iterator[Variation]:
    if asked.crop == "middle" and not asked.colour_jitter:
        yield Variation()
        return
    jitter = asked.colour_jitter
    for _ in range(asked.variations):
        across, down = chance.random(2) if asked.crop == "random" else (0.5, 0.5)
        brightness, contrast, saturation = (
            float(1 + jitter * chance.uniform(-1, 1)) for _ in range(3)
        )
        yield Variation(float(across), float(down), brightness, contrast, saturation)


def _cut(picture: tuple[int, int], frame: Frame) -> Cut:
    shrunk = frame.size[0] / frame.box_size[0], frame.size[1] / frame.box_size[1]
    left, top = (round(side * by) for side, by in zip(frame.box[:2], shrunk, strict=True))
    width, height = (round(side * by) for side, by in zip(picture, shrunk, strict=True))
    return height, width, top, left
