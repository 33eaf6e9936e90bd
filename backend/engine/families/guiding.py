"""Classifier-free guidance: both prompts in one call of the network, and mixing what it says.

Source: Ho and Salimans 2022 (arXiv:2207.12598).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Self

import torch
from torch import Tensor

from backend.engine.families.base import Conditioning

Rows = Tensor | Sequence[Tensor]
"""What a network is told row by row."""


@dataclass(frozen=True)
class PromptRows:
    """The prompts that one call of the network reads: the negative first, where there is one."""

    states: Tensor
    """Shape (prompts × pictures, tokens, width), the pictures of a prompt together."""
    pooled: Tensor | None
    """Shape (prompts × pictures, width)."""
    cfg_scale: float
    weights: tuple[float, ...] = (1.0,)
    """How strongly each prompt but the negative moves the picture."""
    cfg_rescale: float = 0.0
    """How much of the contrast that guidance adds is taken back, from 0 to 1."""

    @classmethod
    def of(cls, conditioning: Conditioning, cfg_scale: float, cfg_rescale: float = 0.0) -> Self:
        """The rows for one picture; a CFG scale of 1 leaves the negative prompt out.

        It is needed all the same where what is drawn is not one prompt of weight 1.
        """
        rows = [conditioning.positive, *conditioning.more]
        if _is_guided(cfg_scale, conditioning.weights):
            rows = [conditioning.negative, *rows]
        pooled = [row.pooled for row in rows if row.pooled is not None]
        return cls(
            torch.cat([row.states for row in rows]),
            torch.cat(pooled) if pooled else None,
            cfg_scale,
            conditioning.weights,
            cfg_rescale,
        )

    @property
    def guided(self) -> bool:
        """Whether there is a negative prompt."""
        return _is_guided(self.cfg_scale, self.weights)

    @property
    def prompts(self) -> int:
        """How many prompts there are."""
        return len(self.weights) + self.guided

    def negatives(self, pictures: int, *, in_turn: bool) -> list[int]:
        """How many rows of each call for so many pictures are of the negative prompt."""
        first = self.guided * pictures
        return [first, *([0] * (self.prompts - 1))] if in_turn else [first]

    def for_pictures(self, count: int) -> "PromptRows":
        """The rows for a batch of pictures."""
        pooled = None if self.pooled is None else self.pooled.repeat_interleave(count, dim=0)
        return replace(self, states=self.states.repeat_interleave(count, dim=0), pooled=pooled)

    def asked(
        self, network: Callable[..., Tensor], inputs: Mapping[str, Rows], *, in_turn: bool
    ) -> Tensor:
        """What the network says of all rows.

        Args:
            network: Reads rows by the names of its inputs.
            inputs: Each with as many rows as there are prompts × pictures, prompt after prompt;
                some are lists of such.
            in_turn: Whether it reads one prompt after the other, which takes less memory.
        """
        turns = self.prompts if in_turn else 1
        pieces = {name: _in_turns(rows, turns) for name, rows in inputs.items()}
        said = [
            network(**{name: each[turn] for name, each in pieces.items()}) for turn in range(turns)
        ]
        return said[0] if turns == 1 else torch.cat(said)

    def mix(self, output: Tensor) -> Tensor:
        """The guided output of the network, from what it says of each prompt.

        Args:
            output: Shape (prompts × pictures, ...), for as many pictures as you like.

        Source: for several prompts, Liu et al. 2022 (arXiv:2206.01714), equation 11.
        """
        if not self.guided:
            return output
        negative, *drawn = output.chunk(self.prompts)
        mixed = self._moved(negative, drawn, self.cfg_scale)
        if self.cfg_rescale == 0:
            return mixed
        return rescaled(mixed, self._moved(negative, drawn, 1.0), self.cfg_rescale)

    def _moved(self, negative: Tensor, drawn: Sequence[Tensor], scale: float) -> Tensor:
        moved = negative
        for weight, each in zip(self.weights, drawn, strict=True):
            moved = moved + weight * scale * (each - negative)
        return moved


def _in_turns(rows: Rows, turns: int) -> Sequence[Rows]:
    if isinstance(rows, Tensor):
        return rows.chunk(turns)
    return list(zip(*(each.chunk(turns) for each in rows), strict=True))


def rescaled(guided: Tensor, plain: Tensor, share: float) -> Tensor:
    """Take back contrast that guidance added: the spread becomes that of the unguided output.

    Args:
        guided: The guided output, shape (pictures, ...).
        plain: The same without guidance.
        share: How much of it is taken back, from 0 to 1.

    Source: Lin et al. 2023 (arXiv:2305.08891), equations 15 and 16.
    """
    dims = tuple(range(1, guided.ndim))
    ratio = plain.std(dim=dims, keepdim=True) / guided.std(dim=dims, keepdim=True)
    return guided * (share * ratio + (1 - share))


def _is_guided(cfg_scale: float, weights: tuple[float, ...]) -> bool:
    return cfg_scale > 1 or weights != (1.0,)
