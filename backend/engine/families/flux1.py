"""FLUX.1: dev, schnell, and what was trained from them."""

from collections.abc import Generator, Sequence
from typing import cast

from backend.engine.accelerator import wide_range_dtype
from backend.engine.families.base import Encoded, LatentToRgb
from backend.engine.families.decoding import latent_format_of
from backend.engine.families.flux_model import FILL_CHANNELS, PATCH, USUAL_GUIDANCE, Flux1
from backend.engine.loading.components import (
    Component,
    Config,
    Layout,
    load_component,
    own_names,
)
from backend.engine.loading.files import CheckpointFiles
from backend.engine.loading.original.flux import flux_sources
from backend.engine.loading.parts import CLIP_L, VAE
from backend.engine.loading.scheduler_config import SchedulerConfig
from backend.engine.loading.t5_encoder import t5_encoder
from backend.engine.loading.weights import Weights
from backend.engine.memory.workplace import Workplace
from backend.engine.networks import FluxTransformer2DModel
from backend.engine.prompts.clip import ClipReader
from backend.engine.prompts.reading import Reading
from backend.engine.prompts.remembered import EncodePrompts
from backend.engine.prompts.t5 import T5Reader
from backend.engine.registry import family, reads
from backend.prompts.t5_tokenizer import t5_tokenizer
from backend.schema.catalogue import FamilyDefaults, PromptReading, VariantInfo
from backend.schema.errors import ModelError
from backend.schema.events import Event

LATENT_TO_RGB = LatentToRgb(
    # Published with ComfyUI, `latent_formats.py`, 2024.
    factors=(
        (-0.0346, 0.0244, 0.0681),
        (0.0034, 0.0210, 0.0687),
        (0.0275, -0.0668, -0.0433),
        (-0.0174, 0.0160, 0.0617),
        (0.0859, 0.0721, 0.0329),
        (0.0004, 0.0383, 0.0115),
        (0.0405, 0.0861, 0.0915),
        (-0.0236, -0.0185, -0.0259),
        (-0.0245, 0.0250, 0.1180),
        (0.1008, 0.0755, -0.0421),
        (-0.0515, 0.0201, 0.0011),
        (0.0428, -0.0012, -0.0036),
        (0.0817, 0.0765, 0.0749),
        (-0.1264, -0.0522, -0.1103),
        (-0.0280, -0.0881, -0.0499),
        (-0.1262, -0.0982, -0.0778),
    ),
    bias=(-0.0329, -0.0718, -0.0851),
)

DEFAULTS = FamilyDefaults(
    width=1024,
    height=1024,
    steps=20,
    cfg_scale=1.0,
    sampler="euler",
    schedule="simple",
    guidance=USUAL_GUIDANCE,
)
FILL = DEFAULTS.model_copy(update={"steps": 30, "guidance": 30.0})
SCHNELL = DEFAULTS.model_copy(update={"steps": 4, "guidance": None})
TOKEN_CHANNELS = 16 * PATCH**2
TOKENS, SCHNELL_TOKENS = 512, 256
"""How much of a prompt T5 reads: as long as the network's training prompts were."""
READS = PromptReading(
    only_first_piece=True,
    t5_tokens=TOKENS,
    deaf_to_weights="This model reads prompts with T5, which knows no weights: (…:1.3), (…) "
    "and […] change nothing.",
    in_sentences=True,
)

_ORIGINAL_ENTRANCE, _ENTRANCE = "img_in.weight", "x_embedder.weight"
_ORIGINAL_PARTS = ("double_blocks.", "single_blocks.", "guidance_in.")
_PARTS = (
    "transformer_blocks.",
    "single_transformer_blocks.",
    "time_text_embed.guidance_embedder.",
)


def _built(config: Config) -> FluxTransformer2DModel:
    return cast("FluxTransformer2DModel", FluxTransformer2DModel.from_config(config))


