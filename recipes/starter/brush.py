"""What a painter of landscapes needs: sky, land, water, buildings, and the art of objects."""

from collections.abc import Callable

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from recipes.starter.colours import Picture
from recipes.starter.compose import Placing, Random, paste
from recipes.starter.lights import Colour, Light

Artwork = Callable[[str], Picture]
"""Gives the RGBA picture for an emoji label."""

CELLS = 16
"""Into so many cells the side is cut; one latent describes one cell of a 128 px picture."""
_PITCH = 2
"""Cells from window to window: smaller windows do not survive the autoencoder."""
_LIT = 0.85
_NEON: tuple[Colour, ...] = ((0, 240, 255), (255, 60, 200), (255, 220, 90))


class Brush:
    """Draws on a canvas twice as large; coordinates are shares of the side, 0–1."""

    def __init__(
        self, size: int, light: Light, artwork: Artwork, random: Random, *, neon: bool
    ) -> None:
        self.side = size * 2
        self.light = light
        self.artwork = artwork
        self.random = random
        self.neon = neon
        self.snow = 0.75
        self.canvas = Image.new("RGB", (self.side, self.side))
        self.draw = ImageDraw.Draw(self.canvas)

    def result(self, size: int) -> Picture:
        """Return the canvas shrunk to `size` × `size`, values 0–1."""
        small = self.canvas.resize((size, size), Image.Resampling.BOX)
        return np.asarray(small).astype(np.float32) / np.float32(255)

    def land(self, colour: Colour) -> Colour:
        """Shade a colour of the land for this time of day, a little at random."""
        shade = self.light.shade * self.random.uniform(0.94, 1.06)
        red, green, blue = (
            int(min(255, part * shade * (0.5 + tint / 510)))
            for part, tint in zip(colour, self.light.tint, strict=True)
        )
        return red, green, blue

    def sky(self, horizon: float) -> None:
        """Paint the sky over the whole canvas; stars by night."""
        top, middle, bottom = (np.array(part, float) for part in self.light.sky)
        if self.neon:
            top, middle, bottom = np.array([[16, 8, 44], [74, 20, 110], [214, 46, 150]], float)
        rows = np.linspace(0, 1 / max(horizon, 0.05), self.side).clip(0, 1)[:, None]
        upper = top + (middle - top) * (rows * 2).clip(0, 1)
        sky = upper + (bottom - middle) * (rows * 2 - 1).clip(0, 1)
        pixels = np.broadcast_to(sky[:, None], (self.side, self.side, 3)).astype(np.uint8)
        self.canvas.paste(Image.fromarray(pixels))
        if self.light.stars:
            for _ in range(16):
                left, top_ = self.random.uniform(0, 1), self.random.uniform(0, horizon)
                self.circle(left, top_, self.random.uniform(0.006, 0.01), (240, 240, 255))

    def disc(self, left: float, top: float) -> None:
        """Paint the sun or the moon with its glow."""
        radius = 0.07 if self.light.stars else 0.1
        glow = Image.new("L", self.canvas.size)
        middle, reach = (left * self.side, top * self.side), radius * 2 * self.side
        box = (middle[0] - reach, middle[1] - reach, middle[0] + reach, middle[1] + reach)
        ImageDraw.Draw(glow).ellipse(box, fill=110)
        glow = glow.filter(ImageFilter.GaussianBlur(self.side * 0.05))
        self.canvas.paste(Image.new("RGB", self.canvas.size, self.light.disc), mask=glow)
        self.circle(left, top, radius, self.light.disc)

    def circle(self, left: float, top: float, radius: float, colour: Colour) -> None:
        """Fill a circle."""
        box = [(value * self.side) for value in (left - radius, top - radius,
                                                 left + radius, top + radius)]  # fmt: skip
        self.draw.ellipse(box, fill=colour)

    def area(self, points: list[tuple[float, float]], colour: Colour) -> None:
        """Fill a polygon."""
        self.draw.polygon([(x * self.side, y * self.side) for x, y in points], fill=colour)

    def rectangle(self, box: tuple[float, float, float, float], colour: Colour) -> None:
        """Fill a box given as left, top, right, bottom."""
        self.draw.rectangle([value * self.side for value in box], fill=colour)

    def clouds(self, horizon: float) -> None:
        """Paint a few clouds by day."""
        if self.light.stars or self.neon:
            return
        for _ in range(int(self.random.integers(1, 4))):
            left, top = self.random.uniform(0.05, 0.95), self.random.uniform(0.06, horizon * 0.5)
            tone = tuple(int(230 * 0.5 + part * 0.5) for part in self.light.tint)
            for step in (-0.07, 0, 0.07):
                self.circle(left + step, top, 0.05 - abs(step) * 0.25, (tone[0], tone[1], tone[2]))

    def ridge(self, base: float, height: float, peaks: int, colour: Colour) -> None:
        """Draw a range of mountains whose feet stand at `base`; lit from the left."""
        for index in range(peaks):
            middle = (index + 0.5 + self.random.uniform(-0.25, 0.25)) / peaks
            tall = height * self.random.uniform(0.7, 1.1)
            wide = self.random.uniform(0.7, 1.0) / peaks
            top = base - tall
            self.area([(middle - wide, base), (middle, top), (middle + wide, base)], colour)
            darker = tuple(int(part * 0.78) for part in colour)
            edge = middle + wide * self.random.uniform(0.1, 0.3)
            self.area(
                [(edge, base), (middle, top), (middle + wide, base)],
                (darker[0], darker[1], darker[2]),
            )
            if self.random.random() < self.snow:
                part = self.random.uniform(0.3, 0.42)
                low = top + tall * part
                self.area(
                    [(middle - wide * part, low), (middle, top), (middle + wide * part, low),
                     (middle + wide * part * 0.3, low - tall * 0.08),
                     (middle - wide * part * 0.2, low + tall * 0.06)],
                    self.land((244, 248, 255)),
                )  # fmt: skip

    def hill(self, top: float, bend: float, colour: Colour) -> None:
        """Fill everything below a gently waving line."""
        phase = self.random.uniform(0, 6.28)
        wave = [
            (x / 24, top + bend * float(np.sin(phase + x / 24 * self.random.uniform(4.3, 4.5))))
            for x in range(25)
        ]
        self.area([*wave, (1, 1), (0, 1)], colour)

    def water(self, top: float) -> None:
        """Fill everything below `top` with water that mirrors the sky."""
        own, sky = np.array(self.land((40, 120, 205)), float), np.array(self.light.sky, float)
        upper, lower = own * 0.5 + sky[2] * 0.5, own * 0.6 + sky[0] * 0.4
        for step in range(16):
            colour = [int(part) for part in upper + (lower - upper) * step / 15]
            self.rectangle(
                (0, top + (1 - top) * step / 16, 1, 1), (colour[0], colour[1], colour[2])
            )

    def glint(self, left: float, top: float) -> None:
        """Lay the disc's reflection on the water as a column of short strokes."""
        for step in range(5):
            wide = self.random.uniform(0.03, 0.09)
            row = top + 0.02 + (1 - top) * step / 6
            self.rectangle((left - wide, row, left + wide, row + 0.022), self.light.disc)

    def object(self, label: str, placing: Placing) -> None:
        """Stand an object of the emoji art in the landscape, in its light."""
        art = self.artwork(label).copy()
        tone = np.array(self.land((255, 255, 255)), np.float32) / 255
        art[..., :3] *= 0.35 + 0.65 * tone
        pixels = paste(self.result(self.side), art, placing)
        self.canvas.paste(Image.fromarray((pixels * 255).round().astype(np.uint8)))

    def towers(self, base: int, tall: tuple[int, int], colour: Colour) -> None:
        """Paint a row of houses whose feet stand at `base`; all lengths are in cells.

        Houses and windows keep to the cells that one latent describes: where they stood anywhere,
        the model learned patches instead of windows.
        """
        left = -_PITCH * int(self.random.integers(0, 2))
        while left < CELLS:
            wide = _PITCH * int(self.random.integers(2, 4))
            top = base - int(self.random.integers(tall[0], tall[1] + 1))
            self._house(left, top, wide, base, colour)
            left += wide

    def _house(self, left: int, top: int, wide: int, base: int, colour: Colour) -> None:
        """Paint one house with its roof's edge, and light most of its windows."""
        lit = self._window_light()
        gap = 0.008
        walls = (left / CELLS + gap, top / CELLS, (left + wide) / CELLS - gap, base / CELLS)
        self.rectangle(walls, colour)
        edge = lit if self.neon else brighter(colour)
        self.rectangle((walls[0], walls[1], walls[2], walls[1] + 0.02), edge)
        for row in range(top, base, _PITCH):
            for column in range(left, left + wide, _PITCH):
                if self.random.random() < _LIT:
                    x, y = (column + 0.45) / CELLS, (row + 0.6) / CELLS
                    self.rectangle((x, y, x + 1.1 / CELLS, y + 1.1 / CELLS), lit)

    def _window_light(self) -> Colour:
        """The light behind the windows of one house."""
        if self.neon:
            return _NEON[int(self.random.integers(len(_NEON)))]
        return (255, 214, 110) if self.light.stars else self.land((206, 230, 248))


def brighter(colour: Colour) -> Colour:
    """The colour with a little more light on it."""
    red, green, blue = (min(255, int(part * 1.25)) for part in colour)
    return red, green, blue
