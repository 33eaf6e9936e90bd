"""The judge: a small classifier that says which of the recipe's subjects a picture shows.

It judges the starter model in `benchmarks/starter.py`. Its weights are frozen, so that figures of
different trainings compare; `train_judge` made them.
"""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import cast

import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional

from recipes.starter.places import REPOSITORY

JUDGE = REPOSITORY / "benchmarks" / "starter_judge.safetensors"
SIDE = 64
"""Side of the pictures that the network sees; larger ones are shrunk first."""

_WIDTHS = (24, 48, 72, 96)


class JudgeChangedError(Exception):
    """The judge's file is not the one that earlier figures were measured with."""


class Judge(nn.Module):
    """Four steps of two convolutions, an average and a linear layer over the subjects."""

    def __init__(self, subjects: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        before = 3
        for width in _WIDTHS:
            for inputs, stride in ((before, 2), (width, 1)):
                layers += [
                    nn.Conv2d(inputs, width, 3, stride, padding=1, bias=False),
                    nn.GroupNorm(8, width),
                    nn.SiLU(),
                ]
            before = width
        self.body = nn.Sequential(*layers)
        self.names = nn.Linear(before, subjects)

    def forward(self, pictures: Tensor) -> Tensor:
        """Return the logits (N × subjects) of pictures, N × 3 × side × side, values 0–1."""
        small = functional.interpolate(pictures, (SIDE, SIDE), mode="area")
        return self.names(self.body(small * 2 - 1).mean((2, 3)))


def open_judge(file: Path, subjects: int, sha256: str) -> Judge:
    """Open the frozen judge.

    Raises:
        JudgeChangedError: the file's hash is not `sha256`.
    """
    if hashlib.sha256(file.read_bytes()).hexdigest() != sha256:
        raise JudgeChangedError(
            f"{file.name} has changed. Restore it, or measure the old model with the new one too."
        )
    judge = Judge(subjects)
    judge.load_state_dict({name: value.float() for name, value in load_file(file).items()})
    return judge.eval()


@torch.no_grad()
def recognise(judge: Callable[[Tensor], Tensor], pictures: Tensor) -> list[int]:
    """Return the number of the likeliest subject of each picture."""
    return cast("list[int]", judge(pictures).argmax(1).tolist())
