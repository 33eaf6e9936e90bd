"""ControlNets for SD 3 and SD 3.5: Stability AI's, and those made as InstantX's are.

They look at the map as latents. Stability AI's, for SD 3.5 large, read nothing of the prompt but
what CLIP makes of the whole, and see the picture through the checkpoint's own first layer.
"""

import math
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import cast

import torch
from PIL import Image
from torch import Tensor

from backend.engine.control.latent_maps import latents_to_paint, map_latents
from backend.engine.control.loading import count_of, does_not_fit, load_guest
from backend.engine.control.registry import network
from backend.engine.control.unit import Shown
from backend.engine.families.base import Model
from backend.engine.families.encoding import as_pixels
from backend.engine.families.sd3_model import StableDiffusion3
from backend.engine.loading.components import Component, Config, Layout, own_names
from backend.engine.loading.original.sd3_controlnet import sd3_controlnet_sources
from backend.engine.loading.weights import Weights, open_weights
from backend.engine.networks import SD3ControlNetModel
from backend.schema.control_types import ControlType
from backend.schema.controls import ResolvedControl, ResolvedControlModel
from backend.schema.errors import ModelError, OutOfRangeError
from backend.schema.events import Event
from backend.schema.models import Family, ModelKind

_MAP, _TEXT = "pos_embed_input.proj.weight", "context_embedder.weight"
_PLACES, _POOLED = "pos_embed.pos_embed", "time_text_embed.text_embedder.linear_1.weight"
_BLOCK = "transformer_blocks."
_TOLD_TYPE = "control_type"
_TYPES = {0: ControlType.BLUR, 1: ControlType.CANNY, 2: ControlType.DEPTH}
"""What the files of Stability AI say that they follow."""


def _built(config: Config) -> SD3ControlNetModel:
    return cast("SD3ControlNetModel", SD3ControlNetModel.from_config(config))


CONTROLNET = Component(
    "controlnet",
    "controlnet",
    "the ControlNet",
    _built,
    (
        Layout(f"{_BLOCK}0.attn.qkv.weight", sd3_controlnet_sources),
        Layout(_MAP, own_names),
    ),
)


@network(ModelKind.CONTROLNET, (Family.SD3, Family.SD35_MEDIUM, Family.SD35_LARGE))
def sd3_controlnet(
    control: ResolvedControl, model: Model
) -> Generator[Event, None, "Sd3ControlNet"]:
    """Read a ControlNet, a file or a diffusers folder; see `control.base.LoadNetwork`.

    Raises:
        ModelError: When it steers another family, or another size of this one.
        ModelDamagedError: When it is broken.
    """
    checkpoint = cast("StableDiffusion3", model)
    transformer = checkpoint.transformer
    adapt = partial(_as_the_file_says, control.model, transformer.inner_dim)
    module = yield from load_guest(
        replace(CONTROLNET, adapt=adapt),
        control.model,
        model,
        configs="sd3",
        dtype=transformer.dtype,
    )
    return Sd3ControlNet(module, checkpoint, _taught(control))


def _taught(control: ResolvedControl) -> ControlType | None:
    """What its maps show, as Stability AI's files say, and units of all others."""
    with open_weights(Path(control.model.path)) as weights:
        if _TOLD_TYPE in weights.names:
            return _TYPES.get(int(weights.tensor(_TOLD_TYPE)), control.type)
    return control.type


