"""How networks are taught that say the way from a picture to noise: those of SD 3 and FLUX."""

from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn

from backend.engine.families.base import Model
from backend.engine.families.flux_model import Flux1, packed, positions, unpacked
from backend.engine.families.sd3_model import TIMESTEPS, StableDiffusion3
from backend.engine.training.examples import Batch
from backend.engine.training.levels import drawn, shifted
from backend.engine.training.objective import Noised, flowing
from backend.schema.errors import TrainingError
from backend.schema.training_learning import LossSettings

_TOLD_GUIDANCE = 1.0
"""Of FLUX dev while it learns: its pictures are as they are, not exaggerated for a prompt."""


@dataclass(frozen=True)
class _FlowPrediction:
    """What both have in common; each asks its network in its own way."""

    model: StableDiffusion3 | Flux1

    @property
    def network(self) -> nn.Module:
        """What learns."""
        return self.model.transformer

    def levels(self, clean: Tensor, asked: LossSettings, chance: torch.Generator) -> Tensor:
        """Draw how noisy each picture becomes: most often in between."""
        even = drawn(asked.timesteps or "logit_normal", len(clean), chance)
        return shifted(even, asked.shift or _shift_of(self.model, clean))

    def noised(self, clean: Tensor, noise: Tensor, levels: Tensor) -> Noised:
        """The latents of pictures on their way to noise."""
        return flowing(clean, noise, levels)

    def weights(self, wanted: Noised, asked: LossSettings) -> Tensor:
        """All count the same: how often a level is drawn is its weight."""
        del asked
        return torch.ones_like(wanted.ratio)


@dataclass(frozen=True)
class SD3Prediction(_FlowPrediction):
    """The network of SD 3 and SD 3.5."""

    model: StableDiffusion3

    def said(self, batch: Batch, wanted: Noised) -> Tensor:
        """The way from the picture to noise, as the network sees it."""
        network, device = self.model.transformer, self.model.workplace.device
        return network(
            hidden_states=wanted.seen.to(device, network.dtype),
            timestep=(wanted.timesteps * TIMESTEPS).to(device),
            encoder_hidden_states=batch.states.to(device, network.dtype),
            pooled_projections=cast("Tensor", batch.pooled).to(device, network.dtype),
            return_dict=False,
        )[0]


@dataclass(frozen=True)
class FluxPrediction(_FlowPrediction):
    """The network of FLUX.1 dev."""

    model: Flux1

    def __post_init__(self) -> None:
        """Refuse what would forget how it draws.

        Raises:
            TrainingError: When it has no guidance, as schnell, or learned to inpaint.
        """
        if self.model.sees_mask:
            raise TrainingError(
                "FLUX.1 Fill learned to repaint, and cannot be taught from pictures alone.",
                "Teach FLUX.1 dev.",
            )
        if not self.model.transformer.config["guidance_embeds"]:
            raise TrainingError(
                "This FLUX.1 takes no guidance: like schnell, it was made to draw in a few steps, "
                "and would forget that while it learns.",
                "Teach FLUX.1 dev; schnell can use the LoRA, too.",
            )

    def said(self, batch: Batch, wanted: Noised) -> Tensor:
        """The way from the picture to noise, as the network sees it."""
        network, device = self.model.transformer, self.model.workplace.device
        height, width = wanted.seen.shape[2:]
        tokens = packed(wanted.seen).to(device, network.dtype)
        states = batch.states.to(tokens)
        said = network(
            hidden_states=tokens,
            encoder_hidden_states=states,
            pooled_projections=cast("Tensor", batch.pooled).to(tokens),
            timestep=wanted.timesteps.to(tokens),
            guidance=torch.full((len(tokens),), _TOLD_GUIDANCE, device=device),
            img_ids=positions(height, width, device),
            txt_ids=torch.zeros(states.shape[1], 3, device=device),
            return_dict=False,
        )[0]
        return unpacked(said, height, width)


def _shift_of(model: Model, latents: Tensor) -> float:
    """How far a checkpoint moves its levels when it draws pictures of this size."""
    height, width = (side * model.latent_format.scale for side in latents.shape[2:])
    known = model.levels_for(width, height).sigmas
    middle = float(known[len(known) // 2 - 1])
    return middle / (1 - middle)
