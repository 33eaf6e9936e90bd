"""The network of SD 3 and SD 3.5 at work: noise levels, guidance, decoding."""

from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor

from backend.engine.families.base import (
    Conditioning,
    DenoiserSettings,
    LatentFormat,
)
from backend.engine.families.guiding import PromptRows, Rows
from backend.engine.families.steering import Steering
from backend.engine.memory.workplace import Workplace
from backend.engine.networks import AutoencoderKL, SD3Transformer2DModel
from backend.engine.prompts.reading import PLAIN, Reading
from backend.engine.prompts.remembered import EncodePrompts
from backend.engine.schedules.base import NoiseLevels
from backend.schema.errors import OutOfRangeError
from backend.schema.sampling_settings import TerminalNoise

TIMESTEPS = 1000
"""What the network calls noise alone."""


@dataclass(frozen=True)
class StableDiffusion3:
    """A loaded checkpoint; see `families.base.Model`."""

    transformer: SD3Transformer2DModel
    vae: AutoencoderKL
    encode: EncodePrompts
    levels: NoiseLevels
    latent_format: LatentFormat
    workplace: Workplace
    deaf_to_weights: str = ""

    @property
    def longest_side(self) -> int:
        """In pixels, of a picture whose every place the network knows."""
        config = self.transformer.config
        return config["pos_embed_max_size"] * config["patch_size"] * self.latent_format.scale

    @property
    def sees_mask(self) -> bool:
        """Whether it learned to inpaint: it did not."""
        return False

    def levels_for(
        self, width: int, height: int, terminal: TerminalNoise | None = None
    ) -> NoiseLevels:
        """The noise levels it was trained at, the same for every size."""
        del width, height, terminal  # flow always begins with noise alone
        return self.levels

    def encode_prompts(
        self, positive: str, negative: str, *more: str, reading: Reading = PLAIN
    ) -> Conditioning:
        """Encode what to draw, what not, and what to draw at the same time."""
        return Conditioning.of(self.encode((positive, negative, *more), reading))

    def denoiser(
        self, conditioning: Conditioning, settings: DenoiserSettings
    ) -> "VelocityDenoiser":
        """The guided estimate of the clean latents; at a CFG scale of 1 without the negative.

        Raises:
            OutOfRangeError: When the picture is larger than the network can place.
        """
        for side, pixels in (("width", settings.width), ("height", settings.height)):
            if pixels > self.longest_side:
                raise OutOfRangeError(
                    f"This checkpoint draws pictures of up to {self.longest_side} pixels along a "
                    f"side, not {pixels}.",
                    f"Choose a smaller {side}, and enlarge the picture afterwards.",
                    f"size.{side}",
                )
        return VelocityDenoiser(
            self,
            PromptRows.of(conditioning, settings.cfg_scale, settings.cfg_rescale),
            Steering(settings.controls, settings.window, self.workplace),
        )


@dataclass(frozen=True)
class VelocityDenoiser:
    """The guided estimate of the clean latents."""

    model: StableDiffusion3
    rows: PromptRows
    steering: Steering

    def __call__(self, x: Tensor, sigma: Tensor) -> Tensor:
        """Estimate the clean latents from `x`, shape (batch, 16, height, width), at `sigma`."""
        return x - self._velocity(x, sigma) * sigma

    def _velocity(self, x: Tensor, sigma: Tensor) -> Tensor:
        """The way from the clean latents to the noise, guided; one call for both prompts."""
        transformer = self.model.transformer
        rows = self.rows.for_pictures(len(x))
        batch = x.repeat(self.rows.prompts, 1, 1, 1).to(transformer.dtype)
        inputs: dict[str, Tensor] = {
            "hidden_states": batch,
            "timestep": (sigma * TIMESTEPS).float().to(x.device).expand(len(batch)),
            "encoder_hidden_states": rows.states.to(batch.dtype),
            "pooled_projections": cast("Tensor", rows.pooled).to(batch.dtype),
        }
        told: dict[str, Rows] = {**inputs}

        def network(**told: Rows) -> Tensor:
            return transformer(**told, return_dict=False)[0]

        workplace, steering = self.model.workplace, self.steering.at(sigma)
        with torch.no_grad(), workplace.at_work(transformer, *steering.beside):
            patch = transformer.config["patch_size"]
            tokens = (x.shape[2] // patch, x.shape[3] // patch)
            for residuals in steering.residuals(rows, inputs, tokens):
                told["block_controlnet_hidden_states"] = residuals
            output = rows.asked(network, told, in_turn=workplace.prompts_in_turn)
        return rows.mix(output.to(x.dtype))
