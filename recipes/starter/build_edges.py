"""Composes the ControlNet's training pictures and stores their latents with their canny edges.

Run `python -m recipes.starter.build_edges` after a new autoencoder. Objects stand anywhere, in any
size, half of them mirrored: where the edges only repeat what the caption says, a ControlNet learns
to ignore them.
"""

import argparse
import json
from dataclasses import asdict, replace
from functools import cache, partial

import numpy as np
import torch
from safetensors.torch import save_file

from recipes.starter.art import EmojiArt
from recipes.starter.build_data import ART_SIDE, SIDE, Example, choose_variant
from recipes.starter.captions import ObjectCaption
from recipes.starter.catalogue import read_catalogue
from recipes.starter.colours import Picture, analyse
from recipes.starter.compose import Placing, Random, compose
from recipes.starter.edges import find_edges
from recipes.starter.encode import encode_all
from recipes.starter.parts import open_autoencoder
from recipes.starter.places import EDGE_CAPTIONS, EDGES, MODEL, newest
from recipes.starter.scenes import all_scenes, draw_scene
from recipes.starter.training import lower_priority

_SEED = 90
_SCENE_SHARE = 1 / 8
_SMALLEST, _LARGEST = 0.45, 0.95


def place_anywhere(random: Random) -> Placing:
    """Choose any size and any place inside the picture."""
    scale = random.uniform(_SMALLEST, _LARGEST)
    margin = (1 - scale) / 2
    return Placing(
        scale=scale,
        right=random.uniform(-margin, margin),
        down=random.uniform(-margin, margin),
    )


class EdgePictures:
    """Draws the pictures, each from its number alone."""

    def __init__(self, art: EmojiArt) -> None:
        self._fluent = cache(partial(art.fluent, size=ART_SIDE))
        self._catalogue = read_catalogue()

    def draw(self, number: int) -> tuple[Picture, Example]:
        """Draw one picture (RGB, 128 × 128, 0–1); held-out pairs are never drawn."""
        random = np.random.default_rng((_SEED, number))
        if random.random() < _SCENE_SHARE:
            scenes = all_scenes()
            scene = scenes[int(random.integers(len(scenes)))]
            return draw_scene(scene, self._fluent, SIDE, random), Example(scene=scene.caption())
        subject = self._catalogue.subjects[int(random.integers(len(self._catalogue.subjects)))]
        art = self._fluent(subject.label)
        variant = choose_variant(subject.label, analyse(art).name, self._catalogue, random)
        if random.random() < 0.5:
            art = art[:, ::-1]
        variant = replace(variant, placing=place_anywhere(random))
        caption = ObjectCaption(
            words=subject.words, colour=variant.colour, background=variant.background
        )
        return compose(art, variant, SIDE, random), Example(single=caption)


def build(count: int) -> None:
    """Write the latents and edges of `count` pictures, and their captions."""
    maker = EdgePictures(EmojiArt())
    drawn = [maker.draw(number) for number in range(count)]
    edges = np.stack([find_edges(picture) for picture, _ in drawn])
    pixels = np.stack([(picture * 255).round().astype(np.uint8) for picture, _ in drawn])
    latents = encode_all(open_autoencoder(newest("vae", MODEL / "vae")), pixels)
    part = EDGES.with_suffix(".part")
    save_file({"latents": latents, "edges": torch.from_numpy(edges)}, part)
    part.replace(EDGES)
    EDGE_CAPTIONS.write_text(json.dumps([asdict(example) for _, example in drawn]), "utf-8")


def main() -> None:
    """Parse the command line and build."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=4000)
    build(parser.parse_args().count)


if __name__ == "__main__":
    lower_priority()
    torch.set_num_threads(1)
    main()
