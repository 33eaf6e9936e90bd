"""How much of the starter's objects four steps keep with its LCM-LoRA, beside twenty without.

`.venv/bin/python -m benchmarks.starter_lcm --lora models/loras/lcm.safetensors` draws the frozen
prompts with both, in Easel's own engine, lets the frozen judge name them, and prints a Markdown
table. `--share 0.2` draws a fifth of them; `--sheet FILE` keeps some pairs.
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
)
from benchmarks.starter import Asked, judged, read_prompts, shares
from recipes.starter.places import MODEL, REPOSITORY
from recipes.starter.sheet import SIDE, make_sheet

_SHOWN = 12


@dataclass(frozen=True)
class Way:
    """A way to draw."""

    label: str
    sampling: ResolvedSampling
    lora: Path | None = None

    def request(self, prompt: str, seed: int) -> ResolvedRequest:
        """The request of one picture."""
        loras = ()
        if self.lora:
            prompt = f"{prompt} <lora:lcm:1>"
            loras = (ResolvedLora(name="lcm", id="lcm", path=str(self.lora)),)
        return ResolvedRequest(
            prompt=PromptSettings(positive=prompt),
            model=ResolvedModel(
                checkpoint="starter",
                name="Starter",
                path=str(MODEL),
                family="sd15",
                sha256="0" * 64,
            ),
            size=ResolvedSize(width=SIDE, height=SIDE),
            sampling=self.sampling,
            seed=seed,
            batch=BatchSettings(),
            loras=loras,
        )


def ways(lora: Path) -> tuple[Way, ...]:
    """Those that are compared."""
    usual = ResolvedSampling(sampler="dpmpp_2m", schedule="karras", steps=20, cfg_scale=4.5)
    few = ResolvedSampling(sampler="lcm", schedule="sgm_uniform", steps=4, cfg_scale=1.0)
    return (
        Way("20 steps of DPM++ 2M, CFG scale 4.5", usual),
        Way("4 steps of LCM without a LoRA", few),
        Way("4 steps of LCM with the LoRA", few, lora),
    )


def drawn(way: Way, asked: Sequence[Asked], folder: Path) -> tuple[list[Image.Image], float]:
    """The pictures, and the seconds of each."""
    kept: dict[str, object] = {}
    places = Places(REPOSITORY, folder / "outputs", folder / "data", REPOSITORY / "models")
    pictures: list[Image.Image] = []
    began = time.perf_counter()
    for number, wish in enumerate(asked):
        context = Context(job=f"{number:012x}", places=places, created=time.time(), kept=kept)
        request = way.request(wish.text, number).model_dump(mode="json")
        ready = [each for each in generate(request, context) if isinstance(each, ImageReady)]
        with Image.open(places.outputs / ready[0].path) as picture:
            pictures.append(picture.convert("RGB"))
    return pictures, (time.perf_counter() - began) / len(asked)


def main() -> int:
    """Draw, judge and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lora", type=Path, required=True)
    parser.add_argument("--share", type=float, default=1.0)
    parser.add_argument("--sheet", type=Path)
    options = parser.parse_args()
    torch.set_num_threads(1)
    asked = read_prompts(options.share).seen
    sys.stdout.write("| way | objects recognised | background right | seconds |\n|-|-|-|-|\n")
    rows: list[list[Image.Image]] = []
    for way in ways(options.lora):
        with tempfile.TemporaryDirectory() as folder:
            pictures, seconds = drawn(way, asked, Path(folder))
        rows.append(pictures)
        values = [np.asarray(each, np.float32) / np.float32(255) for each in pictures]
        found = shares(judged(asked, values))
        sys.stdout.write(
            f"| {way.label} | {found['object']:.0%} | {found['background']:.0%} | {seconds:.2f} |\n"
        )
        sys.stdout.flush()
    if options.sheet:
        columns = zip(
            (each.text for each in asked), map(list, zip(*rows, strict=True)), strict=True
        )
        make_sheet(list(columns)[:_SHOWN], 6).save(options.sheet)
    return 0


if __name__ == "__main__":
    sys.exit(main())
