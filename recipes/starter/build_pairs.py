"""Makes the upscaler's training pairs: a clean 512 px picture and its soft 128 px likeness.

Run `python -m recipes.starter.build_pairs`. The small side is soft as the model's pictures are:
one in three went through the autoencoder, the others are blurred. None went through the UNet and
few through the autoencoder, because both move edges in ways that no upscaler can guess back; the
best answer to such a pair is a blur (`pair_limits` measures that).
"""

import argparse
from functools import cache, partial

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image
from torch.nn import functional

from recipes.starter.art import ArtMissingError, EmojiArt
from recipes.starter.catalogue import read_catalogue
from recipes.starter.colours import Picture
from recipes.starter.compose import Placing, Random, Variant, compose
from recipes.starter.parts import open_autoencoder
from recipes.starter.places import MODEL, PAIRS_LARGE, PAIRS_SMALL, WORK, newest
from recipes.starter.scenes import all_scenes, draw_scene
from recipes.starter.training import lower_priority, precision

LARGE, SMALL = 512, 128
_SEED = 77
_SETS = ("fluent-emoji-flat", "noto")
_BLUR = (0.4, 1.3)
"""Least and largest standard deviation of the blur, in small pixels."""
_REACH = 4


class PairMaker:
    """Draws large pictures, and shrinks and softens them as the autoencoder does."""

    def __init__(self, art: EmojiArt) -> None:
        self._fluent = cache(partial(art.fluent, size=LARGE))
        self._drawing = cache(partial(art.drawing, size=LARGE))
        self._catalogue = read_catalogue()
        self._autoencoder = open_autoencoder(newest("vae", MODEL / "vae"))

    def large(self, random: Random) -> Picture:
        """Draw a scene (one in six) or an object, 512 × 512."""
        if random.random() < 1 / 6:
            scenes = all_scenes()
            scene = scenes[int(random.integers(len(scenes)))]
            return draw_scene(scene, self._fluent, LARGE, random)
        subjects = self._catalogue.subjects
        art = self._art(subjects[int(random.integers(len(subjects)))].label, random)
        plain = random.random() < 0.4
        variant = Variant(
            colour=str(random.choice(self._catalogue.colours)),
            painted=random.random() < 0.4,
            background="white" if plain else str(random.choice(self._catalogue.backgrounds)),
            placing=Placing(scale=float(random.uniform(0.6, 0.95))),
        )
        return compose(art, variant, LARGE, random)

    @torch.no_grad()
    def small(self, large: Picture, random: Random) -> Picture:
        """Shrink to 128 × 128 and soften: one in three as the autoencoder does, else by a blur."""
        shrunk = torch.from_numpy(large).permute(2, 0, 1)[None]
        shrunk = functional.interpolate(shrunk, (SMALL, SMALL), mode="area")
        if random.random() < 1 / 3:
            with precision():
                latents = self._autoencoder.encode(shrunk * 2 - 1)
                pixels = (self._autoencoder.decode(latents) + 1) / 2
        else:
            pixels = blur(shrunk, float(random.uniform(*_BLUR)))
        return pixels[0].permute(1, 2, 0).clamp(0, 1).numpy()

    def _art(self, label: str, random: Random) -> Picture:
        if random.random() < 0.5:
            return self._fluent(label)
        try:
            return self._drawing(label, str(random.choice(_SETS)))
        except ArtMissingError:
            return self._fluent(label)


def blur(picture: torch.Tensor, deviation: float) -> torch.Tensor:
    """Blur N × 3 × H × W with a Gaussian whose standard deviation is given in pixels."""
    offsets = torch.arange(-_REACH, _REACH + 1)
    line = torch.exp(-offsets.square() / (2 * deviation**2))
    kernel = (line[:, None] * line / line.sum() ** 2).expand(3, 1, -1, -1)
    padded = functional.pad(picture, (_REACH,) * 4, mode="replicate")
    return functional.conv2d(padded, kernel, groups=3)


def build(count: int) -> None:
    """Write `count` pairs as two arrays of bytes."""
    maker = PairMaker(EmojiArt())
    large = _open(PAIRS_LARGE, count, LARGE)
    small = _open(PAIRS_SMALL, count, SMALL)
    for index in range(count):
        random = np.random.default_rng((_SEED, index))
        picture = maker.large(random)
        large[index] = _to_bytes(picture)
        small[index] = _to_bytes(maker.small(picture, random))


def save_preview(path: str, count: int = 8) -> None:
    """Write a picture of the first pairs, to look at."""
    large = np.load(PAIRS_LARGE, mmap_mode="r")[:count, ::2, ::2]
    small = np.load(PAIRS_SMALL, mmap_mode="r")[:count].repeat(2, 1).repeat(2, 2)
    rows = [np.concatenate(list(half), 1) for half in (small, large)]
    Image.fromarray(np.concatenate(rows, 0)).save(path)


def _open(path: object, count: int, side: int) -> npt.NDArray[np.uint8]:
    return np.lib.format.open_memmap(str(path), "w+", np.uint8, (count, side, side, 3))


def _to_bytes(picture: Picture) -> npt.NDArray[np.uint8]:
    return (picture * 255).round().astype(np.uint8)


def main() -> None:
    """Parse the command line and build."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=500)
    options = parser.parse_args()
    build(options.count)
    save_preview(str(WORK / "pairs.png"))


if __name__ == "__main__":
    lower_priority()
    torch.set_num_threads(1)
    main()
