"""Composes the training pictures and stores them with what they show.

Run `python -m recipes.starter.build_data`; it takes about two minutes on one core.
"""

import argparse
import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from functools import cache, partial

import numpy as np

from recipes.starter.art import EmojiArt
from recipes.starter.captions import ObjectCaption, PairCaption, SceneCaption
from recipes.starter.catalogue import Catalogue, is_held_out, read_catalogue
from recipes.starter.colours import Picture, analyse
from recipes.starter.compose import (
    Random,
    Variant,
    choose_placing,
    choose_sides,
    compose,
    compose_pair,
)
from recipes.starter.places import EXAMPLES, PIXELS
from recipes.starter.scenes import all_scenes, draw_scene

SIDE = 128
ART_SIDE = 192
_SEED = 20261124
_PAINTED_SHARE = 0.6
_OFTEN = {"white": 2.0, "black": 2.0, "gray": 2.0, "brown": 2.0}
"""Colours that hide shapes, and how many times as often as the others they are painted."""


@dataclass(frozen=True, kw_only=True)
class Example:
    """What one stored latent shows; exactly one of the captions is set."""

    single: ObjectCaption | None = None
    pair: PairCaption | None = None
    scene: SceneCaption | None = None


def choose_variant(
    label: str, natural: str | None, catalogue: Catalogue, random: Random
) -> Variant:
    """Choose colour, background and place of one picture; held-out pairs are never chosen.

    The pictures that keep the object's own colour name it half the time.
    """
    colour, painted = (natural if random.random() < 0.5 else None), False
    if random.random() < _PAINTED_SHARE:
        free = [name for name in catalogue.colours
                if name != natural and not is_held_out(label, name)]  # fmt: skip
        weights = np.array([_OFTEN.get(name, 1.0) for name in free])
        colour, painted = str(random.choice(free, p=weights / weights.sum())), True
    background = "white"
    if colour == "white" or random.random() > 0.4:
        background = str(random.choice([n for n in catalogue.backgrounds if n != colour]))
    return Variant(
        colour=colour, painted=painted, background=background, placing=choose_placing(random)
    )


@dataclass(frozen=True, kw_only=True)
class Counts:
    """How many pictures are drawn."""

    variants: int = 100
    """Of each subject."""
    pairs: int = 4000
    """Of two subjects, in all."""
    scenes: int = 60
    """Of each scene."""


def draw_pair(
    catalogue: Catalogue, fluent: Callable[[str], Picture], random: Random
) -> tuple[Picture, PairCaption]:
    """Draw two different subjects side by side; held-out pairs with colours are never chosen."""
    chosen = random.permutation(len(catalogue.subjects))[:2]
    subjects = [catalogue.subjects[int(index)] for index in chosen]
    arts = fluent(subjects[0].label), fluent(subjects[1].label)
    left, right = (
        choose_variant(subject.label, analyse(art).name, catalogue, random)
        for subject, art in zip(subjects, arts, strict=True)
    )
    if right.colour == left.background:
        right = replace(right, colour=None, painted=False)
    sides = choose_sides(random)
    variants = (
        replace(left, placing=sides[0]),
        replace(right, placing=sides[1], background=left.background),
    )
    captions = [
        ObjectCaption(words=subject.words, colour=one.colour, background=one.background)
        for subject, one in zip(subjects, variants, strict=True)
    ]
    picture = compose_pair(arts, variants, SIDE, random)
    return picture, PairCaption(left=captions[0], right=captions[1])


def pictures(counts: Counts) -> Iterator[tuple[Picture, Example]]:
    """Yield every training picture (RGB, 128 × 128, 0–1) with what it shows."""
    catalogue, art = read_catalogue(), EmojiArt()
    fluent = cache(partial(art.fluent, size=ART_SIDE))
    for subject in catalogue.subjects:
        source = fluent(subject.label)
        main = analyse(source)
        for number in range(counts.variants):
            random = np.random.default_rng((_SEED, *subject.label.encode(), number))
            variant = choose_variant(subject.label, main.name, catalogue, random)
            caption = ObjectCaption(
                words=subject.words, colour=variant.colour, background=variant.background
            )
            yield compose(source, variant, SIDE, random), Example(single=caption)
    for number in range(counts.pairs):
        picture, pair = draw_pair(catalogue, fluent, np.random.default_rng((_SEED, number)))
        yield picture, Example(pair=pair)
    for scene in all_scenes():
        for number in range(counts.scenes):
            name = f"{scene.kind} {scene.light}"
            random = np.random.default_rng((_SEED, *name.encode(), number))
            yield draw_scene(scene, fluent, SIDE, random), Example(scene=scene.caption())


def build(counts: Counts) -> int:
    """Write `pixels.npy` and `examples.json`; return how many examples they hold."""
    drawn = [
        ((picture * 255).round().astype(np.uint8), asdict(example))
        for picture, example in pictures(counts)
    ]
    pixels = np.lib.format.open_memmap(PIXELS, "w+", np.uint8, (len(drawn), SIDE, SIDE, 3))
    for index, (picture, _) in enumerate(drawn):
        pixels[index] = picture
    pixels.flush()
    EXAMPLES.write_text(json.dumps([row for _, row in drawn]), "utf-8")
    return len(drawn)


def main() -> None:
    """Parse the command line and build."""
    parser = argparse.ArgumentParser(description=__doc__)
    usual = Counts()
    parser.add_argument("--variants", type=int, default=usual.variants, help="of each subject")
    parser.add_argument("--pairs", type=int, default=usual.pairs, help="of two subjects, in all")
    parser.add_argument("--scenes", type=int, default=usual.scenes, help="of each scene")
    print(build(Counts(**vars(parser.parse_args()))), "examples")


if __name__ == "__main__":
    main()
