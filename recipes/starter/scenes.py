"""Draws simple landscapes, so that the model also knows pictures without one object."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from recipes.starter.captions import SceneCaption
from recipes.starter.colours import Picture
from recipes.starter.compose import Placing, paste

Random = np.random.Generator
Colour = tuple[int, int, int]
Artwork = Callable[[str], Picture]
"""Gives the RGBA picture for an emoji label."""


@dataclass(frozen=True, kw_only=True)
class Light:
    """A time of day: sky from top to horizon, the light's disc, how dark the land is."""

    words: tuple[str, ...]
    sky: tuple[Colour, Colour, Colour]
    disc: Colour
    shade: float
    tint: Colour
    stars: bool = False


LIGHTS: dict[str, Light] = {
    "day": Light(
        words=("on a sunny day", "by day", ""),
        sky=((66, 150, 240), (130, 195, 250), (205, 232, 252)),
        disc=(255, 236, 120),
        shade=1.0,
        tint=(255, 255, 255),
    ),
    "sunset": Light(
        words=("at sunset", "at sunset", "in the evening"),
        sky=((92, 52, 130), (236, 96, 90), (255, 196, 92)),
        disc=(255, 226, 130),
        shade=0.62,
        tint=(255, 150, 110),
    ),
    "sunrise": Light(
        words=("at sunrise", "in the morning"),
        sky=((120, 170, 235), (250, 190, 200), (255, 232, 190)),
        disc=(255, 244, 190),
        shade=0.85,
        tint=(255, 215, 200),
    ),
    "night": Light(
        words=("at night", "at night", "by night"),
        sky=((10, 14, 44), (24, 32, 84), (56, 62, 128)),
        disc=(246, 240, 206),
        shade=0.4,
        tint=(120, 140, 230),
        stars=True,
    ),
}
KINDS: dict[str, tuple[str, ...]] = {
    "mountains": ("mountain landscape", "mountains", "a mountain"),
    "snow": ("snowy mountains", "mountains in winter", "winter landscape"),
    "lake": ("mountain lake", "lake and mountains"),
    "sea": ("the sea", "sea", "ocean"),
    "beach": ("beach", "tropical beach", "beach with a palm tree"),
    "forest": ("forest", "forest landscape", "trees in a forest"),
    "hills": ("green hills", "a house in the hills", "countryside"),
    "desert": ("desert", "desert landscape", "desert with a cactus"),
    "city": ("city", "a city", "city skyline"),
    "cyberpunk": ("cyberpunk city", "neon city", "futuristic city"),
}


@dataclass(frozen=True, kw_only=True)
class Scene:
    """One picture to draw: a kind of land under a light."""

    kind: str
    light: str

    def caption(self) -> SceneCaption:
        """Return the phrasings that fit this scene."""
        words = ("at night", "") if self.kind == "cyberpunk" else LIGHTS[self.light].words
        return SceneCaption(
            phrases=tuple(f"{kind} {word}".strip() for kind in KINDS[self.kind] for word in words)
        )


def all_scenes() -> tuple[Scene, ...]:
    """List every scene once; the neon city exists only by night."""
    return tuple(
        Scene(kind=kind, light=light)
        for kind in KINDS
        for light in LIGHTS
        if kind != "cyberpunk" or light == "night"
    )


def draw_scene(scene: Scene, artwork: Artwork, size: int, random: Random) -> Picture:
    """Draw a scene as RGB picture, `size` × `size`, values 0–1."""
    brush = _Brush(size, LIGHTS[scene.light], artwork, random, neon=scene.kind == "cyberpunk")
    _PAINTERS[scene.kind](brush)
    return brush.result(size)


