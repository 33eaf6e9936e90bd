"""ControlNets for FLUX.1: those that look at latents, and XLabs', which look at pixels.

Union models know several kinds of maps, and are told which one they see.
"""

import math
import warnings
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import cast

import torch
from PIL import Image
from torch import Tensor
from torch.nn import Linear

from backend.engine.control.latent_maps import latents_to_paint, map_latents
from backend.engine.control.loading import count_of, does_not_fit, load_guest
from backend.engine.control.registry import network
from backend.engine.control.unit import Shown
from backend.engine.families.base import Model
from backend.engine.families.encoding import as_pixels
from backend.engine.families.flux_model import PATCH, USUAL_GUIDANCE, Flux1, packed, positions
from backend.engine.loading.components import Component, Config, Layout, own_names
from backend.engine.loading.original.flux_controlnet import flux_controlnet_sources
from backend.engine.loading.weights import Weights
from backend.engine.networks import FluxControlNetModel
from backend.schema.control_types import ControlType
from backend.schema.controls import ResolvedControl
from backend.schema.errors import ModelError
from backend.schema.events import Event
from backend.schema.models import Family, ModelKind

UNION_MODES = {
    ControlType.CANNY: 0,
    ControlType.TILE: 1,
    ControlType.DEPTH: 2,
    ControlType.BLUR: 3,
    ControlType.POSE: 4,
    ControlType.RECOLOUR: 5,
}
"""The numbers of what union models know, as InstantX and Shakker Labs publish them with theirs."""
_HINT_CHANNELS = 16
_SEEN = "seen_channels"
"""In our configs: how many numbers of a token of the map it looks at."""


@dataclass(frozen=True)
class _Names:
    """Which tensors of a ControlNet tell its size."""

    entrance: str
    seen: str
    text: str
    pooled: str
    double: str
    single: str
    guidance: str
    hint: str


_ORIGINAL = _Names(
    entrance="img_in.weight",
    seen="pos_embed_input.weight",
    text="txt_in.weight",
    pooled="vector_in.in_layer.weight",
    double="double_blocks.",
    single="single_blocks.",
    guidance="guidance_in.in_layer.weight",
    hint="input_hint_block.0.weight",
)
_OWN = _Names(
    entrance="x_embedder.weight",
    seen="controlnet_x_embedder.weight",
    text="context_embedder.weight",
    pooled="time_text_embed.text_embedder.linear_1.weight",
    double="transformer_blocks.",
    single="single_transformer_blocks.",
    guidance="time_text_embed.guidance_embedder.linear_1.weight",
    hint="input_hint_block.conv_in.weight",
)
_MODES = "controlnet_mode_embedder.weight"  # in both


def _built(config: Config) -> FluxControlNetModel:
    """The module of diffusers; those that learned to inpaint see a mask beside the map."""
    usual = {name: value for name, value in config.items() if name != _SEEN}
    with warnings.catch_warnings(category=FutureWarning, action="ignore"):  # it warns of itself
        module = cast("FluxControlNetModel", FluxControlNetModel.from_config(usual))
    module.controlnet_x_embedder = Linear(cast("int", config[_SEEN]), module.inner_dim)
    return module


CONTROLNET = Component(
    "controlnet",
    "controlnet",
    "the ControlNet",
    _built,
    (
        Layout(_ORIGINAL.seen, flux_controlnet_sources),
        Layout(_OWN.seen, own_names),
    ),
)


@network(ModelKind.CONTROLNET, (Family.FLUX1,))
def flux_controlnet(
    control: ResolvedControl, model: Model
) -> Generator[Event, None, "FluxControlNet"]:
    """Read a ControlNet, a file or a diffusers folder; see `control.base.LoadNetwork`.

    Raises:
        ModelError: When it steers another family or size, or does not know this kind of map.
        ModelDamagedError: When it is broken.
    """
    checkpoint = cast("Flux1", model)
    transformer = checkpoint.transformer
    adapt = partial(_as_the_file_says, control, transformer.inner_dim)
    module = yield from load_guest(
        replace(CONTROLNET, adapt=adapt),
        control.model,
        model,
        configs="flux1",
        dtype=transformer.dtype,
    )
    return FluxControlNet(module, checkpoint, control.model.name)


