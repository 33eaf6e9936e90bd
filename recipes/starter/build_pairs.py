"""Makes the upscaler's training pairs: a clean 512 px picture, and what the starter draws of it.

Run `python -m recipes.starter.build_pairs`. The small side goes through the autoencoder, mostly
also through one denoising step of the UNet, so that the upscaler learns to mend the
faults that pictures of this model really have.
"""

import argparse
from functools import cache, partial

import numpy as np
import numpy.typing as npt
import torch
from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel
from PIL import Image

from recipes.starter.art import ArtMissingError, EmojiArt
from recipes.starter.captions import ObjectCaption, say_object, say_scene
from recipes.starter.catalogue import read_catalogue
from recipes.starter.colours import Picture, analyse
from recipes.starter.compose import Placing, Random, Variant, compose
from recipes.starter.noise import add_noise, noise_levels
from recipes.starter.parts import open_autoencoder, open_unet, predict
from recipes.starter.places import MODEL, PAIRS_LARGE, PAIRS_SMALL, WORK, newest
from recipes.starter.scenes import all_scenes, draw_scene
from recipes.starter.text_states import TextStates
from recipes.starter.training import lower_priority, precision

LARGE, SMALL = 512, 128
_SEED = 77
_SETS = ("fluent-emoji-flat", "noto", "twemoji")


class PairMaker:
    """Draws large pictures with captions, and degrades them as the model does."""

    def __init__(self, art: EmojiArt, unet: UNet2DConditionModel) -> None:
        self._fluent = cache(partial(art.fluent, size=LARGE))
        self._drawing = cache(partial(art.drawing, size=LARGE))
        self._catalogue = read_catalogue()
        self._autoencoder = open_autoencoder(newest("vae", MODEL / "vae"))
        self._unet = unet
        self._text = TextStates()
        self._levels = noise_levels()

    def large(self, random: Random) -> tuple[Picture, str]:
        """Draw a scene (one in six) or an object, 512 × 512, with its caption."""
        if random.random() < 1 / 6:
            scenes = all_scenes()
            scene = scenes[int(random.integers(len(scenes)))]
            picture = draw_scene(scene, self._fluent, LARGE, random)
            return picture, say_scene(scene.caption(), random)
        subjects = self._catalogue.subjects
        subject = subjects[int(random.integers(len(subjects)))]
        art = self._art(subject.label, random)
        colour = str(random.choice(self._catalogue.colours))
        painted = random.random() < 0.4
        variant = Variant(
            colour=colour if painted else analyse(art).name,
            painted=painted,
            background=str(random.choice(self._catalogue.backgrounds))
            if random.random() < 0.6 else "white",
            placing=Placing(scale=float(random.uniform(0.6, 0.95))),
        )  # fmt: skip
        caption = ObjectCaption(
            words=subject.words, colour=variant.colour, background=variant.background
        )
        return compose(art, variant, LARGE, random), say_object(caption, random)

    @torch.no_grad()
    def small(self, large: Picture, caption: str, random: Random) -> Picture:
        """Shrink to 128 × 128 and pass through the autoencoder, mostly through the UNet too."""
        shrunk = torch.from_numpy(large).permute(2, 0, 1)[None]
        shrunk = torch.nn.functional.interpolate(shrunk, (SMALL, SMALL), mode="area")
        with precision():
            latents = self._autoencoder.encode(shrunk * 2 - 1)
            if random.random() < 0.75:
                latents = self._denoised(latents, caption, random)
            pixels = self._autoencoder.decode(latents)[0]
        return ((pixels.permute(1, 2, 0) + 1) / 2).clamp(0, 1).numpy()

    def _denoised(self, latents: torch.Tensor, caption: str, random: Random) -> torch.Tensor:
        time = torch.tensor([int(random.integers(20, 260))])
        generator = torch.Generator().manual_seed(int(random.integers(2**31)))
        noise = torch.randn(latents.shape, generator=generator)
        level = self._levels[time]
        noisy = add_noise(latents, noise, level)
        speed = predict(self._unet, noisy, time, self._text([caption], full=True))
        signal = level.view(-1, 1, 1, 1)
        return signal.sqrt() * noisy - (1 - signal).sqrt() * speed

    def _art(self, label: str, random: Random) -> Picture:
        if random.random() < 0.5:
            return self._fluent(label)
        try:
            return self._drawing(label, str(random.choice(_SETS)))
        except ArtMissingError:
            return self._fluent(label)


def build(count: int, unet: str) -> None:
    """Write `count` pairs as two arrays of bytes."""
    maker = PairMaker(EmojiArt(), open_unet(newest(unet, MODEL / "unet")))
    large = _open(PAIRS_LARGE, count, LARGE)
    small = _open(PAIRS_SMALL, count, SMALL)
    for index in range(count):
        random = np.random.default_rng((_SEED, index))
        picture, caption = maker.large(random)
        large[index] = _to_bytes(picture)
        small[index] = _to_bytes(maker.small(picture, caption, random))


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
    parser.add_argument("--count", type=int, default=800)
    parser.add_argument("--unet", default="unet", help="name of the UNet's run")
    options = parser.parse_args()
    build(options.count, options.unet)
    save_preview(str(WORK / "pairs.png"))


if __name__ == "__main__":
    lower_priority()
    torch.set_num_threads(1)
    main()