class _Brush:
    """Draws on a canvas four times too large; coordinates are shares of the side, 0–1."""

    def __init__(
        self, size: int, light: Light, artwork: Artwork, random: Random, *, neon: bool
    ) -> None:
        self.side = size * 2
        self.light = light
        self.artwork = artwork
        self.random = random
        self.neon = neon
        self.canvas = Image.new("RGB", (self.side, self.side))
        self.draw = ImageDraw.Draw(self.canvas)

    def result(self, size: int) -> Picture:
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
        radius = 0.07 if self.light.stars else 0.1
        glow = Image.new("L", self.canvas.size)
        middle, reach = (left * self.side, top * self.side), radius * 2 * self.side
        box = (middle[0] - reach, middle[1] - reach, middle[0] + reach, middle[1] + reach)
        ImageDraw.Draw(glow).ellipse(box, fill=110)
        glow = glow.filter(ImageFilter.GaussianBlur(self.side * 0.05))
        self.canvas.paste(Image.new("RGB", self.canvas.size, self.light.disc), mask=glow)
        self.circle(left, top, radius, self.light.disc)

    def circle(self, left: float, top: float, radius: float, colour: Colour) -> None:
        box = [(value * self.side) for value in (left - radius, top - radius,
                                                 left + radius, top + radius)]  # fmt: skip
        self.draw.ellipse(box, fill=colour)

    def area(self, points: list[tuple[float, float]], colour: Colour) -> None:
        self.draw.polygon([(x * self.side, y * self.side) for x, y in points], fill=colour)

    def rectangle(self, box: tuple[float, float, float, float], colour: Colour) -> None:
        self.draw.rectangle([value * self.side for value in box], fill=colour)

    def clouds(self, horizon: float) -> None:
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

    snow = 0.75

    def hill(self, top: float, bend: float, colour: Colour) -> None:
        phase = self.random.uniform(0, 6.28)
        wave = [
            (x / 24, top + bend * float(np.sin(phase + x / 24 * self.random.uniform(4.3, 4.5))))
            for x in range(25)
        ]
        self.area([*wave, (1, 1), (0, 1)], colour)

    def water(self, top: float) -> None:
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
        art = self.artwork(label).copy()
        tone = np.array(self.land((255, 255, 255)), np.float32) / 255
        art[..., :3] *= 0.35 + 0.65 * tone
        pixels = paste(self.result(self.side), art, placing)
        self.canvas.paste(Image.fromarray((pixels * 255).round().astype(np.uint8)))

    def towers(self, base: float, tall: tuple[float, float], colour: Colour) -> None:
        left = -0.03
        while left < 1:
            wide = self.random.uniform(0.16, 0.26)
            top = base - self.random.uniform(*tall)
            self.rectangle((left, top, left + wide - 0.012, base), colour)
            self.windows((left, top, left + wide - 0.012, base))
            left += wide

    def windows(self, box: tuple[float, float, float, float]) -> None:
        lit: list[Colour] = [(255, 214, 110)]
        if self.neon:
            lit = [(0, 240, 255), (255, 60, 200), (255, 220, 90)]
        elif not self.light.stars:
            lit = [self.land((200, 226, 246))]
        for left in np.arange(box[0] + 0.025, box[2] - 0.05, 0.075):
            for top in np.arange(box[1] + 0.04, box[3] - 0.06, 0.1):
                if self.random.random() < 0.75:
                    colour = lit[int(self.random.integers(len(lit)))]
                    self.rectangle((left, top, left + 0.045, top + 0.055), colour)


def _sky_with_disc(brush: _Brush, horizon: float) -> float:
    brush.sky(horizon)
    left = brush.random.uniform(0.2, 0.8)
    low = brush.light is LIGHTS["sunset"] or brush.light is LIGHTS["sunrise"]
    if not brush.neon:
        brush.disc(left, horizon - 0.1 if low else 0.18)
    brush.clouds(horizon)
    return left


def _mountains(brush: _Brush) -> None:
    _sky_with_disc(brush, 0.62)
    brush.ridge(0.74, 0.36, 3, brush.land((128, 132, 176)))
    brush.ridge(0.86, 0.34, 2, brush.land((92, 98, 128)))
    brush.hill(0.8, 0.03, brush.land((92, 170, 84)))


