"""Draws dead leaves: overlapping shapes of all sizes, whose statistics are those of photographs.

The autoencoder learns from them what emoji lack: edges against edges, gradients and textures. The
model is that of Lee, Mumford and Huang (2001); networks trained on such pictures alone already see
well (Baradad et al., 2021).
"""

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from recipes.starter.colours import Picture
from recipes.starter.compose import Random

_SMALLEST, _LARGEST = 0.03, 0.7
"""Radii of the shapes as shares of the side, spread evenly on a logarithmic scale."""

_SHAPES = 50
_PLAIN_SHARE = 0.4


def draw_leaves(side: int, random: Random) -> Picture:
    """Draw one picture, RGB, `side` × `side`, values 0–1."""
    tones = int(random.integers(2, 9))
    palette = random.uniform(0, 1, (tones, 1)) + random.normal(0, 0.16, (tones, 3))
    canvas = _texture(side, palette, random)
    radii = np.exp(random.uniform(np.log(_SMALLEST), np.log(_LARGEST), _SHAPES))
    for radius in sorted(radii, reverse=True):
        mask = _shape(side, radius * side, random)[..., None]
        canvas = canvas * (1 - mask) + _texture(side, palette, random) * mask
    return canvas.clip(0, 1).astype(np.float32)


def _shape(side: int, radius: float, random: Random) -> npt.NDArray[np.float32]:
    """Return the cover (0–1) of a disc or a polygon at a random place, edges smoothed."""
    centre = random.uniform(0, side, 2)
    corners = int(random.choice([3, 4, 4, 5, 40]))
    angles = np.sort(random.uniform(0, 2 * np.pi, corners))
    stretch = random.uniform(0.4, 1, 2)
    points = centre + radius * stretch * np.stack([np.cos(angles), np.sin(angles)], -1)
    large = Image.new("L", (side * 2, side * 2))
    ImageDraw.Draw(large).polygon([(x * 2, y * 2) for x, y in points], fill=255)
    cover = np.asarray(large.resize((side, side), Image.Resampling.BOX)).astype(np.float32)
    return cover / np.float32(255)


def _texture(side: int, palette: npt.NDArray[np.float64], random: Random) -> Picture:
    """Fill a square with a colour near one of the palette, a slope and, often, cloudy noise."""
    colour = palette[int(random.integers(len(palette)))] + random.normal(0, 0.06, 3)
    across, down = random.uniform(-0.3, 0.3, 2)
    line = np.linspace(-0.5, 0.5, side)
    light = across * line + down * line[:, None]
    if random.random() > _PLAIN_SHARE:
        light = light + random.uniform(0.02, 0.25) * _clouds(side, random)
    return (colour + light[..., None]).astype(np.float32)


def _clouds(side: int, random: Random) -> npt.NDArray[np.float64]:
    """Return noise whose amplitude falls as a random power of frequency, mean 0, deviation 1."""
    frequency = np.hypot(np.fft.fftfreq(side)[:, None], np.fft.rfftfreq(side))
    frequency[0, 0] = 1
    spectrum = np.fft.rfft2(random.normal(0, 1, (side, side)))
    noise = np.fft.irfft2(spectrum * frequency ** -random.uniform(0.5, 2), s=(side, side))
    return (noise - noise.mean()) / noise.std()
