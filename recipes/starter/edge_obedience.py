"""Measures whether pictures keep to canny edges: F1 with the ControlNet and without it.

Run `python -m recipes.starter.edge_obedience models/starter`. The maps are those of objects in
colours that training never showed them in, at places that are new; the prompts name object, colour
and background. `--sheet FILE` keeps maps and pictures.
"""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np
import torch
from diffusers.models.controlnets.controlnet import ControlNetModel
from diffusers.pipelines.controlnet.pipeline_controlnet import StableDiffusionControlNetPipeline
from PIL import Image

from recipes.starter.art import EmojiArt
from recipes.starter.build_data import SIDE
from recipes.starter.build_edges import place_anywhere
from recipes.starter.catalogue import read_catalogue
from recipes.starter.compose import Variant, compose
from recipes.starter.edges import EdgeMap, agreement, find_edges
from recipes.starter.obedience import Wish, choose_wishes
from recipes.starter.places import CONTROLNET
from recipes.starter.sheet import GUIDANCE, make_sheet
from recipes.starter.training import lower_priority, mean

COUNT = 50
_SEED = 5151
_BATCH = 5


@dataclass(frozen=True, kw_only=True)
class Task:
    """A prompt with the edges that its picture should have."""

    prompt: str
    edges: EdgeMap

    def map(self) -> Image.Image:
        """Return the map as ControlNets take it: white lines on black."""
        return Image.fromarray(self.edges.astype(np.uint8) * 255).convert("RGB")


def make_tasks(count: int, skip: int = 0) -> list[Task]:
    """Make the same tasks every time, each from the edges of composed art, without the first."""
    art = EmojiArt()
    wishes = choose_wishes(read_catalogue(), skip + count)
    return [_make_task(wish, art, number) for number, wish in enumerate(wishes)][skip:]


def _make_task(wish: Wish, art: EmojiArt, number: int) -> Task:
    random = np.random.default_rng((_SEED, number))
    variant = Variant(
        colour=wish.colour, painted=True, background=wish.background, placing=place_anywhere(random)
    )
    picture = compose(art.fluent(wish.subject.label, SIDE), variant, SIDE, random)
    return Task(prompt=wish.prompt(), edges=find_edges(picture))


def open_controlled(model: Path, controlnet: Path) -> StableDiffusionControlNetPipeline:
    """Open the model with a ControlNet."""
    pipeline = StableDiffusionControlNetPipeline.from_pretrained(
        model,
        controlnet=ControlNetModel.from_pretrained(controlnet, torch_dtype=torch.float32),
        torch_dtype=torch.float32,
    )
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def draw(
    pipeline: StableDiffusionControlNetPipeline, tasks: Sequence[Task], weight: float
) -> list[Image.Image]:
    """Draw each task in 20 steps with its own fixed seed; a weight of 0 ignores the maps."""
    pictures: list[Image.Image] = []
    for start in range(0, len(tasks), _BATCH):
        chunk = tasks[start : start + _BATCH]
        numbers = range(start, start + len(chunk))
        result = pipeline(
            [task.prompt for task in chunk],
            image=[task.map() for task in chunk],
            num_inference_steps=20,
            guidance_scale=GUIDANCE,
            controlnet_conditioning_scale=weight,
            height=SIDE,
            width=SIDE,
            generator=[torch.Generator().manual_seed(_SEED + number) for number in numbers],
            return_dict=False,
        )
        pictures += cast("list[Image.Image]", result[0])
    return pictures


def score(pictures: Sequence[Image.Image], tasks: Sequence[Task]) -> float:
    """Return the mean F1 of the pictures' edges and the maps."""
    values = [np.asarray(one).astype(np.float32) / np.float32(255) for one in pictures]
    return mean(
        agreement(find_edges(one), task.edges) for one, task in zip(values, tasks, strict=True)
    )


def main() -> None:
    """Parse the command line, draw and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path)
    parser.add_argument("--controlnet", type=Path, help="a folder instead of the model's own")
    parser.add_argument("--count", type=int, default=COUNT)
    parser.add_argument("--skip", type=int, default=0, help="leave the first maps out")
    parser.add_argument("--weight", type=float, default=1.0)
    parser.add_argument("--sheet", type=Path)
    options = parser.parse_args()
    tasks = make_tasks(options.count, options.skip)
    pipeline = open_controlled(options.model, options.controlnet or options.model / CONTROLNET)
    rows = [draw(pipeline, tasks, weight) for weight in (0.0, options.weight)]
    print(f"F1 without {score(rows[0], tasks):.3f}, with {score(rows[1], tasks):.3f}")
    if options.sheet is not None:
        columns = [
            (task.prompt, [task.map(), without, controlled])
            for task, without, controlled in zip(tasks, *rows, strict=True)
        ]
        make_sheet(columns, 8).save(options.sheet)


if __name__ == "__main__":
    lower_priority()
    torch.set_num_threads(1)
    main()
