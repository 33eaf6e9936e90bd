"""Classifier-free guidance: both prompts in one call of the network, and mixing what it says.

Source: Ho and Salimans 2022 (arXiv:2207.12598).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor

from backend.engine.families.base import Conditioning


@dataclass(frozen=True)
class PromptRows:
    """The prompts that one call of the network reads: the negative first, where there is one."""

    states: Tensor
    """Shape (prompts × pictures, tokens, width), the pictures of a prompt together."""
    pooled: Tensor | None
    """Shape (prompts × pictures, width)."""
    cfg_scale: float

    @classmethod
    def of(cls, conditioning: Conditioning, cfg_scale: float) -> Self:
        """The rows for one picture; a CFG scale of 1 leaves the negative prompt out."""
        rows = [conditioning.positive]
        if cfg_scale > 1:
            rows = [conditioning.negative, conditioning.positive]
        pooled = [row.pooled for row in rows if row.pooled is not None]
        return cls(
            torch.cat([row.states for row in rows]),
            torch.cat(pooled) if pooled else None,
            cfg_scale,
        )

    @property
    def prompts(self) -> int:
        """How many prompts there are, as long as the rows are those for one picture."""
        return len(self.states)

    def for_pictures(self, count: int) -> "PromptRows":
        """The rows for a batch of pictures."""
        pooled = None if self.pooled is None else self.pooled.repeat_interleave(count, dim=0)
        return PromptRows(self.states.repeat_interleave(count, dim=0), pooled, self.cfg_scale)

    def asked(
        self, network: Callable[..., Tensor], inputs: Mapping[str, Tensor], *, in_turn: bool
    ) -> Tensor:
        """What the network says of all rows.

        Args:
            network: Reads rows by the names of its inputs.
            inputs: Each with as many rows as there are prompts × pictures, prompt after prompt.
            in_turn: Whether it reads one prompt after the other, which takes less memory.
        """
        turns = 2 if in_turn and self.cfg_scale > 1 else 1
        pieces = {name: rows.chunk(turns) for name, rows in inputs.items()}
        said = [
            network(**{name: each[turn] for name, each in pieces.items()}) for turn in range(turns)
        ]
        return said[0] if turns == 1 else torch.cat(said)

    def mix(self, output: Tensor) -> Tensor:
        """The guided output of the network, from what it says of each prompt.

        Args:
            output: Shape (prompts × pictures, ...), for as many pictures as you like.
        """
        if self.cfg_scale <= 1:
            return output
        negative, positive = output.chunk(2)
        return negative + self.cfg_scale * (positive - negative)
