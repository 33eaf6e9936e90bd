"""Colour arithmetic on RGBA pictures: name the main colour, shift it to another."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageFilter

Picture = npt.NDArray[np.float32]
"""Height × width × channels, values 0–1; RGBA is not premultiplied."""

RGB: dict[str, tuple[int, int, int]] = {
    "white": (255, 255, 255),
    "black": (20, 20, 22),
    "gray": (140, 142, 146),
    "red": (222, 45, 48),
    "orange": (248, 142, 35),
    "yellow": (252, 215, 60),
    "green": (62, 176, 76),
    "teal": (30, 178, 170),
    "blue": (52, 110, 228),
    "purple": (140, 72, 200),
    "pink": (250, 140, 190),
    "brown": (124, 78, 48),
}
HUE: dict[str, float] = {
    "red": 358,
    "orange": 27,
    "yellow": 48,
    "green": 125,
    "teal": 177,
    "blue": 217,
    "purple": 275,
    "pink": 332,
    "brown": 24,
}
_HUE_ENDS = ((12, "red"), (37, "orange"), (66, "yellow"), (160, "green"), (195, "teal"),
             (248, "blue"), (297, "purple"), (345, "pink"))  # fmt: skip
_GREY_BELOW = 0.14
_MOST = 0.6
_TONES: dict[str, tuple[float, float, float]] = {
    "white": (0.56, 0.97, 1.0),
    "gray": (0.2, 0.55, 0.9),
    "black": (0.03, 0.2, 0.62),
}
"""Colours without a hue: the values of an object's darkest parts, of its body, of its lightest."""
_DARK = 0.25
"""Value below which a part keeps its saturation: pupils, outlines."""
_PALE, _TINT = 0.36, 0.4
"""Mean saturation below which a picture is tinted, and how saturated white becomes."""
_GREYISH = 0.25
"""Saturation below which a part of a pale picture takes the asked hue."""
_NEARER = 0.25
"""What is left of the angles between hues where none of them rules."""
_LEAST_SPAN = 0.2
"""Lightness between body and extremes that is stretched no further; less is noise."""
_RIM, _RIM_DEPTH = 1 / 50, 0.3
"""Reach of the darkened edge as a share of the side, and how much of the value it takes."""


@dataclass(frozen=True, kw_only=True)
class MainColour:
    """What `analyse` found: the strongest hue in degrees, if any, and the colour's name."""

    hue: float | None
    share: float
    name: str | None


def to_hsv(rgb: Picture) -> tuple[Picture, Picture, Picture]:
    """Split RGB into hue (0–360), saturation and value (0–1)."""
    high, low = rgb.max(-1), rgb.min(-1)
    spread = np.maximum(high - low, 1e-6)
    red, green, blue = rgb[..., 0], rgb[..., 1], rgb[..., 2]
    sector = np.where(
        high == red,
        ((green - blue) / spread) % 6,
        np.where(high == green, (blue - red) / spread + 2, (red - green) / spread + 4),
    )
    hue = np.where(high - low > 1e-6, sector * 60, 0)
    saturation = np.where(high > 0, (high - low) / np.maximum(high, 1e-6), 0)
    return hue.astype(np.float32), saturation.astype(np.float32), high.astype(np.float32)


def to_rgb(hue: Picture, saturation: Picture, value: Picture) -> Picture:
    """Join hue (any degrees), saturation and value (clipped to 0–1) to RGB."""
    saturation, value = saturation.clip(0, 1), value.clip(0, 1)
    channels: list[npt.NDArray[np.floating]] = []
    for offset in (5, 3, 1):
        sector = (offset + hue / 60) % 6
        ramp = np.minimum(sector, 4 - sector).clip(0, 1)
        channels.append(value - value * saturation * ramp)
    return np.stack(channels, -1).astype(np.float32)


