"""Whether a LoRA learns a style from twelve pictures: how often it is there when it is called.

`.venv/bin/python -m benchmarks.style` has the starter draw twelve things, outlines them thickly and
puts them before stripes, and trains a LoRA on that as the page does, with the settings of the goal
“style”. A small classifier, trained on other things in the same style and plainly, then judges 40
prompts that nothing was trained on, with the trigger word and without. `--sheet FILE` keeps some.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional

from backend.places import Places
from backend.schema.generation import GenerationRequest
from backend.schema.jobs import OWNER, JobState, JobView
from backend.schema.training import TrainingRequest
from backend.services.studio import Studio, open_studio
from tests.fixtures.striped import striped, write_dataset

ROOT = Path(__file__).resolve().parents[1]
TRIGGER = "zkw7"
LEARNED = (
    "red apple",
    "yellow banana",
    "blue car",
    "green cactus",
    "pink rose",
    "orange fish",
    "penguin",
    "gray robot",
    "purple umbrella",
    "yellow star",
    "house",
    "red heart",
)
_JUDGED = ("snowman", "pizza", "key", "cloud", "panda", "rocket", "cake", "gift", "moon", "cat")
_ASKED = (
    "butterfly",
    "balloon",
    "sunflower",
    "guitar",
    "crown",
    "bee",
    "sailboat",
    "light bulb",
    "alarm clock",
    "soccer ball",
)
_COLOURS = ("red", "blue", "green", "orange")
HELD_OUT = tuple(f"{colour} {thing}" for thing in _ASKED for colour in _COLOURS)
"""40 prompts that neither the LoRA nor the classifier learned from."""
_SMALL = 32


@dataclass(frozen=True)
class Bench:
    """A studio that draws and trains."""

    studio: Studio
    places: Places

    def draw(self, prompts: Sequence[str], first_seed: int) -> list[Image.Image]:
        """A picture for each prompt, each with a seed of its own."""
        jobs = [
            self.studio.generation.submit(
                OWNER,
                GenerationRequest.from_short_names(
                    {"prompt": prompt, "checkpoint": "starter", "steps": 12, "seed": first_seed + n}
                    | {"width": 128, "height": 128}
                ),
            )
            for n, prompt in enumerate(prompts)
        ]
        return [self._picture(self.ended(job)) for job in jobs]

    def train(self, folder: Path, **values: str | float) -> float:
        """Train a LoRA called as its trigger; returns the seconds."""
        asked = {"dataset": str(folder), "trigger": TRIGGER, "model": "starter", "goal": "style"}
        request = TrainingRequest.from_short_names(asked | values)
        began = time.monotonic()
        self.ended(self.studio.training.submit(OWNER, request))
        return time.monotonic() - began

    def ended(self, job: JobView) -> JobView:
        """Wait for a job.

        Raises:
            RuntimeError: When it fails.
        """
        while not (view := self.studio.jobs.view(OWNER, job.id)).state.ended:
            time.sleep(0.05)
        if view.state is not JobState.FINISHED:
            raise RuntimeError(str(view.failure))
        return view

    def _picture(self, view: JobView) -> Image.Image:
        with Image.open(self.studio.gallery.file(OWNER, view.pictures[0].id)) as picture:
            return picture.convert("RGB")


class Judge:
    """Says whether a picture is in the style."""

    def __init__(self, plain: Sequence[Image.Image], styled: Sequence[Image.Image]) -> None:
        """Learn from pictures of the same things, plainly and in the style."""
        torch.manual_seed(0)
        self._network = nn.Sequential(
            nn.Conv2d(3, 16, 5, 2, 2),
            nn.SiLU(),
            nn.Conv2d(16, 32, 3, 2, 1),
            nn.SiLU(),
            nn.Conv2d(32, 32, 3, 2, 1),
            nn.SiLU(),
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
            nn.Linear(32, 1),
        )
        pictures = torch.cat([_tensor(plain), _tensor(styled)])
        answers = torch.cat([torch.zeros(len(plain)), torch.ones(len(styled))])
        optimiser = torch.optim.AdamW(self._network.parameters(), lr=3e-3)
        for step in range(200):
            seen = pictures + 0.1 * torch.randn_like(pictures)
            seen = seen.flip(3) if step % 2 else seen
            loss = functional.binary_cross_entropy_with_logits(self._network(seen)[:, 0], answers)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()

    def share(self, pictures: Sequence[Image.Image]) -> float:
        """How many of the pictures are in the style, 0–1."""
        with torch.no_grad():
            return float((self._network(_tensor(pictures))[:, 0] > 0).float().mean())


def _tensor(pictures: Sequence[Image.Image]) -> Tensor:
    small = [np.asarray(each.resize((_SMALL * 2, _SMALL * 2))) for each in pictures]
    return torch.from_numpy(np.stack(small)).permute(0, 3, 1, 2).float() / 127.5 - 1


def plainly(things: Sequence[str]) -> list[str]:
    """The prompts by which the starter draws things before white."""
    return [f"{thing}, 3d style, white background" for thing in things]


def judge_of(bench: Bench) -> tuple[Judge, float]:
    """A classifier, and how many of the pictures of other things it names rightly."""
    things = [f"{colour} {thing}" for thing in _JUDGED for colour in _COLOURS]
    plain = bench.draw(plainly(things), 1_000)
    half = len(plain) // 2
    judge = Judge(plain[:half], [striped(each) for each in plain[:half]])
    right = judge.share([striped(each) for each in plain[half:]])
    return judge, (right + 1 - judge.share(plain[half:])) / 2


def sheet(rows: Sequence[Sequence[Image.Image]], columns: int) -> Image.Image:
    """Some pictures of each row."""
    made = Image.new("RGB", (128 * columns, 128 * len(rows)), "white")
    for row, pictures in enumerate(rows):
        for column, picture in enumerate(pictures[:: len(pictures) // columns][:columns]):
            made.paste(picture, (128 * column, 128 * row))
    return made


@dataclass(frozen=True)
class Figures:
    """What came of it; shares are from 0 to 1."""

    accuracy: float
    """Of the classifier, on pictures that it did not learn from."""
    called: float
    """In the style where the trigger word is in the prompt."""
    uncalled: float
    """In the style where it is not, though the LoRA is on."""
    seconds: float
    """Of the training."""
    sheet: Image.Image
    """What was learned, and some pictures with the trigger and without."""


def measure(folder: Path) -> Figures:
    """Draw, train and judge, all in one folder."""
    places = Places(ROOT, folder / "outputs", folder / "data", folder / "models")
    with open_studio(places) as studio:
        bench = Bench(studio, places)
        drawn = bench.draw(plainly(LEARNED), 1)
        write_dataset(folder / "pictures", dict(zip(LEARNED, drawn, strict=True)))
        judge, accuracy = judge_of(bench)
        seconds = bench.train(folder / "pictures")
        worn = f"<lora:{TRIGGER}:1>"
        called = bench.draw([f"{each}, {TRIGGER} {worn}" for each in HELD_OUT], 2_000)
        uncalled = bench.draw([f"{each} {worn}" for each in HELD_OUT], 2_000)
    shown = sheet([[*map(striped, drawn)], called, uncalled], 10)
    return Figures(accuracy, judge.share(called), judge.share(uncalled), seconds, shown)


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sheet", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        figures = measure(Path(temporary))
    if options.sheet:
        figures.sheet.save(options.sheet)
    sys.stdout.write(
        "| | |\n|-|-|\n"
        f"| the classifier on held-out pictures | {figures.accuracy:.0%} |\n"
        f"| in the style with the trigger | {figures.called:.0%} |\n"
        f"| in the style without it | {figures.uncalled:.0%} |\n"
        f"| seconds of the training | {figures.seconds:.0f} |\n"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
