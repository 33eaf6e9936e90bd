"""The list of recognised kinds of files; a new kind is one more line."""

from backend.library.identify.checkpoint import checkpoint
from backend.library.identify.clip_vision import clip_vision
from backend.library.identify.contents import Contents
from backend.library.identify.controlnet import controlnet
from backend.library.identify.diffusion_model import diffusion_model
from backend.library.identify.embedding import embedding
from backend.library.identify.finding import Finding, Recogniser
from backend.library.identify.ip_adapter import ip_adapter
from backend.library.identify.lora import lora
from backend.library.identify.small_kinds import gligen, hypernetwork, motion_module
from backend.library.identify.style_model import style_model
from backend.library.identify.t2i_adapter import t2i_adapter
from backend.library.identify.text_encoder import text_encoder
from backend.library.identify.upscaler import upscaler
from backend.library.identify.vae import preview_decoder, vae
from backend.schema.models import ModelKind

RECOGNISERS: tuple[Recogniser, ...] = (
    ip_adapter,
    controlnet,
    lora,
    checkpoint,
    motion_module,
    gligen,
    diffusion_model,
    style_model,
    t2i_adapter,
    vae,
    text_encoder,
    clip_vision,
    preview_decoder,
    upscaler,
    hypernetwork,
    embedding,
)
"""In order: the first that recognises the tensors says what the file is."""


def recognise(contents: Contents) -> Finding:
    """Say what these tensors are; of the kind UNKNOWN where nobody knows."""
    found = (recogniser(contents) for recogniser in RECOGNISERS)
    return next((finding for finding in found if finding), Finding(kind=ModelKind.UNKNOWN))
