"""WD taggers: the tags of the boards that anime models learned from.

Source: the models “wd-…-tagger-v3” of SmilingWolf, in the layout of timm: the weights, what they
are in `config.json`, and the tags in `selected_tags.csv`.
"""

import csv
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import timm
import torch
from PIL import Image
from safetensors.torch import load_file
from torch import nn

GENERAL, CHARACTER = 0, 4
"""The categories of tags that captions have; the others rate the picture."""
LIKELY = {GENERAL: 0.35, CHARACTER: 0.75}
"""How sure it has to be of a tag; those that the model's author uses."""
_FACES = 3
"""Tags this short, such as `^_^`, keep their underscores: they are no words."""


@dataclass(frozen=True)
class Tag:
    """What one output of the network stands for."""

    words: str
    category: int


@dataclass(frozen=True)
class WdTagger:
    """The network, and what its outputs stand for."""

    network: nn.Module
    tags: tuple[Tag, ...]
    side: int
    """Of the square pictures that it sees, in pixels."""
    device: torch.device
    dtype: torch.dtype

    @classmethod
    def load(cls, folder: Path, device: torch.device, dtype: torch.dtype) -> Self:
        """Read it from a folder in the layout of timm."""
        told: dict[str, Any] = json.loads((folder / "config.json").read_bytes())
        tags = tuple(_tags_of(folder / "selected_tags.csv"))
        network = timm.create_model(
            told["architecture"],
            pretrained=False,
            num_classes=len(tags),
            **told.get("model_args", {}),
        )
        network.load_state_dict(load_file(folder / "model.safetensors"))
        nn.Module.to(network.eval(), device, dtype)
        side = told["pretrained_cfg"]["input_size"][-1]
        return cls(network, tags, side, device, dtype)

    def describe(self, picture: Image.Image) -> str:
        """The tags that are likely, characters first and then by how likely they are."""
        seen = self._seen(picture)
        with torch.no_grad():
            shares = self.network(seen)[0].float().sigmoid().cpu()
        found = [
            (tag.category != CHARACTER, -share, tag.words)
            for tag, share in zip(self.tags, shares.tolist(), strict=True)
            if share > LIKELY.get(tag.category, 1.0)
        ]
        return ", ".join(words for *_, words in sorted(found))

    def _seen(self, picture: Image.Image) -> torch.Tensor:
        """The picture in a white square, from −1 to 1, blue first; shape (1, 3, side, side)."""
        longest = max(picture.size)
        square = Image.new("RGB", (longest, longest), "white")
        square.paste(picture, ((longest - picture.width) // 2, (longest - picture.height) // 2))
        small = square.resize((self.side, self.side), Image.Resampling.BICUBIC)
        values = np.array(small, dtype=np.float32)[:, :, ::-1] / 127.5 - 1
        pixels = torch.from_numpy(values.copy()).permute(2, 0, 1)[None]
        return pixels.to(self.device, self.dtype)


def _tags_of(table: Path) -> list[Tag]:
    with table.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    return [Tag(_words(row["name"]), int(row["category"])) for row in rows]


def _words(name: str) -> str:
    return name if len(name) <= _FACES else name.replace("_", " ")
