"""The parts of each family in their published sizes, and one call of each: what tables are made of.

Nothing here reads weights: the parts are built empty, from the published configs.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Literal, TypeVar, cast

import torch
from torch.nn import Module

from backend.engine.families import flux1, sd3_loading
from backend.engine.families.published_controls import (
    call_of_flux,
    call_of_mmdit,
    call_of_unet,
    of_flux,
    of_mmdit,
    of_unet,
)
from backend.engine.families.published_inputs import (
    CLIP_TOKENS,
    inputs_of_flux,
    inputs_of_mmdit,
    size_conditions,
)
from backend.engine.loading.components import Component, Config
from backend.engine.loading.files import family_configs
from backend.engine.loading.parts import CLIP_G, CLIP_H, CLIP_L, CLIP_L_PROJECTING, UNET, VAE
from backend.engine.loading.t5_encoder import t5_encoder
from backend.engine.networks import (
    AutoencoderKL,
    FluxTransformer2DModel,
    SD3Transformer2DModel,
    UNet2DConditionModel,
)
from backend.schema.models import Role

Precision = Literal["fp32", "fp16", "bf16"]
Built = TypeVar("Built", bound=Module)
Call = Callable[[Module, int, int], object]
"""Calls a part for so many rows of latents with so many along a side; text encoders ignore these.
New tensors are made in the default dtype, on the default device."""


@dataclass(frozen=True)
class PublishedPart:
    """A part of a checkpoint in its published size."""

    role: Role
    precision: Precision
    """What accelerators compute it in; processors compute in single precision."""
    config: Traversable
    build: Callable[[Config], Module]
    call: Call
    changes: Config = field(default_factory=dict[str, object])
    """What the config of this family has otherwise."""

    def built(self) -> Module:
        """The part, on the default device and in the default dtype."""
        config = json.loads(self.config.read_text(encoding="utf-8"))
        return self.build(config | self.changes).eval()


def published() -> Mapping[str, tuple[PublishedPart, ...]]:
    """The parts of each registered family by its id, in the order in which they work."""
    return {
        "sd15": _with_unet("sd15", _part("sd15", CLIP_L, "fp16", _clip)),
        "sd2": _with_unet("sd2", _part("sd2", CLIP_H, "fp16", _clip)),
        "sdxl": _with_unet(
            "sdxl", _part("sdxl", CLIP_L, "fp16", _clip), _part("sdxl", CLIP_G, "fp16", _clip)
        ),
        "sdxl_refiner": _with_unet("sdxl_refiner", _part("sdxl_refiner", CLIP_G, "fp16", _clip)),
        "sd3": _sd3({}),
        "sd35_medium": _sd3(
            {
                "qk_norm": "rms_norm",
                "dual_attention_layers": tuple(range(13)),
                "pos_embed_max_size": 384,
            }
        ),
        "sd35_large": _sd3(
            {
                "num_layers": 38,
                "num_attention_heads": 38,
                "caption_projection_dim": 2432,
                "qk_norm": "rms_norm",
            }
        ),
        "flux1": (
            _part("flux1", CLIP_L, "bf16", _clip),
            _part("flux1", t5_encoder("text_encoder_2"), "bf16", _t5(flux1.TOKENS)),
            _part("flux1", flux1.TRANSFORMER, "bf16", _flux),
            _part("flux1", VAE, "bf16", _decode),
        ),
    }


def published_controls() -> Mapping[str, PublishedPart]:
    """The ControlNets of each family that has some, by its id."""
    unets = ("sd15", "sd2", "sdxl")
    found = {family: _control(family, "unet", of_unet, call_of_unet) for family in unets}
    layers = {"sd3": 6, "sd35_medium": 6, "sd35_large": 19}
    for family, count in layers.items():
        changes = next(p.changes for p in published()[family] if p.role == "diffusion_model")
        part = _control("sd3", "transformer", of_mmdit(count), call_of_mmdit)
        found[family] = replace(part, changes=changes)
    found["flux1"] = _control("flux1", "transformer", of_flux, call_of_flux)
    return found


def starter_control(folder: Path) -> PublishedPart:
    """A ControlNet of SD 1.5's form in a diffusers folder."""
    return replace(published_controls()["sd15"], config=folder / "config.json")


def in_folder(folder: Path) -> tuple[PublishedPart, ...]:
    """The parts of a diffusers folder of SD 1.5's form, such as the starter model."""
    return tuple(
        replace(part, config=folder / name / "config.json")
        for part, name in zip(published()["sd15"], ("text_encoder", "unet", "vae"), strict=True)
    )


def _part(
    family: str, component: Component[Built], precision: Precision, call: Call
) -> PublishedPart:
    config = family_configs(family).joinpath(f"{component.part}.json")
    return PublishedPart(component.role, precision, config, component.build, call)


def _control(
    family: str, network: str, build: Callable[[Config], Module], call: Call
) -> PublishedPart:
    config = family_configs(family).joinpath(f"{network}.json")
    return PublishedPart("controlnet", "fp16", config, build, call)


def _with_unet(family: str, *encoders: PublishedPart) -> tuple[PublishedPart, ...]:
    return (
        *encoders,
        _part(family, UNET, "fp16", _unet),
        _part(family, VAE, "fp32", _decode),
    )


def _sd3(changes: Config) -> tuple[PublishedPart, ...]:
    transformer = sd3_loading.TRANSFORMER
    return (
        _part("sd3", CLIP_L_PROJECTING, "bf16", _clip),
        _part("sd3", CLIP_G, "bf16", _clip),
        _part("sd3", sd3_loading.T5, "bf16", _t5(sd3_loading.T5_TOKENS)),
        PublishedPart(
            transformer.role,
            "bf16",
            family_configs("sd3").joinpath("transformer.json"),
            transformer.build,
            _mmdit,
            changes,
        ),
        _part("sd3", VAE, "bf16", _decode),
    )


def _clip(encoder: Module, rows: int, side: int) -> object:
    del rows, side
    return encoder(torch.zeros(1, CLIP_TOKENS, dtype=torch.long), output_hidden_states=True)


def _t5(tokens: int) -> Call:
    def call(encoder: Module, rows: int, side: int) -> object:
        del rows, side
        return encoder(torch.zeros(1, tokens, dtype=torch.long))

    return call


def _unet(module: Module, rows: int, side: int) -> object:
    config = cast("UNet2DConditionModel", module).config
    return module(
        torch.ones(rows, config["in_channels"], side, side),
        torch.ones(()),
        encoder_hidden_states=torch.ones(rows, CLIP_TOKENS, config["cross_attention_dim"]),
        added_cond_kwargs=size_conditions(config, rows),
        return_dict=False,
    )


def _mmdit(module: Module, rows: int, side: int) -> object:
    return module(**inputs_of_mmdit(cast("SD3Transformer2DModel", module).config, rows, side))


def _flux(module: Module, rows: int, side: int) -> object:
    return module(**inputs_of_flux(cast("FluxTransformer2DModel", module).config, rows, side))


def _decode(module: Module, rows: int, side: int) -> object:
    vae = cast("AutoencoderKL", module)
    latents = torch.ones(rows, vae.config["latent_channels"], side, side)
    return vae.decode(cast("torch.FloatTensor", latents))
