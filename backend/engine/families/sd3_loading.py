"""What SD 3 and SD 3.5 have in common in loading: their parts, and how they read prompts.

The published config is that of SD 3 medium; what the others have more is read off their tensors.
"""

import math
from collections.abc import Generator, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import cast

import torch
from torch import Tensor

from backend.engine.accelerator import wide_range_dtype
from backend.engine.families.base import Encoded, LatentToRgb
from backend.engine.families.decoding import latent_format_of
from backend.engine.families.sd3_model import StableDiffusion3
from backend.engine.loading.components import (
    Component,
    Config,
    Layout,
    holds,
    load_component,
    own_names,
)
from backend.engine.loading.files import CheckpointFiles, family_configs
from backend.engine.loading.original.mmdit import mmdit_sources
from backend.engine.loading.parts import (
    CLIP_G,
    CLIP_L,
    CLIP_L_PROJECTING,
    VAE,
)
from backend.engine.loading.t5_encoder import t5_encoder
from backend.engine.loading.weights import Weights
from backend.engine.memory.workplace import Workplace
from backend.engine.networks import SD3Transformer2DModel
from backend.engine.prompts.clip import ClipEncoder, ClipReader
from backend.engine.prompts.reading import Reading
from backend.engine.prompts.remembered import EncodePrompts
from backend.engine.prompts.t5 import T5Reader
from backend.engine.schedules.base import NoiseLevels
from backend.prompts.t5_tokenizer import t5_tokenizer
from backend.schema.catalogue import FamilyDefaults, PromptReading
from backend.schema.events import Event

DEFAULTS = FamilyDefaults(
    width=1024, height=1024, steps=28, cfg_scale=5.0, sampler="dpmpp_2m", schedule="simple"
)
USES = ("model.clip_l", "model.clip_g", "model.t5xxl", "sampling.cfg_rescale")
SIZE_MULTIPLE = 16
T5_TOKENS = 256
READS = PromptReading(
    t5_tokens=T5_TOKENS,
    t5_optional=True,
    deaf_to_weights="Weights such as (…:1.3) act on this model through its two CLIP encoders only: "
    "T5 knows none.",
    in_sentences=True,
)
SHIFT = 3.0
"""How far the noise levels of the published models are moved up, which single files do not say."""
LATENT_TO_RGB = LatentToRgb(
    # Published by Stability AI with sd3.5, `sd3_impls.py`, 2024.
    factors=(
        (-0.0645, 0.0177, 0.1052),
        (0.0028, 0.0312, 0.0650),
        (0.1848, 0.0762, 0.0360),
        (0.0944, 0.0360, 0.0889),
        (0.0897, 0.0506, -0.0364),
        (-0.0020, 0.1203, 0.0284),
        (0.0855, 0.0118, 0.0283),
        (-0.0539, 0.0658, 0.1047),
        (-0.0057, 0.0116, 0.0700),
        (-0.0412, 0.0281, -0.0039),
        (0.1106, 0.1171, 0.1220),
        (-0.0248, 0.0682, -0.0481),
        (0.0815, 0.0846, 0.1207),
        (-0.0120, -0.0055, -0.0867),
        (-0.0749, -0.0634, -0.0456),
        (-0.1418, -0.1457, -0.1259),
    )
)


@dataclass(frozen=True)
class _Names:
    """Which tensors of a transformer tell its size."""

    entrance: str
    positions: str
    pooled: str
    blocks: str
    """Before the number of a block."""
    normalised: str
    second: str
    """In blocks with a second attention."""


_ORIGINAL = _Names(
    entrance="x_embedder.proj.weight",
    positions="pos_embed",
    pooled="y_embedder.mlp.0.weight",
    blocks="joint_blocks.",
    normalised="x_block.attn.ln_q.",
    second="x_block.attn2.",
)
_OWN = _Names(
    entrance="pos_embed.proj.weight",
    positions="pos_embed.pos_embed",
    pooled="time_text_embed.text_embedder.linear_1.weight",
    blocks="transformer_blocks.",
    normalised="attn.norm_q.",
    second="attn2.",
)
_TEXT = "context_embedder.weight"  # in both


