"""ControlNets for SD 1.5, SD 2 and SDXL, plain ones and those that know several kinds of maps.

Source: Zhang et al. 2023 (arXiv:2302.05543), by way of diffusers.
"""

from collections.abc import Generator, Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from PIL import Image
from torch import Tensor

from backend.engine.control.hints import as_hint
from backend.engine.control.loading import does_not_fit, load_guest
from backend.engine.control.networks.controlnet_parts import CONTROLNET, UNION
from backend.engine.control.registry import network
from backend.engine.control.unit import Shown
from backend.engine.families.base import Model
from backend.engine.families.unet_controls import Asked, Residuals
from backend.engine.families.unet_model import UNetModel
from backend.engine.loading.weights import open_weights
from backend.engine.memory.workplace import Workplace
from backend.engine.networks import ControlNetModel, ControlNetUnionModel
from backend.schema.control_types import ControlType
from backend.schema.controls import ResolvedControl, ResolvedControlModel
from backend.schema.errors import ModelError
from backend.schema.events import Event
from backend.schema.models import Family, ModelKind

_OF_CONTROL_LORAS = "lora_controlnet"
_OF_UNIONS = "task_embedding"
_PLACES: Mapping[ControlType, int] = {
    ControlType.POSE: 0,
    ControlType.DEPTH: 1,
    ControlType.SOFT_EDGE: 2,
    ControlType.SCRIBBLE: 2,
    ControlType.CANNY: 3,
    ControlType.LINE_ART: 3,
    ControlType.ANIME_LINE_ART: 3,
    ControlType.STRAIGHT_LINES: 3,
    ControlType.NORMAL: 4,
    ControlType.SEGMENTATION: 5,
    ControlType.TILE: 6,
    ControlType.BLUR: 6,
    ControlType.INPAINT: 7,
}
"""What SDXL's union models were taught, by the place of what they learned of it. Source: the model
card of xinsir's controlnet-union-sdxl-1.0."""
_PAINTED = -1.0
_PAINTED_FOR_UNIONS = 0.0
"""What stands for pixels that are to be painted."""


@dataclass(frozen=True)
class UNetControlNet:
    """A ControlNet at work; see `families.unet_controls.SteersUNet`."""

    module: ControlNetModel
    workplace: Workplace
    pools: bool
    idle: bool = False

    def shown(self, picture: Image.Image, mask: Image.Image | None) -> Shown:
        """What it makes of a map once."""
        hint = as_hint(picture, mask, _PAINTED).to(self.workplace.device, self.module.dtype)
        return (_embedded(self.module, self.workplace, hint),)

    def residuals(self, asked: Asked, shown: Shown, kind: ControlType | None) -> Residuals:
        """What it adds to what the UNet's halves hand over."""
        del kind
        down, middle = self.module(
            asked.latents,
            asked.time,
            encoder_hidden_states=asked.states,
            controlnet_cond=shown[0],
            added_cond_kwargs=dict(asked.added),
            return_dict=False,
        )
        return Residuals(across=(*down, middle))


@dataclass(frozen=True)
class UNetUnion:
    """A ControlNet that knows several kinds of maps; see `families.unet_controls.SteersUNet`."""

    module: ControlNetUnionModel
    workplace: Workplace
    name: str
    pools: bool = False
    idle: bool = False

    def shown(self, picture: Image.Image, mask: Image.Image | None) -> Shown:
        """What it makes of a map once."""
        hint = as_hint(picture, mask, _PAINTED_FOR_UNIONS)
        hint = hint.to(self.workplace.device, self.module.dtype)
        return (_embedded(self.module, self.workplace, hint),)

    def residuals(self, asked: Asked, shown: Shown, kind: ControlType | None) -> Residuals:
        """What it adds to what the UNet's halves hand over.

        Raises:
            ModelError: When it did not learn to follow such maps.
        """
        known, rows = self.module.config["num_control_type"], len(asked.latents)
        place = known if kind is None else _PLACES.get(kind, known)
        if place >= known:
            raise self._does_not_know(kind)
        told = torch.zeros(1, known).to(asked.latents)
        told[0, place] = 1
        down, middle = self.module(
            asked.latents,
            asked.time,
            encoder_hidden_states=asked.states,
            controlnet_cond=[shown[0].expand(rows, -1, -1, -1)],
            control_type=told.expand(rows, -1),
            control_type_idx=[place],
            added_cond_kwargs=dict(asked.added),
            return_dict=False,
        )
        return Residuals(across=(*down, middle))

    def _does_not_know(self, kind: ControlType | None) -> ModelError:
        if kind is None:
            return ModelError(
                f"The union model “{self.name}” is not told what its map shows.",
                "Choose the type of the map in its unit.",
            )
        return ModelError(
            f"The union model “{self.name}” did not learn to follow maps of the type {kind.label}.",
            "Choose another type, or another control model.",
        )


@network(ModelKind.CONTROLNET, (Family.SD15, Family.SD2, Family.SDXL))
def load(
    control: ResolvedControl, model: Model
) -> Generator[Event, None, UNetControlNet | UNetUnion]:
    """Read a ControlNet.

    Raises:
        ModelError: When it is a Control-LoRA, or of another size than the checkpoint.
    """
    with open_weights(Path(control.model.path)) as weights:
        names = weights.names
    if _OF_CONTROL_LORAS in names:
        raise ModelError(
            f"“{control.model.name}” is a Control-LoRA, which Easel cannot steer by.",
            "Get the ControlNet that it was made from.",
        )
    if _OF_UNIONS in names:
        union = yield from load_guest(UNION, control.model, model)
        _check(control.model, union, model)
        return UNetUnion(union, model.workplace, control.model.name)
    plain = yield from load_guest(CONTROLNET, control.model, model)
    _check(control.model, plain, model)
    pools = bool(plain.config["global_pool_conditions"])
    plain.register_to_config(global_pool_conditions=False)  # its unit does it
    return UNetControlNet(plain, model.workplace, pools)


def _check(
    control: ResolvedControlModel, module: ControlNetModel | ControlNetUnionModel, model: Model
) -> None:
    """See that it is as wide as the network that it is to steer."""
    if not isinstance(model, UNetModel):
        raise does_not_fit(control)
    for name in ("block_out_channels", "cross_attention_dim"):
        if _as_list(module.config[name]) != _as_list(model.unet.config[name]):
            raise does_not_fit(control)


def _as_list(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value


def _embedded(
    module: ControlNetModel | ControlNetUnionModel, workplace: Workplace, hint: Tensor
) -> Tensor:
    """The map as the first layer adds it, shape (1, channels, height, width) in latents."""
    with torch.no_grad(), workplace.at_work(module):
        return module.controlnet_cond_embedding(hint)
