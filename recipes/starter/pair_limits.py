"""Measures what an upscaler could gain on the pairs: `python -m recipes.starter.pair_limits`.

Prints, over the held-out pairs and in dB: how far the small side is from the shrunk clean picture,
three plain enlargements, the best that any linear filter of 5 × 5 pixels does, and what bicubic
enlargement makes of the clean small picture.
"""

import json

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from recipes.starter.train_upscaler import (
    HELD_OUT,
    SCALE,
    Pairs,
    read_pairs,
    signal_to_noise,
    to_tensor,
)
from recipes.starter.training import lower_priority, mean

_WINDOW = 5
_PICTURES, _PIXELS = 40, 1500
"""How many pictures, and how many pixels of each, the linear filter is fitted on."""


def neighbours(small: Tensor) -> Tensor:
    """Return every pixel's 5 × 5 neighbours in all channels and a one, pixels × 76."""
    edge = _WINDOW // 2
    padded = functional.pad(small, (edge, edge, edge, edge), mode="replicate")
    columns = functional.unfold(padded, _WINDOW)[0].T
    return torch.cat([columns, torch.ones(len(columns), 1)], 1)


def fit(pairs: Pairs) -> Tensor:
    """Return the linear filter (76 × 48) with the least squared error on the first pairs."""
    random = np.random.default_rng(0)
    known: list[Tensor] = []
    wanted: list[Tensor] = []
    for index in range(min(_PICTURES, len(pairs.small) - HELD_OUT)):
        rows = neighbours(to_tensor(pairs.small[index][None]))
        cells = functional.pixel_unshuffle(to_tensor(pairs.large[index][None]), SCALE)[0]
        chosen = torch.from_numpy(random.permutation(len(rows))[:_PIXELS])
        known.append(rows[chosen])
        wanted.append(cells.flatten(1).T[chosen])
    solved = torch.linalg.lstsq(
        torch.cat(known).double(), torch.cat(wanted).double(), driver="gelsd"
    )
    return solved.solution.float()


def measure(pairs: Pairs) -> dict[str, float]:
    """Return the figures, rounded to hundredths of a dB."""
    kernel = fit(pairs)
    figures: dict[str, list[float]] = {}
    for index in range(-HELD_OUT, 0):
        small = to_tensor(pairs.small[index][None])
        large = to_tensor(pairs.large[index][None])
        clean = functional.interpolate(large, small.shape[-2:], mode="area")
        linear = (neighbours(small) @ kernel).T.reshape(1, -1, *small.shape[-2:])
        made = {
            "small side": (small, clean),
            "nearest": (functional.interpolate(small, scale_factor=SCALE), large),
            "bilinear": (functional.interpolate(small, scale_factor=SCALE, mode="bilinear"), large),
            "bicubic": (functional.interpolate(small, scale_factor=SCALE, mode="bicubic"), large),
            "best linear filter": (functional.pixel_shuffle(linear, SCALE), large),
            "bicubic of the clean picture": (
                functional.interpolate(clean, scale_factor=SCALE, mode="bicubic"),
                large,
            ),
        }
        for name, (result, wanted) in made.items():
            figures.setdefault(name, []).append(signal_to_noise(result, wanted))
    return {name: round(mean(values), 2) for name, values in figures.items()}


if __name__ == "__main__":
    lower_priority()
    torch.set_num_threads(1)
    print(json.dumps(measure(read_pairs()), indent=2))
