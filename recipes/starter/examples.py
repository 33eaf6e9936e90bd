"""The stored latents with what they show, as batches of latents and phrased captions."""

import json
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from safetensors.torch import load_file
from torch import Tensor

from recipes.starter.captions import ObjectCaption, SceneCaption, say_object, say_scene
from recipes.starter.catalogue import read_catalogue
from recipes.starter.places import EXAMPLES, LATENTS

Caption = ObjectCaption | SceneCaption


@dataclass(frozen=True, kw_only=True)
class Examples:
    """All latents (N × 4 × 16 × 16, float16) and the caption facts of each."""

    latents: Tensor
    captions: tuple[Caption, ...]

    def __len__(self) -> int:
        """Return the number of examples."""
        return len(self.captions)


def read_examples() -> Examples:
    """Read what `build_data` wrote, without subjects that have left the catalogue since."""
    rows = json.loads(EXAMPLES.read_text("utf-8"))
    captions = [read_caption(row) for row in rows]
    wanted = {subject.words for subject in read_catalogue().subjects}
    kept = [
        index
        for index, caption in enumerate(captions)
        if isinstance(caption, SceneCaption) or caption.words in wanted
    ]
    return Examples(
        latents=load_file(LATENTS)["latents"][kept],
        captions=tuple(captions[index] for index in kept),
    )


def read_caption(row: dict[str, dict[str, str | list[str] | None] | None]) -> Caption:
    """Read one row of what `build_data` or `build_edges` wrote."""
    single, scene = row["single"], row["scene"]
    if single is not None:
        return ObjectCaption(
            words=tuple(single["words"] or ()),
            colour=str(single["colour"]) if single["colour"] else None,
            background=str(single["background"]),
        )
    return SceneCaption(phrases=tuple((scene or {}).get("phrases") or ()))


def say(caption: Caption, random: np.random.Generator) -> str:
    """Phrase a caption."""
    if isinstance(caption, ObjectCaption):
        return say_object(caption, random)
    return say_scene(caption, random)


def shuffled_indices(count: int, batch: int, seed: int) -> Iterator[Tensor]:
    """Yield batches of indices for ever, each example once in every round."""
    generator = torch.Generator().manual_seed(seed)
    while True:
        order = torch.randperm(count, generator=generator)
        for start in range(0, count - batch + 1, batch):
            yield order[start : start + batch]
