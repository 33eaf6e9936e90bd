"""How a network is asked for what it must learn to say, whatever its family."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor, nn

from backend.engine.families.base import DenoiserSettings, Model
from backend.engine.families.flux_model import Flux1
from backend.engine.families.guiding import PromptRows
from backend.engine.families.sd3_model import StableDiffusion3
from backend.engine.families.unet_model import UNetModel
from backend.engine.training.examples import Batch
from backend.engine.training.levels import drawn, shifted
from backend.engine.training.objective import Noised, noised, weights
from backend.engine.training.predicting_flow import FluxPrediction, SD3Prediction
from backend.schema.errors import TrainingError
from backend.schema.training_learning import LossSettings


class Prediction(Protocol):
    """What one kind of network is shown, and what it should say of it."""

    @property
    def network(self) -> nn.Module:
        """What learns."""
        ...

    def levels(self, clean: Tensor, asked: LossSettings, chance: torch.Generator) -> Tensor:
        """Draw how noisy each picture of a batch becomes, shape (batch,), from 0 to 1."""
        ...

    def noised(self, clean: Tensor, noise: Tensor, levels: Tensor) -> Noised:
        """The latents of pictures with noise.

        Args:
            clean: Shape (batch, channels, height, width), on the network's device.
            noise: In the same shape.
            levels: How noisy each becomes, shape (batch,), from 0 to 1.
        """
        ...

    def weights(self, wanted: Noised, asked: LossSettings) -> Tensor:
        """How much the error of each picture counts, shape (batch,)."""
        ...

    def said(self, batch: Batch, wanted: Noised) -> Tensor:
        """What the network says, in the shape of the latents, with gradients where they are on."""
        ...


def prediction_of(model: Model) -> Prediction:
    """How a checkpoint is taught.

    Raises:
        TrainingError: When it is of a family that cannot learn.
    """
    for kind, predicting in _KINDS:
        if isinstance(model, kind):
            return predicting(model)
    raise TrainingError(
        "This checkpoint is of a family that Easel cannot teach.",
        "Choose a checkpoint of SD 1.5, SD 2, SDXL, SD 3 or FLUX.1 dev.",
    )


@dataclass(frozen=True)
class UNetPrediction:
    """A UNet, which says the noise or the velocity at one of its timesteps."""

    model: UNetModel

    def __post_init__(self) -> None:
        """Refuse what is told more than noise and words.

        Raises:
            TrainingError: When it learned to inpaint.
        """
        if self.model.sees_mask:
            raise TrainingError(
                "This checkpoint learned to repaint pictures, and cannot be taught from pictures "
                "alone.",
                "Teach the checkpoint that it was made from; this one can use the LoRA, too.",
            )

    @property
    def network(self) -> nn.Module:
        """What learns."""
        return self.model.unet

    def levels(self, clean: Tensor, asked: LossSettings, chance: torch.Generator) -> Tensor:
        """Draw how noisy each picture becomes: by default all timesteps as often."""
        even = drawn(asked.timesteps or "uniform", len(clean), chance)
        return shifted(even, asked.shift or 1.0)

    def noised(self, clean: Tensor, noise: Tensor, levels: Tensor) -> Noised:
        """The latents of pictures with the noise of the timesteps at these levels."""
        known = self.model.levels
        timesteps = (levels * len(known.sigmas)).long().clamp(max=len(known.sigmas) - 1)
        return noised(clean, noise, timesteps, known, self.model.predicts)

    def weights(self, wanted: Noised, asked: LossSettings) -> Tensor:
        """How much the error of each picture counts."""
        return weights(wanted.ratio, asked, self.model.predicts)

    def said(self, batch: Batch, wanted: Noised) -> Tensor:
        """What the UNet says."""
        unet, device = self.model.unet, self.model.workplace.device
        rows = PromptRows(batch.states, batch.pooled, 1.0)
        height, width = (side * self.model.latent_format.scale for side in batch.latents.shape[2:])
        added = self.model.added
        told = added(rows, DenoiserSettings(1.0, width, height)) if added else {}
        if batch.cuts is not None and "time_ids" in told:
            told["time_ids"][:, : batch.cuts.shape[1]] = batch.cuts
        return unet(
            wanted.seen.to(device, unet.dtype),
            wanted.timesteps.to(device),
            encoder_hidden_states=batch.states.to(device, unet.dtype),
            added_cond_kwargs={k: v.to(device, unet.dtype) for k, v in told.items()} or None,
            return_dict=False,
        )[0]


_KINDS: tuple[tuple[type, Callable[..., Prediction]], ...] = (
    (UNetModel, UNetPrediction),
    (StableDiffusion3, SD3Prediction),
    (Flux1, FluxPrediction),
)
