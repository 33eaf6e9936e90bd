"""A network alone, as FLUX and GGUF files come, or as diffusers saves a component."""

from backend.library.identify.backbones import recognise_backbone
from backend.library.identify.contents import Contents
from backend.library.identify.finding import Finding
from backend.schema.models import ModelKind


def diffusion_model(contents: Contents) -> Finding | None:
    """Recognise a denoising network without prefix, text encoders and VAE."""
    backbone = recognise_backbone(contents)
    if backbone is None:
        return None
    return Finding(
        kind=ModelKind.DIFFUSION_MODEL,
        family=backbone.family,
        family_label=backbone.family_label,
        layout="diffusers" if backbone.layout == "diffusers" else "transformer_only",
        variants=backbone.variants,
        roles=(("", "diffusion_model"),),
    )
