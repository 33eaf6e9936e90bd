"""Random numbers as NVIDIA's cards draw them, on any machine.

A1111 draws a picture's noise on the card by default. A card's generator is a function of the seed,
of the number's place and of how often was drawn, so it can be worked out elsewhere.

Source: Salmon et al. 2011, “Parallel random numbers: as easy as 1, 2, 3” (Philox-4x32-10); NVIDIA's
cuRAND for the way from whole numbers to normal ones.
"""

import math
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

_ROUNDS = 10
_MULTIPLIERS = (np.uint64(0xD2511F53), np.uint64(0xCD9E8D57))
_KEY_STEPS = (0x9E3779B9, 0xBB67AE85)
_LOW = np.uint64(0xFFFFFFFF)
_HALF = np.uint64(32)
_PIECE = 2.0**-32

Words = NDArray[np.uint64]
"""Numbers below 2³², in 64 bits because their products need them."""


class CardDraws:
    """Standard normal numbers from a seed, as `torch.randn` gives them on an NVIDIA card.

    That holds for as many numbers as the card takes at once, which differs between cards and is
    more than a picture of usual size has.
    """

    def __init__(self, seed: int) -> None:
        """Begin with a seed from 0 to 2⁶⁴ - 1."""
        self._key = (seed & 0xFFFFFFFF, seed >> 32)
        self._drawn = 0

    def draw(self, shape: Sequence[int]) -> Tensor:
        """Draw the next numbers, float32."""
        count = math.prod(shape)
        place, none = np.arange(count, dtype=np.uint64), np.zeros(count, dtype=np.uint64)
        first, second, *_ = philox((none + np.uint64(self._drawn), none, place, none), self._key)
        self._drawn += 1
        radius = np.sqrt(-2 * np.log((first + 0.5) * _PIECE))
        angle = (second + 0.5) * (_PIECE * 2 * math.pi)
        return torch.from_numpy((radius * np.sin(angle)).astype(np.float32)).reshape(tuple(shape))


def philox(
    counter: tuple[Words, Words, Words, Words], key: tuple[int, int]
) -> tuple[Words, Words, Words, Words]:
    """Mix counters, each of four words of 32 bits, into as many random words."""
    a, b, c, d = counter
    for number in range(_ROUNDS):
        keys = (
            np.uint64((start + number * step) & 0xFFFFFFFF)
            for start, step in zip(key, _KEY_STEPS, strict=True)
        )
        first, second = a * _MULTIPLIERS[0], c * _MULTIPLIERS[1]
        a, b, c, d = (
            (second >> _HALF) ^ b ^ next(keys),
            second & _LOW,
            (first >> _HALF) ^ d ^ next(keys),
            first & _LOW,
        )
    return a, b, c, d
