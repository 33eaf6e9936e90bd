"""What the engine asks of a loaded checkpoint, whatever its family."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol, Self

from torch import Tensor

from backend.engine.control.unit import Unit
from backend.engine.memory.workplace import Workplace
from backend.engine.networks import AutoencoderKL
from backend.engine.prompts.reading import PLAIN, Reading
from backend.engine.samplers.base import Denoiser
from backend.engine.schedules.base import NoiseLevels
from backend.engine.seamless import NO_WRAP, Wrap
from backend.engine.window import Window
from backend.schema.base import Frozen
from backend.schema.sampling_settings import TerminalNoise


class LatentToRgb(Frozen):
    """A linear guess of the picture from its latents, for previews."""

    factors: tuple[tuple[float, float, float], ...]
    """One row for each latent channel: what it adds to red, green and blue, in -1 … 1."""
    bias: tuple[float, float, float] = (0.0, 0.0, 0.0)


@dataclass(frozen=True)
class LatentFormat:
    """What a family's latents look like."""

    channels: int
    scale: int
    """Pixels along one side of a latent."""
    to_rgb: LatentToRgb


@dataclass(frozen=True)
class Encoded:
    """One encoded prompt."""

    states: Tensor
    """What the text encoders make of each token, shape (1, tokens, width)."""
    pooled: Tensor | None = None
    """What they make of the whole, shape (1, width), for families that read it."""


@dataclass(frozen=True)
class Conditioning:
    """The encoded prompts, in equal shapes: what to draw and what not."""

    positive: Encoded
    negative: Encoded
    more: tuple[Encoded, ...] = ()
    """What to draw at the same time, each a prompt of its own."""
    weights: tuple[float, ...] = (1.0,)
    """How strongly `positive`, and each of `more`, moves the picture."""

    @classmethod
    def of(cls, encoded: Sequence[Encoded], weights: Sequence[float] = ()) -> Self:
        """Prompts in the order in which models encode them: positive, negative, and more."""
        positive, negative, *more = encoded
        return cls(positive, negative, tuple(more), tuple(weights) or (1.0,) * (len(more) + 1))


@dataclass(frozen=True)
class Masked:
    """What networks see that learned to inpaint."""

    mask: Tensor
    """1 where all is to be painted, 0 where nothing, of each pixel, shape (1, 1, height, width)."""
    left: Tensor
    """The latents of the picture with grey where the mask is, shape (1, channels, …)."""


@dataclass(frozen=True)
class DenoiserSettings:
    """What steers the denoising network besides the prompts."""

    cfg_scale: float
    """How far the estimate is moved away from the negative prompt's; 1 leaves that out."""
    width: int
    """Of the picture, in pixels."""
    height: int
    guidance: float | None = None
    """For networks that learned to be told it."""
    cfg_rescale: float = 0.0
    """How much of the contrast that guidance adds is taken back, from 0 to 1."""
    terminal_noise: TerminalNoise | None = None
    """Where the noise levels end; None as the checkpoint says."""
    wrap: Wrap = NO_WRAP
    """Along which sides the picture continues at its opposite edge; for convolutions."""
    masked: Masked | None = None
    """For networks that learned to inpaint; None where all is to be painted."""
    controls: tuple[Unit, ...] = ()
    """The pictures that steer the drawing, which control models follow."""
    window: Window = field(default_factory=Window)
    """Which part of the picture is seen, where it is drawn in tiles."""


class Model(Protocol):
    """A loaded checkpoint.

    Its methods turn gradients off within themselves only, because a training may share the weights.
    """

    @property
    def vae(self) -> AutoencoderKL:
        """What turns its latents into pictures; see `families.decoding`."""
        ...

    @property
    def latent_format(self) -> LatentFormat:
        """What its latents look like."""
        ...

    @property
    def workplace(self) -> Workplace:
        """Where its parts work."""
        ...

    def levels_for(
        self, width: int, height: int, terminal: TerminalNoise | None = None
    ) -> NoiseLevels:
        """The noise levels it was trained at, for a picture of this size in pixels.

        Args:
            width: Of the picture.
            height: Of the picture.
            terminal: Where they end, for networks that noise is added for; None as the checkpoint
                says.
        """
        ...

    @property
    def sees_mask(self) -> bool:
        """Whether its network learned to inpaint, and is told the mask."""
        ...

    @property
    def deaf_to_weights(self) -> str:
        """What weights in a prompt do not reach, as a sentence; empty where they reach all."""
        ...

    def encode_prompts(
        self, positive: str, negative: str, *more: str, reading: Reading = PLAIN
    ) -> Conditioning:
        """Encode what to draw, what not, and what to draw at the same time.

        All get the same number of tokens. Brackets in them weigh words, see `prompts.attention`,
        and the names of embeddings stand for their vectors.
        """
        ...

    def denoiser(self, conditioning: Conditioning, settings: DenoiserSettings) -> Denoiser:
        """The guided estimate of the clean latents, one call of the network for both prompts."""
        ...
