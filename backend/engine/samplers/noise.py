"""The noise of a batch: each picture's own, from its seed alone, on every machine the same."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from backend.engine.samplers.philox import CardDraws
from backend.schema.resolved import ResolvedVariation
from backend.schema.sampling_settings import NoiseOrigin

BROWNIAN_DEPTH = 20
NEARLY_THE_SAME = 0.9995
"""As the mean cosine between two noises; beyond it a turn is hardly defined."""


class PictureNoise:
    """Standard normal noise for a batch, in which picture *i* draws from its own CPU generator.

    A picture's noise does not depend on its neighbours in the batch, and equals what other programs
    draw on the CPU from the same seed: the first draw is the start, the next ones are what
    noise-renewing samplers add.
    """

    def __init__(
        self,
        seeds: Sequence[int],
        shape: Sequence[int],
        *,
        highest: float,
        blended: bool = False,
        device: torch.device | str = "cpu",
        numbers: "Numbers | None" = None,
    ) -> None:
        """Prepare the noise of one batch.

        Args:
            seeds: One for each picture, from 0 to 2³² - 1.
            shape: Of one picture's latents: (channels, height, width).
            highest: The highest noise level that `between` is asked for.
            blended: Whether noise takes the picture's place instead of being added to it.
            device: Where the noise is needed.
            numbers: Which random numbers are drawn; None for the seeds' own, of processors.
        """
        self._shape = tuple(shape)
        self._device = device
        self._blended = blended
        self._numbers = numbers or Numbers()
        self._draws = [self._numbers.of(seed) for seed in seeds]
        self._paths = [BrownianPath(seed, self._shape, highest) for seed in seeds]

    def start(self) -> Tensor:
        """Draw what pictures begin with, shape (batch, channels, height, width)."""
        drawn = [each.draw(self._shape) for each in self._draws]
        if self._numbers.variations:
            pairs = zip(drawn, self._numbers.variations, strict=True)
            drawn = [self._varied(noise, variation) for noise, variation in pairs]
        return torch.stack(drawn).to(self._device)

    def __call__(self) -> Tensor:
        """Draw noise, shape (batch, channels, height, width), independent of all before."""
        return torch.stack([each.draw(self._shape) for each in self._draws]).to(self._device)

    def signal(self, sigma: Tensor) -> Tensor:
        """How much of the clean picture is left at a noise level: 1, or 1 - sigma."""
        return 1 - sigma if self._blended else torch.ones_like(sigma)

    def between(self, sigma: Tensor, sigma_next: Tensor) -> Tensor:
        """Draw the noise of an interval of noise levels, shape (batch, channels, height, width).

        The noise of an interval is the (rescaled) sum of the noise of its parts, so that a picture
        changes little when its steps become more.
        """
        start, end = sigma.item(), sigma_next.item()
        moves = [path.at(end) - path.at(start) for path in self._paths]
        return (torch.stack(moves) / abs(start - end) ** 0.5).to(self._device)

    def _varied(self, noise: Tensor, variation: ResolvedVariation) -> Tensor:
        other = self._numbers.of(variation.seed).draw(self._shape)
        return turned(noise, other, variation.strength)


class Draws(Protocol):
    """Standard normal numbers, one draw after the other."""

    def draw(self, shape: Sequence[int], /) -> Tensor:
        """Draw the next numbers, float32."""
        ...


class ProcessorDraws:
    """Numbers from a seed, as `torch.randn` gives them on processors."""

    def __init__(self, seed: int) -> None:
        self._generator = torch.Generator().manual_seed(seed)

    def draw(self, shape: Sequence[int]) -> Tensor:
        """Draw the next numbers, float32."""
        return torch.randn(tuple(shape), generator=self._generator)


@dataclass(frozen=True)
class Numbers:
    """Which random numbers a batch draws."""

    origin: NoiseOrigin = "cpu"
    variations: Sequence[ResolvedVariation] = ()
    """What is mixed into each picture's start; none for none."""

    def of(self, seed: int) -> Draws:
        """The numbers that a seed gives."""
        return CardDraws(seed) if self.origin == "gpu" else ProcessorDraws(seed)


def turned(noise: Tensor, other: Tensor, share: float) -> Tensor:
    """Turn noise towards other noise on the sphere, so that it stays as strong as noise is.

    Each column of a channel is turned by itself, and all are mixed straight where the two are
    nearly the same: so A1111's variations come out the same.

    Args:
        noise: Shape (channels, height, width).
        other: In the same shape.
        share: How far, from 0 to 1.

    Source: Shoemake 1985, “Animating rotation with quaternion curves”; A1111's web UI for what is
    turned by itself.
    """
    unit, other_unit = (each / each.norm(dim=1, keepdim=True) for each in (noise, other))
    cosine = (unit * other_unit).sum(1, keepdim=True)
    if cosine.mean() > NEARLY_THE_SAME:
        return noise * (1 - share) + other * share
    angle = cosine.clamp(-1, 1).acos()
    return (((1 - share) * angle).sin() * noise + (share * angle).sin() * other) / angle.sin()


class BrownianPath:
    """A random walk W over [0, length], the same however and whenever it is looked at.

    W is fixed at the ends and refined by halving: the middle of each piece deviates from the mean
    of its ends by noise whose seed comes from the piece's place. Pieces of length / 2²⁰ are
    straight.

    Source: Li et al. 2020 (arXiv:2001.01328), section 4, the virtual Brownian tree.
    """

    def __init__(self, seed: int, shape: tuple[int, ...], length: float) -> None:
        self._seed = seed
        self._shape = shape
        self._length = length
        self._visited: dict[tuple[int, int], Tensor] = {}
        self._points: dict[float, Tensor] = {0.0: torch.zeros(shape)}

    def at(self, time: float) -> Tensor:
        """The value of W at `time`, in the shape of a picture's latents.

        The last points and the pieces on the way to the last one are remembered, because steps
        follow each other.
        """
        if time not in self._points:
            recent = dict(list(self._points.items())[-2:])
            self._points = {**recent, time: self._descend(time / self._length)}
        return self._points[time]

    def _descend(self, place: float) -> Tensor:
        left, right = torch.zeros(self._shape), self._noise(0, 0) * self._length**0.5
        if place >= 1:
            return right
        visited: dict[tuple[int, int], Tensor] = {}
        for level in range(1, BROWNIAN_DEPTH + 1):
            piece = int(place * 2 ** (level - 1))
            key = (level, piece)
            visited[key] = self._visited[key] if key in self._visited else self._noise(*key)
            spread = (self._length / 2 ** (level + 1)) ** 0.5
            middle = (left + right) / 2 + visited[key] * spread
            if place * 2**level - 2 * piece < 1:
                right = middle
            else:
                left = middle
        self._visited = visited
        rest = place * 2**BROWNIAN_DEPTH % 1
        return left + (right - left) * rest

    def _noise(self, level: int, piece: int) -> Tensor:
        name = f"{self._seed}/{level}/{piece}".encode()
        seed = int.from_bytes(hashlib.blake2b(name, digest_size=8).digest(), "little", signed=True)
        return torch.randn(self._shape, generator=torch.Generator().manual_seed(seed))
