"""Draws simple landscapes, so that the model also knows pictures without one object."""

from collections.abc import Callable
from dataclasses import dataclass

from recipes.starter.brush import CELLS, Artwork, Brush
from recipes.starter.captions import SceneCaption
from recipes.starter.colours import Picture
from recipes.starter.compose import Placing, Random
from recipes.starter.lights import LIGHTS

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

_HOUSES = (150, 160, 190), (96, 104, 140)
_HOUSES_BY_NIGHT = (240, 250, 255), (170, 180, 235)
"""Far and near ones; by night lighter paint keeps them apart from the sky."""


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
    brush = Brush(size, LIGHTS[scene.light], artwork, random, neon=scene.kind == "cyberpunk")
    _PAINTERS[scene.kind](brush)
    return brush.result(size)


def _sky_with_disc(brush: Brush, horizon: float) -> float:
    brush.sky(horizon)
    left = brush.random.uniform(0.2, 0.8)
    low = brush.light is LIGHTS["sunset"] or brush.light is LIGHTS["sunrise"]
    if not brush.neon:
        brush.disc(left, horizon - 0.1 if low else 0.18)
    brush.clouds(horizon)
    return left


def _mountains(brush: Brush) -> None:
    _sky_with_disc(brush, 0.62)
    brush.ridge(0.74, 0.36, 3, brush.land((128, 132, 176)))
    brush.ridge(0.86, 0.34, 2, brush.land((92, 98, 128)))
    brush.hill(0.8, 0.03, brush.land((92, 170, 84)))


def _snow(brush: Brush) -> None:
    brush.snow = 1.0
    _sky_with_disc(brush, 0.6)
    brush.ridge(0.78, 0.4, 3, brush.land((136, 156, 200)))
    brush.hill(0.74, 0.03, brush.land((236, 242, 252)))
    for index in range(4):
        right = -0.4 + 0.26 * index + brush.random.uniform(-0.04, 0.04)
        brush.object("evergreen tree", Placing(scale=0.24, right=right, down=0.28))


def _lake(brush: Brush) -> None:
    left = _sky_with_disc(brush, 0.56)
    brush.ridge(0.62, 0.34, 3, brush.land((110, 122, 160)))
    brush.hill(0.59, 0.01, brush.land((70, 140, 80)))
    brush.water(0.63)
    brush.glint(left, 0.63)


def _sea(brush: Brush) -> None:
    left = _sky_with_disc(brush, 0.56)
    brush.water(0.56)
    brush.glint(left, 0.56)
    if brush.random.random() < 0.3:
        brush.object("sailboat", Placing(scale=0.26, right=left - 0.7, down=0.08))


def _beach(brush: Brush) -> None:
    left = _sky_with_disc(brush, 0.48)
    brush.water(0.48)
    brush.glint(left, 0.48)
    brush.hill(0.76, 0.04, brush.land((246, 214, 150)))
    side = 0.26 if brush.random.random() < 0.5 else -0.26
    brush.object("palm tree", Placing(scale=0.62, right=side, down=0.1))


def _forest(brush: Brush) -> None:
    _sky_with_disc(brush, 0.5)
    brush.hill(0.56, 0.02, brush.land((96, 160, 90)))
    brush.hill(0.72, 0.02, brush.land((80, 150, 76)))
    for row, scale in ((0.03, 0.34), (0.18, 0.46)):
        for index in range(5):
            right = -0.45 + 0.22 * index + brush.random.uniform(-0.05, 0.05)
            brush.object("evergreen tree", Placing(scale=scale, right=right, down=row))


def _hills(brush: Brush) -> None:
    _sky_with_disc(brush, 0.56)
    brush.hill(0.58, 0.05, brush.land((120, 190, 96)))
    brush.hill(0.7, 0.05, brush.land((92, 172, 78)))
    side = 0.18 if brush.random.random() < 0.5 else -0.18
    brush.object("house", Placing(scale=0.34, right=side, down=0.14))
    brush.object("deciduous tree", Placing(scale=0.34, right=-side * 1.6, down=0.16))


def _desert(brush: Brush) -> None:
    _sky_with_disc(brush, 0.58)
    brush.hill(0.6, 0.04, brush.land((236, 184, 110)))
    brush.hill(0.74, 0.05, brush.land((220, 160, 88)))
    side = 0.22 if brush.random.random() < 0.5 else -0.22
    brush.object("cactus", Placing(scale=0.4, right=side, down=0.16))


def _city(brush: Brush) -> None:
    _sky_with_disc(brush, 0.8)
    far, near = _HOUSES_BY_NIGHT if brush.light.stars else _HOUSES
    brush.towers(CELLS, (8, 12), brush.land(far))
    brush.towers(CELLS, (3, 6), brush.land(near))


def _cyberpunk(brush: Brush) -> None:
    brush.sky(0.9)
    brush.towers(CELLS, (9, 14), (58, 28, 104))
    brush.towers(CELLS, (4, 8), (26, 14, 62))


_PAINTERS: dict[str, Callable[[Brush], None]] = {
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
