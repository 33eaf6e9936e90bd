"""Measures in pixels whether pictures have the colours that their prompts name.

Run `python -m recipes.starter.obedience models/starter`. It draws subjects in colours that
training never showed them in, on coloured backgrounds, and counts right backgrounds and right
objects. The same count over composed art is the ceiling that the measure itself allows.
"""

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from recipes.starter.art import EmojiArt
from recipes.starter.build_data import SIDE
from recipes.starter.catalogue import Catalogue, Subject, is_held_out, read_catalogue
from recipes.starter.colours import RGB, Picture, analyse
from recipes.starter.compose import Placing, Variant, compose
from recipes.starter.sheet import GUIDANCE, Parts, draw, open_pipeline
from recipes.starter.training import lower_priority, mean

_SEED = 4242
_EDGE = 10
_DIFFERENT = 0.15
_NEIGHBOURS = {
    "red": {"pink", "orange"},
    "orange": {"red", "yellow", "brown"},
    "brown": {"orange", "red"},
    "pink": {"red", "purple"},
}
"""Names that people give to the same shade in light and in shadow."""


@dataclass(frozen=True, kw_only=True)
class Wish:
    """A subject in a colour on a background."""

    subject: Subject
    colour: str
    background: str

    def prompt(self) -> str:
        """Return the prompt that asks for it."""
        return prompt_for(self.subject, self.colour, self.background)


def prompt_for(subject: Subject, colour: str | None, background: str) -> str:
    """Return the prompt for a subject in a colour, or in its own where there is none."""
    name = subject.words[0] if colour is None else f"{colour} {subject.words[0]}"
    return f"{name}, 3d style, {background} background"


def prompt_for_two(left: Subject, right: Subject, background: str) -> str:
    """Return the prompt for two subjects side by side in their own colours."""
    return f"{left.words[0]} and {right.words[0]}, 3d style, {background} background"


def choose_wishes(catalogue: Catalogue, count: int) -> list[Wish]:
    """Choose held-out pairs of subject and colour, the same ones every time."""
    random = np.random.default_rng(_SEED)
    pairs = [
        (subject, colour)
        for subject in catalogue.subjects
        for colour in catalogue.colours
        if is_held_out(subject.label, colour)
    ]
    wishes: list[Wish] = []
    for index in random.permutation(len(pairs))[:count]:
        subject, colour = pairs[int(index)]
        free = [name for name in catalogue.backgrounds if name != colour]
        wishes.append(Wish(subject=subject, colour=colour, background=str(random.choice(free))))
    return wishes


def background_of(picture: Picture) -> Picture:
    """Return the mean colour of the four corners."""
    ends = (slice(0, _EDGE), slice(-_EDGE, None))
    corners = [picture[rows, columns].mean((0, 1)) for rows in ends for columns in ends]
    return np.mean(corners, 0).astype(np.float32)


def name_background(picture: Picture) -> str:
    """Name the background by the nearest of the twelve colours."""
    found = background_of(picture)
    return min(RGB, key=lambda name: float(np.abs(found - np.array(RGB[name]) / 255).sum()))


def has_colour(picture: Picture, colour: str) -> bool:
    """Say whether the main colour of what is not background is `colour` or a shade of it."""
    cover = np.abs(picture - background_of(picture)).max(-1, keepdims=True) > _DIFFERENT
    if cover.mean() < 0.05:
        return False
    found = analyse(np.concatenate([picture, cover.astype(np.float32)], -1)).name
    return found == colour or found in _NEIGHBOURS.get(colour, set())


def score(pictures: list[Picture], wishes: list[Wish]) -> dict[str, float]:
    """Return the shares of pictures whose background and whose object are right."""
    pairs = list(zip(pictures, wishes, strict=True))
    return {
        "background": mean(name_background(p) == wish.background for p, wish in pairs),
        "object": mean(has_colour(p, wish.colour) for p, wish in pairs),
    }


def compose_wish(wish: Wish, art: EmojiArt) -> Picture:
    """Compose what the wish asks for from the art itself."""
    variant = Variant(
        colour=wish.colour, painted=True, background=wish.background, placing=Placing()
    )
    source = art.fluent(wish.subject.label, SIDE)
    return compose(source, variant, SIDE, np.random.default_rng(_SEED))


def main() -> None:
    """Parse the command line, draw and count."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path)
    parser.add_argument("--unet", type=Path)
    parser.add_argument("--text-encoder", type=Path)
    parser.add_argument("--count", type=int, default=40)
    parser.add_argument("--guidance", type=float, default=GUIDANCE)
    options = parser.parse_args()
    wishes, art = choose_wishes(read_catalogue(), options.count), EmojiArt()
    parts = Parts(unet=options.unet, text_encoder=options.text_encoder)
    pipeline = open_pipeline(options.model, parts)
    drawn = draw(pipeline, [wish.prompt() for wish in wishes], 1, options.guidance)
    pictures = [np.asarray(picture).astype(np.float32) / np.float32(255) for picture in drawn]
    print("ceiling", score([compose_wish(wish, art) for wish in wishes], wishes))
    print("model", score(pictures, wishes))


if __name__ == "__main__":
    lower_priority()
    torch.set_num_threads(1)
    main()
