"""From where to where settings give good pictures, which follows from what a model draws best with.

A model that draws in few steps was distilled: it has learned the way that many steps and guidance
would take, and both only do harm. Others bear more and less than their usual settings.
"""

from dataclasses import dataclass
from typing import Self

from backend.schema.catalogue import FamilyDefaults

FEW_STEPS = 10
"""A model whose usual steps are at most so many is a distilled one."""
_SPREAD_STEPS, _SPREAD_CFG, _SPREAD_QUICK_CFG = 5, 2.0, 1.0
_LEAST_OF_GUIDED = 4
_SMALLEST, _LARGEST, _LARGEST_OF_FLOW = 0.5, 2.0, 4.0
"""Shares of the area that it draws best; models that flow were trained with many sizes."""


@dataclass(frozen=True)
class Usual:
    """The ranges of one checkpoint; both ends belong to them."""

    quick: bool
    """Whether it was distilled to draw in few steps."""
    steps: tuple[int, int]
    cfg_scale: tuple[float, float]
    area: tuple[float, float]
    """In pixels."""

    @classmethod
    def of(cls, defaults: FamilyDefaults, *, flows: bool = False) -> Self:
        """The ranges around what a checkpoint draws best with.

        Args:
            defaults: Its own settings.
            flows: Whether noise takes the picture's place in it, as in SD 3 and FLUX.
        """
        steps, scale = defaults.steps, defaults.cfg_scale
        quick = steps <= FEW_STEPS
        area = defaults.width * defaults.height
        guided = scale > 1
        spread = _SPREAD_QUICK_CFG if quick else _SPREAD_CFG
        return cls(
            quick=quick,
            steps=_few(steps, guided=guided)
            if quick
            else (steps - _SPREAD_STEPS, steps + _SPREAD_STEPS),
            cfg_scale=(max(1.0, scale - spread), scale + spread) if guided else (1.0, 1.0),
            area=(area * _SMALLEST, area * (_LARGEST_OF_FLOW if flows else _LARGEST)),
        )


def _few(steps: int, *, guided: bool) -> tuple[int, int]:
    """Of distilled models: those that still take guidance, such as LCM, draw in 4 to 8 steps."""
    return (_LEAST_OF_GUIDED, steps + 2) if guided else (1, max(steps, 4))