def _as_the_file_says(config: Config, weights: Weights) -> Config:
    """What it sees, whether it is told the guidance, and how many blocks it has.

    Raises:
        ModelError: When it wants a control picture beside the latents.
    """
    original = _ORIGINAL_ENTRANCE in weights.names
    entrance = _ORIGINAL_ENTRANCE if original else _ENTRANCE
    channels = weights.shape(entrance)[1]
    if channels not in {TOKEN_CHANNELS, FILL_CHANNELS}:
        raise ModelError(
            "This FLUX model draws along a control picture, and Easel cannot give it one.",
            "Choose FLUX.1 dev, schnell or Fill.",
        )
    double, single, guidance = _ORIGINAL_PARTS if original else _PARTS
    return config | {
        "in_channels": channels,
        "out_channels": TOKEN_CHANNELS,
        "num_layers": _blocks(weights, double),
        "num_single_layers": _blocks(weights, single),
        "guidance_embeds": any(name.startswith(guidance) for name in weights.names),
    }


def _blocks(weights: Weights, prefix: str) -> int:
    names = (name for name in weights.names if name.startswith(prefix))
    return len({name.removeprefix(prefix).partition(".")[0] for name in names})


TRANSFORMER = Component(
    "diffusion_model",
    "transformer",
    "the denoising network",
    _built,
    (
        Layout(_ORIGINAL_ENTRANCE, flux_sources, "model.diffusion_model."),
        Layout(_ORIGINAL_ENTRANCE, flux_sources),
        Layout(_ENTRANCE, own_names),
    ),
    _as_the_file_says,
)


def _shift_of(scheduler: SchedulerConfig, *, guided: bool) -> float | None:
    """None where it depends on the size; single files leave it open, and dev is told guidance."""
    dynamic = scheduler.use_dynamic_shifting
    return None if (guided if dynamic is None else dynamic) else scheduler.shift


def _reading(clip: ClipReader, t5: T5Reader, tokens: int) -> EncodePrompts:
    """Both encoders: CLIP's view of the whole, and T5's of each token."""

    def encode(texts: Sequence[str], reading: Reading) -> tuple[Encoded, ...]:
        said = zip(texts, clip.read(texts, reading), strict=True)
        return tuple(Encoded(t5.read(text, tokens), whole.pooled) for text, whole in said)

    return encode


@reads(READS)
@family(
    "flux1",
    label="FLUX.1",
    defaults=DEFAULTS,
    variants=(
        VariantInfo(
            id="schnell",
            label="schnell",
            defaults=SCHNELL,
            note="Draws in 1 to 4 steps, and takes no guidance.",
            reads=READS.model_copy(update={"t5_tokens": SCHNELL_TOKENS}),
        ),
        VariantInfo(
            id="fill",
            label="Fill",
            defaults=FILL,
            note="Made to repaint and extend pictures; from words alone it paints all of it.",
        ),
    ),
    uses=("sampling.guidance", "model.clip_l", "model.t5xxl"),
    size_multiple=16,
)
def load(files: CheckpointFiles, workplace: Workplace) -> Generator[Event, None, Flux1]:
    """Load a checkpoint, telling before each part what is read.

    Raises:
        ModelMissingError: When there is no checkpoint, or a part is missing.
        ModelDamagedError: When a part is broken.
        ModelError: When it is made for drawing along a control picture.
    """
    dtype = wide_range_dtype(workplace.device)
    clip = yield from load_component(CLIP_L, files, workplace, dtype)
    t5 = yield from load_component(t5_encoder("text_encoder_2"), files, workplace, dtype)
    transformer = yield from load_component(TRANSFORMER, files, workplace, dtype)
    vae = yield from load_component(VAE, files, workplace, dtype)
    guided = bool(transformer.config["guidance_embeds"])
    return Flux1(
        transformer=transformer,
        vae=vae,
        encode=_reading(
            ClipReader(files.tokenizer(), clip, workplace),
            T5Reader(t5_tokenizer(), t5, workplace),
            TOKENS if guided else SCHNELL_TOKENS,
        ),
        latent_format=latent_format_of(vae, files.side_car().latent_to_rgb or LATENT_TO_RGB),
        shift=_shift_of(files.scheduler(), guided=guided),
        workplace=workplace,
        deaf_to_weights=READS.deaf_to_weights,
    )
