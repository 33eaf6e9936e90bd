"""Times of day, and what they do to a landscape."""

from dataclasses import dataclass

Colour = tuple[int, int, int]


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
