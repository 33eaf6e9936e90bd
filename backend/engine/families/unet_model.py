"""What the families with a UNet that predicts noise have in common: SD 1.x, SD 2.x and SDXL."""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from backend.engine.families.all_to_paint import all_to_paint
from backend.engine.families.base import (
    Conditioning,
    DenoiserSettings,
    LatentFormat,
)
from backend.engine.families.guiding import PromptRows
from backend.engine.families.unet_controls import Asked, Steering
from backend.engine.families.unet_pictures import reading_pictures
from backend.engine.loading.scheduler_config import SchedulerConfig
from backend.engine.memory.workplace import Workplace
from backend.engine.networks import AutoencoderKL, UNet2DConditionModel
from backend.engine.prompts.reading import PLAIN, Reading
from backend.engine.prompts.remembered import EncodePrompts
from backend.engine.schedules.base import NoiseLevels
from backend.engine.seamless import wrapped
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

    @property
    def sees_mask(self) -> bool:
        """Whether the UNet learned to inpaint."""
        return self._channels_beside == _INPAINTING_CHANNELS

    @property
    def _channels_beside(self) -> int:
        """How many channels the UNet sees beside the latents."""
        return self.unet.config["in_channels"] - self.latent_format.channels

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
        """What an inpainting UNet sees beside the latents: the mask, and what it leaves."""
        if self._channels_beside == 0:
            return None
        if not self.sees_mask:
            raise ModelError(
                "This checkpoint follows instructions on a picture, which Easel cannot give it.",
                "Choose another checkpoint.",
            )
        masked = settings.masked or all_to_paint(self.vae, self.workplace, settings)
        mask = interpolate(masked.mask, masked.left.shape[-2:], mode="nearest")
        return torch.cat([mask, masked.left], dim=1)


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
        output = self._predict(x * shrink, self.levels.timestep(sigma), self._steering(sigma))
        if self.model.predicts == "v_prediction":
            return x * shrink**2 - output * (sigma * shrink)
        return x - output * sigma

    def _steering(self, sigma: Tensor) -> Steering:
        """What steers at a noise level."""
        units = [unit for unit in self.settings.controls if unit.steers(sigma.item())]
        return Steering(units, self.settings.window, self.model.workplace)

    def _predict(self, scaled: Tensor, timestep: Tensor, steering: Steering) -> Tensor:
        """The network's output, guided, in the dtype of `scaled`; one call for both prompts."""
        unet = self.model.unet
        rows = self.rows.for_pictures(len(scaled))
        seen = scaled
        if self.beside is not None:
            seen = torch.cat([scaled, self.beside.expand(len(scaled), -1, -1, -1)], dim=1)
        told_scale, time = self._told_scale(), timestep.float().to(scaled.device)
        channels, workplace = scaled.shape[1], self.model.workplace
        in_turn = workplace.prompts_in_turn
        negatives = iter(self.rows.negatives(len(scaled), in_turn=in_turn))

        def network(seen: Tensor, states: Tensor, **added: Tensor) -> Tensor:
            asked = Asked(seen[:, :channels], time, states, added, next(negatives))
            arguments = steering.arguments(asked)
            with reading_pictures(unet, steering, asked):
                return unet(
                    seen,
                    time,
                    encoder_hidden_states=states,
                    timestep_cond=told_scale,
                    added_cond_kwargs=added or None,
                    return_dict=False,
                    **arguments,
                )[0]

        inputs = {
            "seen": seen.repeat(self.rows.prompts, 1, 1, 1).to(unet.dtype),
            "states": rows.states.to(unet.dtype),
            **self._added(rows),
        }
        with ExitStack() as at_work:
            at_work.enter_context(torch.no_grad())
            at_work.enter_context(workplace.at_work(unet, *steering.beside))
            for each in (unet, *steering.modules):
                at_work.enter_context(wrapped(each, self.settings.wrap))
            output = rows.asked(network, inputs, in_turn=in_turn)
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
