"""Makes the upscaler's training pairs: a clean 512 px picture and its soft 128 px likeness.

Run `python -m recipes.starter.build_pairs`. The small side goes through the autoencoder, mostly
with a little noise on its latent, and so has the softness of the model's pictures. It does not go
through the UNet: that moves whole edges, which no upscaler can guess back, and to learn from such
pairs is to learn nothing.
"""

import argparse
from functools import cache, partial

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image

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
_STRONGEST = 0.15
"""Largest standard deviation of the noise on a latent, whose own is about one."""


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
        """Shrink to 128 × 128 and pass through the autoencoder, one in four without noise."""
        shrunk = torch.from_numpy(large).permute(2, 0, 1)[None]
        shrunk = torch.nn.functional.interpolate(shrunk, (SMALL, SMALL), mode="area")
        generator = torch.Generator().manual_seed(int(random.integers(2**31)))
        strength = max(0.0, random.uniform(-_STRONGEST / 3, _STRONGEST))
        with precision():
            latents = self._autoencoder.encode(shrunk * 2 - 1)
            noise = torch.randn(latents.shape, generator=generator)
            pixels = self._autoencoder.decode(latents + strength * noise)[0]
        return ((pixels.permute(1, 2, 0) + 1) / 2).clamp(0, 1).numpy()

    def _art(self, label: str, random: Random) -> Picture:
        if random.random() < 0.5:
            return self._fluent(label)
        try:
            return self._drawing(label, str(random.choice(_SETS)))
        except ArtMissingError:
            return self._fluent(label)


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