def _as_the_file_says(
    control: ResolvedControl, wanted: int, config: Config, weights: Weights
) -> Config:
    """All sizes but those of a head, and what it is told and shown."""
    names = _ORIGINAL if _ORIGINAL.seen in weights.names else _OWN
    width, channels = weights.shape(names.entrance)
    if width != wanted:
        raise does_not_fit(control.model)
    modes = weights.shape(_MODES)[0] if _MODES in weights.names else None
    if modes is not None:
        _mode_of(control.model.name, control.type, modes)
    hint = names.hint in weights.names
    return config | {
        "in_channels": channels,
        _SEEN: weights.shape(names.seen)[1],
        "num_layers": count_of(weights, names.double),
        "num_single_layers": count_of(weights, names.single),
        "num_attention_heads": width // cast("int", config.get("attention_head_dim", 128)),
        "joint_attention_dim": weights.shape(names.text)[1],
        "pooled_projection_dim": weights.shape(names.pooled)[1],
        "guidance_embeds": names.guidance in weights.names,
        "num_mode": modes,
        "patch_size": PATCH if hint else 1,
        "conditioning_embedding_channels": _HINT_CHANNELS if hint else None,
    }


def _mode_of(name: str, kind: ControlType | None, modes: int) -> int:
    """The number by which a union model of so many modes knows a kind of map.

    Raises:
        ModelError: When it does not know it.
    """
    known = {each: number for each, number in UNION_MODES.items() if number < modes}
    if kind is not None and kind in known:
        return known[kind]
    seen = "nothing says what this one shows" if kind is None else f"“{kind.label}” is none of them"
    raise ModelError(
        f"The union model “{name}” follows maps of several kinds, and {seen}.",
        f"Choose one of: {', '.join(each.label for each in known)}.",
    )


@dataclass(frozen=True)
class FluxControlNet:
    """A ControlNet that is loaded; see `families.steering.SteersBlocks`."""

    module: FluxControlNetModel
    model: Flux1
    name: str

    @property
    def sees_pixels(self) -> bool:
        """Whether it has convolutions of its own for maps, as XLabs' have."""
        return self.module.input_hint_block is not None

    def shown(self, picture: Image.Image, mask: Image.Image | None) -> Shown:
        """A map as it looks at it: its pixels or its latents, or these and the mask to inpaint."""
        if self.sees_pixels:
            return (as_pixels(picture).to(self.model.workplace.device),)
        if self.module.controlnet_x_embedder.in_features > self.module.config["in_channels"]:
            return (latents_to_paint(self.model, picture, mask),)
        return (map_latents(self.model, as_pixels(picture)),)

    def said(
        self, inputs: Mapping[str, Tensor], shown: Shown, kind: ControlType | None
    ) -> Sequence[Tensor]:
        """Its residuals; see `families.steering.SteersBlocks`.

        Raises:
            ModelError: When it did not learn to follow such maps.
        """
        module, tokens = self.module, inputs["hidden_states"]
        device, seen = tokens.device, shown[0].to(tokens)
        scale = self.model.latent_format.scale if self.sees_pixels else 1
        height, width = (side // scale for side in seen.shape[-2:])
        told = {**inputs, "controlnet_cond": seen if self.sees_pixels else packed(seen)}
        told.pop("guidance", None)
        if module.config["guidance_embeds"]:
            usual = torch.full((len(tokens),), USUAL_GUIDANCE, device=device)
            told["guidance"] = inputs.get("guidance", usual)
        if module.union:
            mode = _mode_of(self.name, kind, module.config["num_mode"])
            told["controlnet_mode"] = torch.full((len(tokens), 1), mode, device=device)
        txt_ids = torch.zeros(inputs["encoder_hidden_states"].shape[1], 3, device=device)
        img_ids = positions(height, width, device)
        said = module(**told, img_ids=img_ids, txt_ids=txt_ids, return_dict=False)
        return [residual for kinds in said for residual in kinds or ()]

    def spread(self, residuals: Sequence[Tensor]) -> Sequence[Sequence[Tensor]]:
        """One behind each of the transformer's double blocks, and of its single blocks.

        As many in a row are the same; XLabs' begin again after the last.
        """
        config, first = self.model.transformer.config, len(self.module.controlnet_blocks)
        double, single = residuals[:first], residuals[first:]
        blocks, single_blocks = config["num_layers"], config["num_single_layers"]
        if self.sees_pixels:
            repeated = [double[block % first] for block in range(blocks)] if first else []
            return [repeated, _in_rows(single, single_blocks)]
        return [_in_rows(double, blocks), _in_rows(single, single_blocks)]


def _in_rows(residuals: Sequence[Tensor], blocks: int) -> Sequence[Tensor]:
    """The residual of each block; empty where there are none."""
    if not residuals:
        return []
    row = math.ceil(blocks / len(residuals))
    return [residuals[block // row] for block in range(blocks)]
