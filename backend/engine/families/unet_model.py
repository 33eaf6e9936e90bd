"""What the families with a UNet that predicts noise have in common: SD 1.x, SD 2.x and SDXL."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from backend.engine.families.base import (
    Conditioning,
    DenoiserSettings,
    LatentFormat,
)
from backend.engine.families.guiding import PromptRows
from backend.engine.loading.scheduler_config import SchedulerConfig
from backend.engine.memory.workplace import Workplace
from backend.engine.networks import AutoencoderKL, UNet2DConditionModel
from backend.engine.prompts.reading import PLAIN, Reading
from backend.engine.prompts.remembered import EncodePrompts
from backend.engine.schedules.base import NoiseLevels
from backend.schema.errors import ModelError
from backend.schema.sampling_settings import TerminalNoise

Predicts = Literal["epsilon", "v_prediction"]
AddedConditions = Callable[[PromptRows, DenoiserSettings], dict[str, Tensor]]
"""What a family tells its UNet besides noise level and prompts, for rows of whole batches."""

_INPAINTING_CHANNELS = 5
"""The mask, and the latents of what it leaves."""


@dataclass(frozen=True)
class UNetModel:
    """A loaded checkpoint; see `families.base.Model`."""

    unet: UNet2DConditionModel
    vae: AutoencoderKL
    encode: EncodePrompts
    scheduler: SchedulerConfig
    levels: NoiseLevels
    """As the scheduler says them."""
    latent_format: LatentFormat
    predicts: Predicts
    workplace: Workplace
    added: AddedConditions | None = None
    deaf_to_weights: str = ""

    def levels_for(
        self, width: int, height: int, terminal: TerminalNoise | None = None
    ) -> NoiseLevels:
        """The noise levels it was trained at, the same for every size."""
        del width, height
        return self.levels if terminal is None else self.scheduler.noise_levels(terminal)

    def encode_prompts(
        self, positive: str, negative: str, *more: str, reading: Reading = PLAIN
    ) -> Conditioning:
        """Encode what to draw, what not, and what to draw at the same time."""
        return Conditioning.of(self.encode((positive, negative, *more), reading))

    def denoiser(self, conditioning: Conditioning, settings: DenoiserSettings) -> "UNetDenoiser":
        """The guided estimate of the clean latents."""
        told = self.unet.config["time_cond_proj_dim"]  # the scale is told, not mixed in: LCM
        scale = 1.0 if told else settings.cfg_scale
        rows = PromptRows.of(conditioning, scale, settings.cfg_rescale)
        levels = self.levels_for(settings.width, settings.height, settings.terminal_noise)
        return UNetDenoiser(self, rows, settings, levels, self._beside(settings))

    def _beside(self, settings: DenoiserSettings) -> Tensor | None:
        """What an inpainting UNet sees beside the latents: here, that all is to be painted."""
        extra = self.unet.config["in_channels"] - self.latent_format.channels
        if extra == 0:
            return None
        if extra != _INPAINTING_CHANNELS:
            raise ModelError(
                "This checkpoint draws from a picture, not from words alone.",
                "Choose another checkpoint for text to image.",
            )
        grey = torch.zeros(1, 3, settings.height, settings.width, device=self.workplace.device)
        with torch.no_grad(), self.workplace.at_work(self.vae):
            said = self.vae.encode(grey.to(self.vae.dtype), return_dict=False)
            kept = said[0].mode()
        kept = kept * self.vae.config["scaling_factor"]
        return torch.cat([torch.ones_like(kept[:, :1]), kept], dim=1)


@dataclass(frozen=True)
class UNetDenoiser:
    """The guided estimate of the clean latents."""

    model: UNetModel
    rows: PromptRows
    settings: DenoiserSettings
    levels: NoiseLevels
    beside: Tensor | None
    """More channels for the UNet's input, shape (1, channels, height, width)."""

    def __call__(self, x: Tensor, sigma: Tensor) -> Tensor:
        """Estimate the clean latents from `x`, shape (batch, 4, height, width), at `sigma`."""
        shrink = (sigma**2 + 1).rsqrt()  # to the unit variance that the network was trained on
        output = self._predict(x * shrink, self.levels.timestep(sigma))
        if self.model.predicts == "v_prediction":
            return x * shrink**2 - output * (sigma * shrink)
        return x - output * sigma

    def _predict(self, scaled: Tensor, timestep: Tensor) -> Tensor:
        """The network's output, guided, in the dtype of `scaled`; one call for both prompts."""
        unet = self.model.unet
        rows = self.rows.for_pictures(len(scaled))
        seen = scaled
        if self.beside is not None:
            seen = torch.cat([scaled, self.beside.expand(len(scaled), -1, -1, -1)], dim=1)
        told_scale, time = self._told_scale(), timestep.float().to(scaled.device)

        def network(seen: Tensor, states: Tensor, **added: Tensor) -> Tensor:
            return unet(
                seen,
                time,
                encoder_hidden_states=states,
                timestep_cond=told_scale,
                added_cond_kwargs=added or None,
                return_dict=False,
            )[0]

        inputs = {
            "seen": seen.repeat(self.rows.prompts, 1, 1, 1).to(unet.dtype),
            "states": rows.states.to(unet.dtype),
            **self._added(rows),
        }
        workplace = self.model.workplace
        with torch.no_grad(), workplace.at_work(unet):
            output = rows.asked(network, inputs, in_turn=workplace.prompts_in_turn)
        return rows.mix(output.to(scaled.dtype))

    def _added(self, rows: PromptRows) -> dict[str, Tensor]:
        added = self.model.added
        if added is None:
            return {}
        told = added(rows, self.settings)
        return {name: value.to(self.model.unet.dtype) for name, value in told.items()}

    def _told_scale(self) -> Tensor | None:
        width = self.model.unet.config["time_cond_proj_dim"]
        if width is None:
            return None
        told = scale_embedding(self.settings.cfg_scale - 1, width)
        return told.to(self.model.workplace.device, self.model.unet.dtype)


def scale_embedding(scale: float, width: int) -> Tensor:
    """The CFG scale, less one, as sines and cosines of falling frequency, shape (1, width).

    Source: Meng et al. 2023 (arXiv:2210.03142), as Luo et al. 2023 (arXiv:2310.04378) use it.
    """
    half = width // 2
    falling = torch.exp(torch.arange(half) * (-torch.log(torch.tensor(10_000.0)) / (half - 1)))
    angles = scale * 1000.0 * falling
    return torch.cat([angles.sin(), angles.cos()]).unsqueeze(0)


def predicts_of(scheduler: SchedulerConfig) -> Predicts:
    """What the UNet predicts.

    Raises:
        ModelError: When it is something that Easel does not know.
    """
    if scheduler.prediction_type == "epsilon":
        return "epsilon"
    if scheduler.prediction_type == "v_prediction":
        return "v_prediction"
    raise ModelError(
        f"This checkpoint predicts “{scheduler.prediction_type}”, which Easel does not know.",
        "Choose another checkpoint.",
    )
