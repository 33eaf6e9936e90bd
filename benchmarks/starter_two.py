"""Two objects in one picture: whether each half of it shows the one that was asked for there."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from recipes.starter.judge import recognise
from recipes.starter.training import mean


@dataclass(frozen=True, kw_only=True)
class AskedTwo:
    """A prompt for two objects, by their labels."""

    left: str
    right: str
    text: str
    background: str


def halves(picture: Tensor) -> tuple[Tensor, Tensor]:
    """Cut the middle squares of the left and the right half out of 1 × 3 × side × side."""
    side = picture.shape[-1]
    rows = picture[..., side // 4 : side - side // 4, :]
    return rows[..., : side // 2], rows[..., side // 2 :]


def two_shares(
    judge: Callable[[Tensor], Tensor],
    labels: Sequence[str],
    asked: Sequence[AskedTwo],
    pictures: Sequence[Tensor],
) -> dict[str, float]:
    """Return the shares of pictures with both objects, and of halves with the right one."""
    cut = [half for picture in pictures for half in halves(picture)]
    named = [labels[number] for number in recognise(judge, torch.cat(cut))]
    right = [
        (named[2 * n] == one.left, named[2 * n + 1] == one.right) for n, one in enumerate(asked)
    ]
    return {
        "both": mean(left and other for left, other in right),
        "half": mean(one for pair in right for one in pair),
    }
