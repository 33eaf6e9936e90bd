"""Checkpoints in the original layout: a network with its text encoders, its VAE, or both."""

from backend.library.identify.backbones import recognise_backbone
from backend.library.identify.contents import Contents
from backend.library.identify.finding import Finding
from backend.schema.models import ModelKind, Role

NETWORK = "model.diffusion_model."
ROLES: tuple[tuple[str, Role], ...] = (
    (NETWORK, "diffusion_model"),
    ("first_stage_model.", "vae"),
    ("vae.", "vae"),
    ("conditioner.embedders.0.transformer.", "clip_l"),
    ("conditioner.embedders.0.model.", "clip_g"),  # the refiner's only encoder
    ("conditioner.embedders.1.model.", "clip_g"),
    ("cond_stage_model.transformer.", "clip_l"),
    ("cond_stage_model.model.", "clip_h"),
    ("text_encoders.clip_l.", "clip_l"),
    ("text_encoders.clip_g.", "clip_g"),
    ("text_encoders.t5xxl.", "t5xxl"),
    ("text_encoders.", "text_encoder"),
    ("embedder.model.visual.", "clip_vision"),  # unCLIP's
    ("model_ema.", "ema"),
)
_COMPANIONS = frozenset(
    {"first_stage_model", "vae", "conditioner", "cond_stage_model", "text_encoders"}
)


def checkpoint(contents: Contents) -> Finding | None:
    """Recognise a checkpoint; one that lacks both encoders and VAE is a bare network."""
    if "model" not in contents.roots:
        return None
    backbone = recognise_backbone(contents.under(NETWORK))
    if backbone is None:
        return None
    whole = bool(_COMPANIONS & contents.roots)
    return Finding(
        kind=ModelKind.CHECKPOINT if whole else ModelKind.DIFFUSION_MODEL,
        family=backbone.family,
        family_label=backbone.family_label,
        layout="original" if whole else "transformer_only",
        variants=backbone.variants,
        roles=ROLES,
    )
