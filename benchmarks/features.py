"""What each feature of text to image costs, and what it does.

`.venv/bin/python -m benchmarks.features` draws the same picture with the starter model plainly and
with one feature at a time, in turns, and prints a Markdown table of the processor time of both.
`--sheet FILE` keeps the pictures of the first round, plain and changed side by side.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import torch
from PIL import Image, ImageDraw

from backend.engine.context import Context
from backend.engine.run import generate
from backend.places import Places
from backend.schema.events import ImageReady
from backend.schema.picture_settings import BatchSettings, PromptSettings
from backend.schema.resolved import (
    ResolvedLora,
    ResolvedModel,
    ResolvedRequest,
    ResolvedSampling,
    ResolvedSize,
    ResolvedVariation,
)

ROOT = Path(__file__).resolve().parents[1]
STARTER = ROOT / "models" / "starter"
INK = ROOT / "models" / "loras" / "ink.safetensors"
SIDE = 128
SEED = 3
STEPS = 20
PLAIN = "red apple, 3d style, white background"
NEGATIVE = "flat style"
_LABEL = 16


@dataclass(frozen=True)
class Feature:
    """One feature, and the request that shows it."""

    label: str
    prompt: str = PLAIN
    changes: Mapping[str, object] = field(default_factory=dict[str, object])
    sampling: Mapping[str, object] = field(default_factory=dict[str, object])


def features() -> tuple[Feature, ...]:
    """Every feature that is measured."""
    long = ", ".join([PLAIN, *["3d style, white background, soft light"] * 14])
    lora = ResolvedLora(name="ink", id="loras/ink.safetensors", path=str(INK))
    variation = ResolvedVariation(seed=9, strength=0.25)
    return (
        Feature("weights", "(red:1.4) apple, 3d style, white background"),
        Feature("a prompt of two pieces", long),
        Feature("editing at half-way", "[red:green:0.5] apple, 3d style, white background"),
        Feature("alternation", "[red|green] apple, 3d style, white background"),
        Feature("AND", f"{PLAIN} AND mountain landscape at sunset:0.6"),
        Feature("LoRA", f"{PLAIN} <lora:ink:1>", {"loras": (lora,)}),
        Feature("LoRA at half its weight", f"{PLAIN} <lora:ink:0.5>", {"loras": (lora,)}),
        Feature("CFG rescale 0.7", sampling={"cfg_scale": 9.0, "cfg_rescale": 0.7}),
        Feature("zero terminal SNR", sampling={"terminal_noise": "zero"}),
        Feature("variation 0.25", changes={"variation": variation}),
        Feature("noise as on a card", changes={"noise": "gpu"}),
        Feature("CLIP skip 2", changes={"clip_skip": 2}),
        Feature("UniPC", sampling={"sampler": "uni_pc"}),
        Feature("DPM++ 3M SDE", sampling={"sampler": "dpmpp_3m_sde"}),
        Feature("Heun", sampling={"sampler": "heun"}),
    )


def request(feature: Feature) -> ResolvedRequest:
    """The request of a feature."""
    sampling = {"sampler": "dpmpp_2m", "schedule": "karras", "steps": STEPS, "cfg_scale": 4.5}
    plain = ResolvedRequest(
        prompt=PromptSettings(positive=feature.prompt, negative=NEGATIVE),
        model=ResolvedModel(
            checkpoint="starter",
            name="Starter",
            path=str(STARTER),
            family="sd15",
            sha256="0" * 64,
        ),
        size=ResolvedSize(width=SIDE, height=SIDE),
        sampling=ResolvedSampling.model_validate(sampling | dict(feature.sampling)),
        seed=SEED,
        batch=BatchSettings(),
    )
    return plain.model_copy(update=dict(feature.changes))


class Bench:
    """Draws with one engine, and counts the processor time."""

    def __init__(self, folder: Path) -> None:
        """Draw into a folder."""
        self._folder = folder
        self._kept: dict[str, object] = {}
        self._jobs = 0

    def draw(self, feature: Feature) -> tuple[float, Image.Image]:
        """The processor seconds of one picture, and the picture."""
        self._jobs += 1
        places = Places(ROOT, self._folder / "outputs", self._folder / "data", ROOT / "models")
        context = Context(
            job=f"{self._jobs:012x}",
            places=places,
            created=time.time(),
            finished_indices=frozenset(),
            kept=self._kept,
        )
        began = time.process_time()
        events = list(generate(request(feature).model_dump(mode="json"), context))
        seconds = time.process_time() - began
        ready = next(event for event in events if isinstance(event, ImageReady))
        with Image.open(places.outputs / ready.path) as picture:
            return seconds, picture.convert("RGB")


def measure(rounds: int) -> Iterator[tuple[Feature, float, float, Image.Image, Image.Image]]:
    """For each feature, the seconds without and with it, and the pictures."""
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder))
        for feature in features():
            plain = Feature(
                "plain", sampling={k: v for k, v in feature.sampling.items() if k == "cfg_scale"}
            )
            for each in (plain, feature):  # both are loaded, and their prompts read
                bench.draw(each)
            pairs = [(bench.draw(plain), bench.draw(feature)) for _ in range(rounds)]
            without = median(each[0][0] for each in pairs)
            with_it = median(each[1][0] for each in pairs)
            yield feature, without, with_it, pairs[0][0][1], pairs[0][1][1]


def sheet(found: list[tuple[str, Image.Image, Image.Image]], columns: int = 5) -> Image.Image:
    """The pictures in pairs, without and with each feature, its name below."""
    wide, high = 2 * SIDE + 8, SIDE + _LABEL + 4
    rows = -(-len(found) // columns)
    made = Image.new("RGB", (columns * wide, rows * high), "white")
    pen = ImageDraw.Draw(made)
    for place, (label, before, after) in enumerate(found):
        left, top = place % columns * wide, place // columns * high
        made.paste(before, (left, top))
        made.paste(after, (left + SIDE, top))
        pen.text((left + 2, top + SIDE + 2), label, fill="black")
    return made


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--sheet", type=Path)
    options = parser.parse_args()
    torch.set_num_threads(1)  # two that wait for each other count their waiting too
    sys.stdout.write("| feature | without | with it | change |\n|-|-|-|-|\n")
    pictures: list[tuple[str, Image.Image, Image.Image]] = []
    for feature, without, with_it, before, after in measure(options.rounds):
        change = f"{100 * (with_it / without - 1):+.0f} %"
        sys.stdout.write(f"| {feature.label} | {without:.2f} s | {with_it:.2f} s | {change} |\n")
        sys.stdout.flush()
        pictures.append((feature.label, before, after))
    if options.sheet:
        sheet(pictures).save(options.sheet, quality=90)
    return 0


if __name__ == "__main__":
    sys.exit(main())