def _as_the_file_says(config: Config, weights: Weights) -> Config:
    """All sizes but those of a head and a patch, and what is in the blocks."""
    names = _ORIGINAL if _ORIGINAL.entrance in weights.names else _OWN
    width = weights.shape(names.entrance)[0]
    inside = [
        name.removeprefix(names.blocks).partition(".")[::2]
        for name in weights.names
        if name.startswith(names.blocks)
    ]
    dual = {int(number) for number, rest in inside if rest.startswith(names.second)}
    normalised = any(rest.startswith(names.normalised) for _, rest in inside)
    return config | {
        "num_layers": len({number for number, _ in inside}),
        "num_attention_heads": width // cast("int", config["attention_head_dim"]),
        "caption_projection_dim": width,
        "joint_attention_dim": weights.shape(_TEXT)[1],
        "pooled_projection_dim": weights.shape(names.pooled)[1],
        "pos_embed_max_size": math.isqrt(weights.shape(names.positions).numel() // width),
        "dual_attention_layers": tuple(sorted(dual)),
        "qk_norm": "rms_norm" if normalised else None,
    }


def _built(config: Config) -> SD3Transformer2DModel:
    return cast("SD3Transformer2DModel", SD3Transformer2DModel.from_config(config))


TRANSFORMER = Component(
    "diffusion_model",
    "transformer",
    "the denoising network",
    _built,
    (
        Layout(_ORIGINAL.entrance, mmdit_sources, "model.diffusion_model."),
        Layout(_ORIGINAL.entrance, mmdit_sources),
        Layout(_OWN.entrance, own_names),
    ),
    _as_the_file_says,
)
T5 = t5_encoder("text_encoder_3")


def _clip_l(config: Config) -> ClipEncoder:
    """An encoder that projects where its config says so, which diffusers folders' do.

    In single files it does not: the network was trained with what CLIP-L makes of the whole as it
    is, and diffusers folders have a projection that changes nothing.

    Source: Stability AI's sd3.5, `sd3_infer.py`.
    """
    kinds = cast("Iterable[str]", config.get("architectures") or ())
    projects = "CLIPTextModelWithProjection" in kinds
    return (CLIP_L_PROJECTING if projects else CLIP_L).build(config)


_CLIP_L = Component("clip_l", "text_encoder", "the CLIP-L text encoder", _clip_l, CLIP_L.layouts)


def load_parts(
    files: CheckpointFiles, workplace: Workplace
) -> Generator[Event, None, StableDiffusion3]:
    """Load a checkpoint, telling before each part what is read; T5 may be missing.

    Raises:
        ModelMissingError: When there is no checkpoint, or a part is missing.
        ModelDamagedError: When a part is broken.
    """
    files = replace(files, configs=family_configs("sd3"))
    dtype = wide_range_dtype(workplace.device)
    clip_l = yield from load_component(_CLIP_L, files, workplace, dtype)
    clip_g = yield from load_component(CLIP_G, files, workplace, dtype)
    t5 = None
    if holds(T5, files):
        t5 = yield from load_component(T5, files, workplace, dtype)
    transformer = yield from load_component(TRANSFORMER, files, workplace, dtype)
    vae = yield from load_component(VAE, files, workplace, dtype)
    clips = (
        ClipReader(files.tokenizer(), clip_l, workplace, "last but one"),
        ClipReader(files.tokenizer("tokenizer_2", "!"), clip_g, workplace, "last but one"),
    )
    reader = None if t5 is None else T5Reader(t5_tokenizer(), t5, workplace)
    return StableDiffusion3(
        transformer=transformer,
        vae=vae,
        encode=_reading(clips, reader, transformer.config["joint_attention_dim"]),
        levels=NoiseLevels.flow(SHIFT if files.path.is_file() else files.scheduler().shift),
        latent_format=latent_format_of(vae, files.side_car().latent_to_rgb or LATENT_TO_RGB),
        workplace=workplace,
        deaf_to_weights=READS.deaf_to_weights if reader else "",
    )


def _reading(
    clips: tuple[ClipReader, ClipReader], t5: T5Reader | None, width: int
) -> EncodePrompts:
    """All three encoders: both CLIPs side by side, T5 behind them.

    Source: Esser et al. 2024 (arXiv:2403.03206), figure 2.
    """

    def encode(texts: Sequence[str], reading: Reading) -> tuple[Encoded, ...]:
        said = zip(texts, *(clip.read(texts, reading) for clip in clips), strict=True)
        return tuple(_joined(first, second, behind(text)) for text, first, second in said)

    def behind(text: str) -> Tensor:
        return torch.zeros(1, T5_TOKENS, width) if t5 is None else t5.read(text, T5_TOKENS)

    return encode


def _joined(first: Encoded, second: Encoded, behind: Tensor) -> Encoded:
    """One row of tokens; the CLIPs' are filled up with zeros to the width of T5's."""
    states = torch.cat([first.states, second.states], dim=-1)
    states = torch.nn.functional.pad(states, (0, behind.shape[-1] - states.shape[-1]))
    pooled = torch.cat([cast("Tensor", first.pooled), cast("Tensor", second.pooled)], dim=-1)
    return Encoded(torch.cat([states, behind.to(states)], dim=1), pooled)