def analyse(rgba: Picture) -> MainColour:
    """Find the main colour of the opaque part of an RGBA picture."""
    small = rgba[::2, ::2]
    alpha = small[..., 3]
    hue, saturation, value = to_hsv(small[..., :3])
    weight = alpha * saturation * value
    mass = float(max(alpha.sum(), 1e-6))
    strength = float(weight.sum()) / mass
    if strength < _GREY_BELOW:
        light = float((alpha * value).sum()) / mass
        name = "black" if light < 0.35 else "white" if light > 0.82 else "gray"
        return MainColour(hue=None, share=strength, name=name)
    bins = np.bincount((hue // 10).astype(int).ravel() % 36, weights=weight.ravel(), minlength=36)
    smooth = sum((np.roll(bins, shift) for shift in (-2, -1, 1, 2)), start=bins)
    peak = int(np.argmax(smooth)) * 10 + 5
    share = float(smooth.max() / bins.sum())
    offset = (hue - peak + 180) % 360 - 180
    near = weight * (np.abs(offset) < 26)
    total = float(max(near.sum(), 1e-6))
    main = (peak + float((offset * near).sum()) / total) % 360
    name = name_hue(main, float((near * saturation).sum()) / total, (near * value).sum() / total)
    return MainColour(hue=main, share=share, name=name if share > _MOST else None)


def name_hue(hue: float, saturation: float, value: float) -> str:
    """Name a saturated colour given as hue (degrees), saturation and value (0–1)."""
    if 12 < hue < 42 and value < 0.68:
        return "brown"
    for end, name in _HUE_ENDS:
        if hue < end:
            return "pink" if name == "red" and saturation <= 0.5 else name
    return "red" if saturation > 0.5 else "pink"


def recolour(rgba: Picture, colour: str, main: MainColour) -> Picture:
    """Shift a picture whose main colour is `main` so that it becomes `colour`.

    Shading stays, and is made stronger for colours without a hue. Other hues turn by the same
    angle; where no hue rules they also come nearer to each other. Pale pictures are tinted.
    """
    if colour in _TONES:
        return _paint_tones(rgba, _TONES[colour])
    old_hue, saturation, value = to_hsv(rgba[..., :3])
    if main.hue is None:
        saturation = np.where(value < _DARK, saturation, 0.62).astype(np.float32)
        new_hue = np.full_like(old_hue, HUE[colour])
    else:
        offset = (old_hue - main.hue + 180) % 360 - 180
        if _mean_saturation(rgba, saturation) < _PALE:
            offset = np.where(saturation < _GREYISH, 0, offset)  # the hue of a grey means nothing
            tinted = _TINT + (1 - _TINT) * saturation
            saturation = np.where(value < _DARK, saturation, tinted)
        new_hue = HUE[colour] + offset * np.float32(1 if main.name else _NEARER)
    if colour == "brown":
        saturation, value = saturation * 0.8, value * 0.66
    elif colour == "pink":
        saturation, value = saturation * 0.62, 1 - (1 - value) * 0.7
    elif colour in {"yellow", "orange"}:
        saturation, value = saturation * 1.1, 1 - (1 - value) * 0.8
    return np.concatenate([to_rgb(new_hue, saturation, value), rgba[..., 3:]], -1)


def _mean_saturation(rgba: Picture, saturation: Picture) -> float:
    return float((saturation * rgba[..., 3]).sum() / max(float(rgba[..., 3].sum()), 1e-6))


def _paint_tones(rgba: Picture, tones: tuple[float, float, float]) -> Picture:
    """Paint a picture in greys: its lightness is stretched, its edge darkened.

    Parts that differ in hue alone differ in lightness to the eye (Rec. 601), so they stay apart.
    """
    light = rgba[..., :3] @ np.array([0.299, 0.587, 0.114], np.float32)
    opaque = light[rgba[..., 3] > 0.5]
    if not opaque.size:
        return rgba
    dark, body, bright = (float(part) for part in np.percentile(opaque, (3, 50, 97)))
    marks = (min(dark, body - _LEAST_SPAN), body, max(bright, body + _LEAST_SPAN))
    value = np.interp(light, marks, tones) * (1 - _RIM_DEPTH * _rim(rgba[..., 3]))
    grey = np.repeat(value[..., None], 3, -1)
    return np.concatenate([grey, rgba[..., 3:]], -1).astype(np.float32)


def _rim(alpha: Picture) -> Picture:
    """Return how near the edge of the opaque part each pixel is, 0–1."""
    cover = Image.fromarray((alpha * 255).astype(np.uint8))
    soft = cover.filter(ImageFilter.GaussianBlur(alpha.shape[0] * _RIM))
    return ((1 - np.asarray(soft, np.float32) / 255) * 2).clip(0, 1)
