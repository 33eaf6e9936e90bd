"""Writes the prompts that `benchmarks/starter.py` judges by: `seen`, `new` and `two`.

Run `python -m recipes.starter.write_prompts FILE` once after the catalogue has grown, before the
training that they judge, and freeze the file by its hash. `seen` are objects in their own colour
(unnamed) or in one that training shows; `new` are pairs of object and colour that it never shows;
`two` are two objects side by side.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from recipes.starter.catalogue import Catalogue, is_held_out, read_catalogue
from recipes.starter.compose import Random
from recipes.starter.obedience import choose_wishes, prompt_for, prompt_for_two

_SEEN, _NEW, _TWO = 200, 100, 50
_SEED = 20261130
_HEAD = """\
# The frozen prompts of `benchmarks/starter.py`, as `recipes.starter.write_prompts` wrote them, and
# never changed, so that figures compare. `seen` are objects in their own colour (unnamed) or in one
# that training shows; `new` are pairs of object and colour that training never shows; `two` are two
# objects side by side.
"""


def seen_rows(catalogue: Catalogue, random: Random) -> Iterator[dict[str, str]]:
    """Yield as many prompts as are wanted, every subject about as often as every other."""
    subjects = catalogue.subjects
    order = np.concatenate([random.permutation(len(subjects)) for _ in range(4)])[:_SEEN]
    for number in order:
        subject = subjects[int(number)]
        row, colour, background = {"label": subject.label}, None, "white"
        if random.random() < 0.6:
            free = [name for name in catalogue.colours if not is_held_out(subject.label, name)]
            row["colour"] = colour = str(random.choice(free))
        if colour == "white" or random.random() < 0.5:
            others = [name for name in catalogue.backgrounds if name != colour]
            background = str(random.choice(others))
        text = prompt_for(subject, colour, background)
        yield row | {"background": background, "text": text}


def new_rows(catalogue: Catalogue) -> Iterator[dict[str, str]]:
    """Yield as many held-out pairs as are wanted."""
    for wish in choose_wishes(catalogue, _NEW):
        yield {
            "label": wish.subject.label,
            "colour": wish.colour,
            "background": wish.background,
            "text": wish.prompt(),
        }


def two_rows(catalogue: Catalogue, random: Random) -> Iterator[dict[str, str]]:
    """Yield as many prompts for two subjects as are wanted, no subject twice."""
    order = random.permutation(len(catalogue.subjects))
    for number in range(_TWO):
        places = order[2 * number : 2 * number + 2]
        left, right = (catalogue.subjects[int(place)] for place in places)
        background = str(random.choice(catalogue.backgrounds)) if number % 2 else "white"
        yield {
            "left": left.label,
            "right": right.label,
            "background": background,
            "text": prompt_for_two(left, right, background),
        }


def write(file: Path) -> None:
    """Write the lists as TOML."""
    catalogue = read_catalogue()
    lists = {
        "seen": list(seen_rows(catalogue, np.random.default_rng(_SEED))),
        "new": list(new_rows(catalogue)),
        "two": list(two_rows(catalogue, np.random.default_rng(_SEED + 1))),
    }
    text = _HEAD
    for name, rows in lists.items():
        text += f"\n{name} = [\n"
        for row in rows:
            text += "  { " + ", ".join(f'{key} = "{value}"' for key, value in row.items()) + " },\n"
        text += "]\n"
    file.write_text(text, "utf-8")


def main() -> None:
    """Parse the command line and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    write(parser.parse_args().file)


if __name__ == "__main__":
    main()
