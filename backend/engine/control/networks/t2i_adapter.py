"""T2I-Adapters for SD 1.5 and SDXL: they look at the map once, and add the same in every step.

Source: Mou et al. 2023 (arXiv:2302.08453), by way of diffusers.
"""

from collections.abc import Generator
from dataclasses import dataclass
from typing import cast

import torch
from PIL import Image

from backend.engine.control.hints import as_hint
from backend.engine.control.loading import does_not_fit, load_guest
from backend.engine.control.networks.t2i_adapter_parts import T2I_ADAPTER
from backend.engine.control.registry import network
from backend.engine.control.unit import Shown
from backend.engine.families.base import Model
from backend.engine.families.unet_controls import Asked, Residuals
from backend.engine.families.unet_model import UNetModel
from backend.engine.memory.workplace import Workplace
from backend.engine.networks import T2IAdapter
from backend.schema.control_types import ControlType
from backend.schema.controls import ResolvedControl
from backend.schema.events import Event
from backend.schema.models import Family, ModelKind


@dataclass(frozen=True)
class UNetAdapter:
    """A T2I-Adapter at work; see `families.unet_controls.SteersUNet`."""

    module: T2IAdapter
    workplace: Workplace
    pools: bool = False
    idle: bool = True

    def shown(self, picture: Image.Image, mask: Image.Image | None) -> Shown:
        """What it makes of a map: one tensor for each level of the UNet, the finest first."""
        module = self.module
        if module.config["in_channels"] == 1:
            picture = picture.convert("L")
        piece = module.config["downscale_factor"]
        size = (-(-picture.width // piece) * piece, -(-picture.height // piece) * piece)
        if size != picture.size:  # it reads whole pieces
            picture = picture.resize(size, Image.Resampling.LANCZOS)
        del mask  # it is told of none
        hint = as_hint(picture, None, 0.0).to(self.workplace.device, module.dtype)
        with torch.no_grad(), self.workplace.at_work(module):
            return tuple(module(hint))

    def residuals(self, asked: Asked, shown: Shown, kind: ControlType | None) -> Residuals:
        """What it adds to what the levels of the UNet's first half go on with."""
        del kind
        rows = len(asked.latents)
        return Residuals(onward=tuple(each.expand(rows, -1, -1, -1) for each in shown))


@network(ModelKind.T2I_ADAPTER, (Family.SD15, Family.SDXL))
def load(control: ResolvedControl, model: Model) -> Generator[Event, None, UNetAdapter]:
    """Read a T2I-Adapter.

    Raises:
        ModelError: When it is of another size than the checkpoint.
    """
    module = yield from load_guest(T2I_ADAPTER, control.model, model)
    widths = cast("list[int]", module.config["channels"])
    if not isinstance(model, UNetModel) or widths[0] != model.unet.config["block_out_channels"][0]:
        raise does_not_fit(control.model)
    return UNetAdapter(module, model.workplace)
