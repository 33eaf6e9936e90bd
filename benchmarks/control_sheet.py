"""What the starter ControlNet does: maps, and what is drawn without and with them.

`.venv/bin/python -m benchmarks.control_sheet docs/controlnet.jpg` asks the whole program for each
picture, as a person would, prints a Markdown table of the seconds, and keeps map, picture without
it and picture with it side by side.
"""

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from PIL import Image, ImageDraw

from backend.api.waiting import wait_and_tell
from backend.places import default_places
from backend.schema.fields import Scalar
from backend.schema.generation import GenerationRequest
from backend.schema.jobs import OWNER
from backend.schema.maps import MapWish
from backend.services.studio import Studio, open_studio
from benchmarks.image_to_image import Bench

SIDE = 128
"""Of what the starter draws, and of the sheet's pictures."""
COLUMNS = 2
_LABEL, _GAP = 16, 4
_LINE = 2

Draw = Callable[[ImageDraw.ImageDraw], None]


@dataclass(frozen=True)
class Example:
    """A map, and what is drawn by it."""

    label: str
    prompt: str
    outline: Draw | None = None
    """Lines that somebody draws; None for the edges of an apple, smaller and moved."""
    weight: float = 0.8
    end: float = 1.0


def examples() -> tuple[Example, ...]:
    """All that is shown."""
    apple = "yellow apple, 3d style, white background"
    return (
        Example("own lines", "red balloon, 3d style, white background", _balloon, 1.2),
        Example("own lines", "red heart, 3d style, white background", _heart, 1.2),
        Example("own lines", "tropical fish, 3d style, white background", _fish, 1.2),
        Example("own lines", "red mushroom, 3d style, white background", _mushroom, 1.2),
        Example("weight 0.4", apple, weight=0.4),
        Example("weight 0.8", apple),
        Example("weight 1.2", apple, weight=1.2),
        Example("until half of the steps", apple, weight=1.2, end=0.5),
    )


def _balloon(pen: ImageDraw.ImageDraw) -> None:
    pen.ellipse((10, 10, 66, 78), outline="white", width=_LINE)
    pen.line((38, 78, 44, 98, 36, 120), fill="white", width=_LINE)


def _heart(pen: ImageDraw.ImageDraw) -> None:
    pen.arc((50, 20, 86, 56), 170, 360, fill="white", width=_LINE)
    pen.arc((86, 20, 122, 56), 180, 370, fill="white", width=_LINE)
    pen.line((51, 42, 60, 62, 86, 94, 112, 62, 121, 42), fill="white", width=_LINE)


def _fish(pen: ImageDraw.ImageDraw) -> None:
    pen.ellipse((14, 40, 88, 92), outline="white", width=_LINE)
    pen.line((86, 62, 116, 42, 108, 66, 116, 90, 86, 70), fill="white", width=_LINE)
    pen.ellipse((30, 56, 38, 64), outline="white", width=_LINE)


def _mushroom(pen: ImageDraw.ImageDraw) -> None:
    pen.arc((24, 16, 104, 100), 180, 360, fill="white", width=_LINE)
    pen.line((24, 58, 104, 58), fill="white", width=_LINE)
    pen.line((52, 58, 48, 112, 80, 112, 76, 58), fill="white", width=_LINE)


def drawn() -> Iterator[tuple[Example, float, list[Image.Image]]]:
    """Every example with its seconds, and its map, the picture without it, and that with it."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        places = replace(default_places(), outputs=folder / "outputs", data=folder / "data")
        with open_studio(places) as studio:
            bench = Bench(studio, folder)
            for example in examples():
                plain: dict[str, Scalar] = {"prompt": example.prompt, "seed": 3}
                _, without = bench.draw(GenerationRequest.from_short_names(plain))
                shown = _map(example, studio, bench, folder)
                unit: dict[str, Scalar] = {
                    "control1_picture": shown,
                    "control1_preprocessor": "none",
                    "control1_weight": example.weight,
                    "control1_end": example.end,
                }
                asked = GenerationRequest.from_short_names(plain | unit)
                seconds, path = bench.draw(asked)
                files = (studio.inputs.find(OWNER, shown).path, without, path)
                yield example, seconds, [_opened(Path(each)) for each in files]


def _map(example: Example, studio: Studio, bench: Bench, folder: Path) -> str:
    """What names an example's map."""
    if example.outline is None:
        with Image.open(bench.first("apple")) as apple:
            smaller = apple.convert("RGB").resize((80, 80), Image.Resampling.LANCZOS)
        placed = Image.new("RGB", (SIDE, SIDE), "white")
        placed.paste(smaller, (44, 40))
        placed.save(folder / "placed.png")
        wish = MapWish(picture=str(folder / "placed.png"), preprocessor="canny")
        made = wait_and_tell(studio, studio.maps.submit(OWNER, wish), sys.stderr).map
        if made is None:
            raise RuntimeError("The map was not made.")
        return made.id
    lines = Image.new("RGB", (SIDE, SIDE))
    example.outline(ImageDraw.Draw(lines))
    lines.save(folder / "lines.png")
    return str(folder / "lines.png")


def _opened(path: Path) -> Image.Image:
    with Image.open(path) as picture:
        return picture.convert("RGB").resize((SIDE, SIDE), Image.Resampling.LANCZOS)


def sheet(found: list[tuple[Example, list[Image.Image]]]) -> Image.Image:
    """Maps, what is drawn without and with them, and below it what was asked."""
    wide, high = 3 * (SIDE + _GAP) + 3 * _GAP, SIDE + _LABEL + _GAP
    made = Image.new("RGB", (COLUMNS * wide, -(-len(found) // COLUMNS) * high), "white")
    pen = ImageDraw.Draw(made)
    for place, (example, pictures) in enumerate(found):
        left, top = place % COLUMNS * wide, place // COLUMNS * high
        for number, picture in enumerate(pictures):
            made.paste(picture, (left + number * (SIDE + _GAP), top))
        words = f"{example.label}: {example.prompt.split(',')[0]}, without and with"
        pen.text((left + 2, top + SIDE + 2), words, fill="black")
    return made


def main() -> int:
    """Draw and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    options = parser.parse_args()
    sys.stdout.write("| map | prompt | seconds |\n|-|-|-|\n")
    pictures: list[tuple[Example, list[Image.Image]]] = []
    for example, seconds, made in drawn():
        sys.stdout.write(f"| {example.label} | {example.prompt} | {seconds:.1f} |\n")
        sys.stdout.flush()
        pictures.append((example, made))
    sheet(pictures).save(options.file, quality=85)
    return 0


if __name__ == "__main__":
    sys.exit(main())