def _snow(brush: _Brush) -> None:
    brush.snow = 1.0
    _sky_with_disc(brush, 0.6)
    brush.ridge(0.78, 0.4, 3, brush.land((136, 156, 200)))
    brush.hill(0.74, 0.03, brush.land((236, 242, 252)))
    for index in range(4):
        right = -0.4 + 0.26 * index + brush.random.uniform(-0.04, 0.04)
        brush.object("evergreen tree", Placing(scale=0.24, right=right, down=0.28))


def _lake(brush: _Brush) -> None:
    left = _sky_with_disc(brush, 0.56)
    brush.ridge(0.62, 0.34, 3, brush.land((110, 122, 160)))
    brush.hill(0.59, 0.01, brush.land((70, 140, 80)))
    brush.water(0.63)
    brush.glint(left, 0.63)


def _sea(brush: _Brush) -> None:
    left = _sky_with_disc(brush, 0.56)
    brush.water(0.56)
    brush.glint(left, 0.56)
    if brush.random.random() < 0.3:
        brush.object("sailboat", Placing(scale=0.26, right=left - 0.7, down=0.08))


def _beach(brush: _Brush) -> None:
    left = _sky_with_disc(brush, 0.48)
    brush.water(0.48)
    brush.glint(left, 0.48)
    brush.hill(0.76, 0.04, brush.land((246, 214, 150)))
    side = 0.26 if brush.random.random() < 0.5 else -0.26
    brush.object("palm tree", Placing(scale=0.62, right=side, down=0.1))


def _forest(brush: _Brush) -> None:
    _sky_with_disc(brush, 0.5)
    brush.hill(0.56, 0.02, brush.land((96, 160, 90)))
    brush.hill(0.72, 0.02, brush.land((80, 150, 76)))
    for row, scale in ((0.03, 0.34), (0.18, 0.46)):
        for index in range(5):
            right = -0.45 + 0.22 * index + brush.random.uniform(-0.05, 0.05)
            brush.object("evergreen tree", Placing(scale=scale, right=right, down=row))


def _hills(brush: _Brush) -> None:
    _sky_with_disc(brush, 0.56)
    brush.hill(0.58, 0.05, brush.land((120, 190, 96)))
    brush.hill(0.7, 0.05, brush.land((92, 172, 78)))
    side = 0.18 if brush.random.random() < 0.5 else -0.18
    brush.object("house", Placing(scale=0.34, right=side, down=0.14))
    brush.object("deciduous tree", Placing(scale=0.34, right=-side * 1.6, down=0.16))


def _desert(brush: _Brush) -> None:
    _sky_with_disc(brush, 0.58)
    brush.hill(0.6, 0.04, brush.land((236, 184, 110)))
    brush.hill(0.74, 0.05, brush.land((220, 160, 88)))
    side = 0.22 if brush.random.random() < 0.5 else -0.22
    brush.object("cactus", Placing(scale=0.4, right=side, down=0.16))


def _city(brush: _Brush) -> None:
    _sky_with_disc(brush, 0.8)
    brush.towers(1.0, (0.45, 0.75), brush.land((150, 160, 190)))
    brush.towers(1.0, (0.2, 0.45), brush.land((96, 104, 140)))


def _cyberpunk(brush: _Brush) -> None:
    brush.sky(0.9)
    brush.towers(1.0, (0.5, 0.9), (58, 28, 104))
    brush.towers(1.0, (0.25, 0.5), (26, 14, 62))


_PAINTERS: dict[str, Callable[[_Brush], None]] = {
    "mountains": _mountains,
    "snow": _snow,
    "lake": _lake,
    "sea": _sea,
    "beach": _beach,
    "forest": _forest,
    "hills": _hills,
    "desert": _desert,
    "city": _city,
    "cyberpunk": _cyberpunk,
}