def _as_the_file_says(
    which: ResolvedControlModel, wanted: int, config: Config, weights: Weights
) -> Config:
    """All sizes but those of a head and a patch, and what is in the blocks."""
    width, channels = weights.shape(_MAP)[:2]
    if width != wanted:
        raise does_not_fit(which)
    inside = [
        name.removeprefix(_BLOCK).partition(".")[::2]
        for name in weights.names
        if name.startswith(_BLOCK)
    ]
    dual = {int(number) for number, rest in inside if rest.startswith("attn2.")}
    changed = config | {
        "num_layers": count_of(weights, _BLOCK),
        "num_attention_heads": width // cast("int", config.get("attention_head_dim", 64)),
        "caption_projection_dim": width,
        "pooled_projection_dim": weights.shape(_POOLED)[1],
        "extra_conditioning_channels": channels - cast("int", config.get("in_channels", 16)),
        "dual_attention_layers": tuple(sorted(dual)),
        "qk_norm": "rms_norm"
        if any(rest.startswith("attn.norm_q.") for _, rest in inside)
        else None,
    }
    reads = _TEXT in weights.names
    changed["joint_attention_dim"] = weights.shape(_TEXT)[1] if reads else None
    if _PLACES in weights.names:
        places = math.isqrt(weights.shape(_PLACES).numel() // width)
        return changed | {"pos_embed_max_size": places}
    if changed["pooled_projection_dim"] == width:
        raise ModelError(
            f"“{which.name}” is read in a way that Easel does not know.",
            "Choose one of those for SD 3.5 large, or one in diffusers' layout.",
        )
    silent = "force_zeros_for_pooled_projection"
    return changed | {
        "use_pos_embed": False,
        "pos_embed_type": None,
        silent: config.get(silent, reads),
    }


@dataclass(frozen=True)
class Sd3ControlNet:
    """A ControlNet that is loaded; see `families.steering.SteersBlocks`."""

    module: SD3ControlNetModel
    model: StableDiffusion3
    taught: ControlType | None
    """What its maps show."""

    @property
    def shares_entrance(self) -> bool:
        """Whether it sees the picture through the checkpoint's first layer."""
        return not self.module.config["use_pos_embed"]

    def shown(self, picture: Image.Image, mask: Image.Image | None) -> Shown:
        """The latents of a map; with the mask as one more channel where it learned to inpaint.

        Raises:
            OutOfRangeError: When the picture is larger than it knows places.
        """
        self._check_size(max(picture.size))
        config = self.module.config
        if config["extra_conditioning_channels"]:
            return (latents_to_paint(self.model, picture, mask),)
        pixels = as_pixels(picture)
        latents = map_latents(self.model, self._as_taught(pixels))
        if not config["force_zeros_for_pooled_projection"]:
            return (latents,)
        # InstantX's were trained with latents that were scaled only, and without CLIP's whole.
        # Source: diffusers' pipeline_stable_diffusion_3_controlnet.py.
        vae = self.model.vae.config
        return (latents + (vae["shift_factor"] or 0.0) * vae["scaling_factor"],)

    def _as_taught(self, pixels: Tensor) -> Tensor:
        """A map as Stability AI's learned from it, who have ways of their own with two kinds.

        Source: their sd3.5, `sd3_infer.py` and `inputs/depth.png`.
        """
        if self.shares_entrance and self.taught is ControlType.CANNY:
            return (pixels + 1) * (255 / 4) + 0.5  # far outside of what autoencoders usually see
        if self.shares_entrance and self.taught is ControlType.DEPTH:
            return -pixels  # what is near is dark
        return pixels

    def said(
        self, inputs: Mapping[str, Tensor], shown: Shown, kind: ControlType | None
    ) -> Sequence[Tensor]:
        """Its residuals; see `families.steering.SteersBlocks`."""
        del kind
        module = self.module
        told: dict[str, Tensor | None] = {**inputs}
        if module.config["force_zeros_for_pooled_projection"]:
            told["pooled_projections"] = torch.zeros_like(inputs["pooled_projections"])
        if self.shares_entrance:
            told["hidden_states"] = self.model.transformer.pos_embed(inputs["hidden_states"])
        if module.config["joint_attention_dim"] is None:
            told["encoder_hidden_states"] = None
        seen = shown[0].to(inputs["hidden_states"])
        return module(**told, controlnet_cond=seen, return_dict=False)[0]

    def spread(self, residuals: Sequence[Tensor]) -> Sequence[Sequence[Tensor]]:
        """One behind each of the transformer's blocks, as many in a row the same."""
        blocks = self.model.transformer.config["num_layers"]
        return [[residuals[block * len(residuals) // blocks] for block in range(blocks)]]

    def _check_size(self, side: int) -> None:
        if self.shares_entrance:
            return
        config = self.module.config
        most = config["pos_embed_max_size"] * config["patch_size"] * self.model.latent_format.scale
        if side > most:
            raise OutOfRangeError(
                f"This ControlNet steers pictures of up to {most} pixels along a side, not {side}.",
                "Choose a smaller size, and enlarge the picture afterwards.",
            )
