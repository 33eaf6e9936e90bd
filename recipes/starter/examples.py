"""The stored latents with what they show, as batches of latents and phrased captions."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file
from torch import Tensor

from recipes.starter.captions import (
    ObjectCaption,
    PairCaption,
    SceneCaption,
    say_object,
    say_pair,
    say_scene,
)
from recipes.starter.catalogue import read_catalogue
from recipes.starter.places import EXAMPLES, LATENTS

Caption = ObjectCaption | PairCaption | SceneCaption


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
    kept = [index for index, caption in enumerate(captions) if wanted.issuperset(words_of(caption))]
    return Examples(
        latents=load_file(LATENTS)["latents"][kept],
        captions=tuple(captions[index] for index in kept),
    )


def read_caption(row: dict[str, dict[str, Any] | None]) -> Caption:
    """Read one row of what `build_data` or `build_edges` wrote."""
    single, pair, scene = row["single"], row["pair"], row["scene"]
    if single is not None:
        return _read_object(single)
    if pair is not None:
        return PairCaption(left=_read_object(pair["left"]), right=_read_object(pair["right"]))
    return SceneCaption(phrases=tuple((scene or {}).get("phrases") or ()))


def _read_object(row: dict[str, Any]) -> ObjectCaption:
    return ObjectCaption(
        words=tuple(row["words"]), colour=row["colour"], background=row["background"]
    )


def words_of(caption: Caption) -> tuple[tuple[str, ...], ...]:
    """Return the words of each object that a caption names; a scene names none."""
    match caption:
        case ObjectCaption():
            return (caption.words,)
        case PairCaption():
            return caption.left.words, caption.right.words
        case SceneCaption():
            return ()


def say(caption: Caption, random: np.random.Generator) -> str:
    """Phrase a caption."""
    match caption:
        case ObjectCaption():
            return say_object(caption, random)
        case PairCaption():
            return say_pair(caption, random)
        case SceneCaption():
            return say_scene(caption, random)


def shuffled_indices(count: int, batch: int, seed: int) -> Iterator[Tensor]:
    """Yield batches of indices for ever, each example once in every round."""
    generator = torch.Generator().manual_seed(seed)
    while True:
        order = torch.randperm(count, generator=generator)
        for start in range(0, count - batch + 1, batch):
            yield order[start : start + batch]
