"""Vision encoders: the eyes of IP-Adapters, unCLIP and Redux."""

from backend.library.identify.contents import Contents
from backend.library.identify.finding import Finding
from backend.schema.models import Layout, ModelKind

_WIDTHS = {1024: "ViT-L", 1280: "ViT-H", 1664: "ViT-bigG", 1152: "SigLIP"}
_FORMS: tuple[tuple[str, Layout], ...] = (
    # a tensor as long as the encoder is wide
    ("vision_model.encoder.layers.0.layer_norm1.bias", "transformers"),
    ("visual.transformer.resblocks.0.ln_1.bias", "open_clip"),
)


def clip_vision(contents: Contents) -> Finding | None:
    """Recognise a vision encoder that holds no text encoder."""
    for form, layout in _FORMS:
        key = contents.ending(form)
        if key and not contents.ending("token_embedding.weight"):
            name = _WIDTHS.get(contents.size(key, 0), "")
            return Finding(
                kind=ModelKind.CLIP_VISION,
                layout=layout,
                variants=(name,) if name else (),
                roles=(("", "clip_vision"),),
            )
    return None
