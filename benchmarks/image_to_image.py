"""What the starter makes of a picture: changed, inpainted and outpainted.

`.venv/bin/python -m benchmarks.image_to_image --sheet docs/image-to-image.jpg` asks the whole
program for each picture, as a person would, prints a Markdown table of the seconds, and keeps what
it began with and what became of it side by side.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from PIL import Image, ImageDraw

from backend.places import default_places
from backend.schema.fields import Scalar
from backend.schema.generation import GenerationRequest
from backend.schema.jobs import OWNER
from backend.services.studio import Studio, open_studio

SIDE = 192
_LABEL = 18
_COLUMNS = 5
APPLE = "red apple, 3d style, white background"
LANDSCAPE = "mountain landscape at sunset"


@dataclass(frozen=True)
class Example:
    """One picture, and what it begins with."""

    label: str
    prompt: str
    begins: str
    """Which of the pictures that are drawn first."""
    asked: Mapping[str, Scalar]
    mask: tuple[int, int, int, int] | None = None
    """An ellipse, in shares of 128."""
    shade: int = 255
    large: bool = False
    """Whether it begins with a picture of 512 pixels."""


def examples() -> tuple[Example, ...]:
    """All that is shown."""
    middle, corner = (30, 26, 100, 106), (8, 8, 44, 44)
    green = "green apple, 3d style, white background"
    star = "yellow star, 3d style, white background"
    wide = {"outpaint_left": 64, "outpaint_right": 64, "strength": 1.0}
    return (
        Example("strength 0.3", green, "apple", {"strength": 0.3}),
        Example("strength 0.6", green, "apple", {"strength": 0.6}),
        Example("strength 0.9", green, "apple", {"strength": 0.9}),
        Example("inpainted, 0.8", green, "apple", {"strength": 0.8}, middle),
        Example("a grey mask", green, "apple", {"strength": 0.8}, middle, shade=110),
        Example("content: smear", star, "apple", {"strength": 1, "mask_fill": "smear"}, middle),
        Example("content: noise", star, "apple", {"strength": 1, "mask_fill": "noise"}, middle),
        Example("only masked, 512 px", star, "apple", {"strength": 1}, corner, large=True),
        Example("outpainted", LANDSCAPE, "landscape", wide),
        Example("outpainted below", LANDSCAPE, "landscape", {"outpaint_bottom": 64, "strength": 1}),
    )


class Bench:
    """Draws with the whole program in a folder of its own."""

    def __init__(self, studio: Studio, folder: Path) -> None:
        self._studio = studio
        self._folder = folder
        self._begun: dict[str, Path] = {}

    def draw(self, request: GenerationRequest) -> tuple[float, Path]:
        """The seconds and the file of one picture."""
        began = time.perf_counter()
        job = self._studio.generation.submit(OWNER, request)
        while not (job := self._studio.jobs.view(OWNER, job.id)).state.ended:
            time.sleep(0.02)
        return time.perf_counter() - began, self._studio.gallery.file(OWNER, job.pictures[0].id)

    def first(self, name: str) -> Path:
        """A picture to begin with."""
        if name not in self._begun:
            prompt = {"apple": APPLE, "landscape": LANDSCAPE}[name]
            asked: dict[str, Scalar] = {"prompt": prompt, "seed": 3}
            self._begun[name] = self.draw(GenerationRequest.from_short_names(asked))[1]
        return self._begun[name]

    def show(self, example: Example) -> tuple[float, Image.Image, Image.Image]:
        """The seconds, the picture that it begins with, and the result."""
        begins = self._folder / "begins.png"
        with Image.open(self.first(example.begins)) as picture:
            side = 512 if example.large else picture.width
            before = picture.convert("RGB").resize((side, side), Image.Resampling.LANCZOS)
        before.save(begins)
        asked = {"prompt": example.prompt, "seed": 3, "init": str(begins), **example.asked}
        if example.mask:
            asked["mask"] = str(self._mask(example, before.width))
        seconds, path = self.draw(GenerationRequest.from_short_names(asked))
        with Image.open(path) as picture:
            return seconds, before, picture.convert("RGB")

    def _mask(self, example: Example, side: int) -> Path:
        mask = Image.new("L", (side, side))
        ellipse = [each * side / 128 for each in example.mask or ()]
        ImageDraw.Draw(mask).ellipse(ellipse, fill=example.shade)
        mask.save(self._folder / "mask.png")
        return self._folder / "mask.png"


def drawn() -> Iterator[tuple[Example, float, Image.Image, Image.Image]]:
    """Every example with its seconds, what it begins with, and what became of it."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        places = replace(default_places(), outputs=folder / "outputs", data=folder / "data")
        with open_studio(places) as studio:
            bench = Bench(studio, folder)
            for example in examples():
                yield example, *bench.show(example)


def sheet(found: list[tuple[str, Image.Image, Image.Image]]) -> Image.Image:
    """The pictures in pairs, each with its name below."""
    wide, high = 2 * SIDE + 12, SIDE + _LABEL
    rows = -(-len(found) // _COLUMNS)
    made = Image.new("RGB", (_COLUMNS * wide, rows * high), "white")
    pen = ImageDraw.Draw(made)
    for place, (label, *pictures) in enumerate(found):
        left, top = place % _COLUMNS * wide, place // _COLUMNS * high
        for number, picture in enumerate(pictures):
            picture.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
            size = _grown(picture.size)
            made.paste(picture.resize(size), (left + number * (SIDE + 2), top))
        pen.text((left + 2, top + SIDE + 2), label, fill="black")
    return made


def _grown(size: tuple[int, int]) -> tuple[int, int]:
    """As large as there is room for."""
    share = SIDE / max(size)
    return round(size[0] * share), round(size[1] * share)


def main() -> int:
    """Draw and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sheet", type=Path)
    options = parser.parse_args()
    sys.stdout.write("| what | seconds |\n|-|-|\n")
    pictures: list[tuple[str, Image.Image, Image.Image]] = []
    for example, seconds, before, after in drawn():
        sys.stdout.write(f"| {example.label} | {seconds:.1f} |\n")
        sys.stdout.flush()
        pictures.append((example.label, before, after))
    if options.sheet:
        sheet(pictures).save(options.sheet, quality=88)
    return 0


if __name__ == "__main__":
    sys.exit(main())
