"""The network of FLUX.1 at work: noise levels, packing, guidance, decoding."""

import math
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor
from torch.nn.functional import pixel_unshuffle

from backend.engine.families.all_to_paint import all_to_paint
from backend.engine.families.base import (
    Conditioning,
    DenoiserSettings,
    LatentFormat,
)
from backend.engine.families.guiding import PromptRows, Rows
from backend.engine.families.steering import Steering
from backend.engine.memory.workplace import Workplace
from backend.engine.networks import AutoencoderKL, FluxTransformer2DModel
from backend.engine.prompts.reading import PLAIN, Reading
from backend.engine.prompts.remembered import EncodePrompts
from backend.engine.schedules.base import NoiseLevels
from backend.schema.sampling_settings import TerminalNoise

PATCH = 2
"""Latents along one side of what the transformer reads as one token."""
USUAL_GUIDANCE = 3.5
FILL_CHANNELS = 384
"""Of a token that FLUX.1 Fill reads: the latents', those of what the mask leaves, and the mask."""
_RESIDUALS = ("controlnet_block_samples", "controlnet_single_block_samples")
"""What the network calls what is added behind its double and its single blocks."""


@dataclass(frozen=True)
class Flux1:
    """A loaded checkpoint; see `families.base.Model`."""

    transformer: FluxTransformer2DModel
    vae: AutoencoderKL
    encode: EncodePrompts
    latent_format: LatentFormat
    shift: float | None
    """How far the noise levels are moved up; None where that depends on the picture's size."""
    workplace: Workplace
    deaf_to_weights: str

    @property
    def sees_mask(self) -> bool:
        """Whether the network learned to inpaint, as FLUX.1 Fill did."""
        return self.transformer.config["in_channels"] == FILL_CHANNELS

    def levels_for(
        self, width: int, height: int, terminal: TerminalNoise | None = None
    ) -> NoiseLevels:
        """The noise levels it was trained at, for a picture of this size in pixels."""
        del terminal  # flow always begins with noise alone
        side = self.latent_format.scale * PATCH
        tokens = (width // side) * (height // side)
        return NoiseLevels.flow(resolution_shift(tokens) if self.shift is None else self.shift)

    def encode_prompts(
        self, positive: str, negative: str, *more: str, reading: Reading = PLAIN
    ) -> Conditioning:
        """Encode what to draw, what not, and what to draw at the same time."""
        return Conditioning.of(self.encode((positive, negative, *more), reading))

    def denoiser(self, conditioning: Conditioning, settings: DenoiserSettings) -> "FluxDenoiser":
        """The estimate of the clean latents; at a CFG scale of 1 without the negative prompt."""
        guidance = None
        if self.transformer.config["guidance_embeds"]:
            guidance = USUAL_GUIDANCE if settings.guidance is None else settings.guidance
        rows = PromptRows.of(conditioning, settings.cfg_scale)
        steering = Steering(settings.controls, settings.window, self.workplace, shared=True)
        return FluxDenoiser(self, rows, guidance, steering, self._beside(settings))

    def _beside(self, settings: DenoiserSettings) -> Tensor | None:
        """The tokens that FLUX.1 Fill sees beside the latents': what the mask leaves, and it."""
        if not self.sees_mask:
            return None
        masked = settings.masked or all_to_paint(self.vae, self.workplace, settings)
        mask = pixel_unshuffle(masked.mask, self.latent_format.scale)
        return torch.cat([packed(masked.left), packed(mask)], dim=2)


@dataclass(frozen=True)
class FluxDenoiser:
    """The estimate of the clean latents."""

    model: Flux1
    rows: PromptRows
    guidance: float | None
    """What the network is told of how literally to take the prompt, where it learned to be."""
    steering: Steering
    beside: Tensor | None = None
    """More channels of each token, shape (1, tokens, channels)."""

    def __call__(self, x: Tensor, sigma: Tensor) -> Tensor:
        """Estimate the clean latents from `x`, shape (batch, 16, height, width), at `sigma`."""
        return x - self._velocity(x, sigma) * sigma

    def _velocity(self, x: Tensor, sigma: Tensor) -> Tensor:
        """The way from the clean latents to the noise, guided; one call for both prompts."""
        transformer, workplace = self.model.transformer, self.model.workplace
        height, width = x.shape[2:]
        rows = self.rows.for_pictures(len(x))
        inputs = self._inputs(rows, x, sigma)
        told: dict[str, Rows] = {**inputs}
        if self.beside is not None:
            tokens = inputs["hidden_states"]
            beside = self.beside.to(tokens).expand(len(tokens), -1, -1)
            told["hidden_states"] = torch.cat([tokens, beside], dim=2)
        img_ids = positions(height, width, x.device)
        txt_ids = torch.zeros(rows.states.shape[1], 3, device=x.device)

        def network(**told: Rows) -> Tensor:
            return transformer(**told, img_ids=img_ids, txt_ids=txt_ids, return_dict=False)[0]

        steering, tokens = self.steering.at(sigma), (height // PATCH, width // PATCH)
        with torch.no_grad(), workplace.at_work(transformer, *steering.beside):
            residuals = steering.residuals(rows, inputs, tokens)
            told |= {name: each for name, each in zip(_RESIDUALS, residuals, strict=False) if each}
            output = rows.asked(network, told, in_turn=workplace.prompts_in_turn)
        return rows.mix(unpacked(output.to(x.dtype), height, width))

    def _inputs(self, rows: PromptRows, x: Tensor, sigma: Tensor) -> dict[str, Tensor]:
        """What the network is told row by row, but for where the rows' tokens lie."""
        tokens = packed(x).repeat(self.rows.prompts, 1, 1).to(self.model.transformer.dtype)
        inputs = {
            "hidden_states": tokens,
            "encoder_hidden_states": rows.states.to(tokens.dtype),
            "pooled_projections": cast("Tensor", rows.pooled).to(tokens.dtype),
            "timestep": sigma.to(tokens).expand(len(tokens)),
        }
        if self.guidance is not None:
            inputs["guidance"] = torch.full((len(tokens),), self.guidance, device=x.device)
        return inputs


def packed(latents: Tensor) -> Tensor:
    """Make a token of each 2 × 2 latents.

    Args:
        latents: Shape (batch, channels, height, width), of even height and width.

    Returns:
        Shape (batch, height / 2 × width / 2, channels × 4), row by row; in a token all of one
        channel together.
    """
    patches = latents.unflatten(2, (-1, PATCH)).unflatten(4, (-1, PATCH))
    return patches.permute(0, 2, 4, 1, 3, 5).flatten(3).flatten(1, 2)


def unpacked(tokens: Tensor, height: int, width: int) -> Tensor:
    """Undo `packed` for latents of this size, shape (batch, channels, height, width)."""
    patches = tokens.unflatten(1, (height // PATCH, width // PATCH))
    patches = patches.unflatten(3, (-1, PATCH, PATCH))
    return patches.permute(0, 3, 1, 4, 2, 5).flatten(4).flatten(2, 3)


def positions(height: int, width: int, device: torch.device) -> Tensor:
    """Where each token of latents of this size lies: (0, row, column), shape (tokens, 3)."""
    rows = torch.arange(height // PATCH, device=device)
    columns = torch.arange(width // PATCH, device=device)
    grid = torch.cartesian_prod(rows, columns)
    return torch.nn.functional.pad(grid, (1, 0))


def resolution_shift(tokens: int) -> float:
    """How far the noise levels of a picture of so many tokens are moved up, 1 for not at all.

    Its logarithm is 0.5 at 256 tokens and 1.15 at 4096, and linear in between and beyond.

    Source: Black Forest Labs' flux, `sampling.py`; see also Esser et al. 2024 (arXiv:2403.03206),
    section 5.3.2.
    """
    return math.exp(0.5 + (tokens - 256) * (1.15 - 0.5) / (4096 - 256))
