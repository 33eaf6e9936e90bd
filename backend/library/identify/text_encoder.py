"""Text encoders: CLIP's three sizes, T5-XXL, and others that Easel has no use for."""

from backend.library.identify.contents import Contents
from backend.library.identify.finding import SD3_FAMILIES, Finding
from backend.schema.models import Family, Layout, ModelKind, Role

_CLIPS: dict[int, tuple[Role, tuple[Family, ...]]] = {
    768: ("clip_l", (Family.SD15, Family.SDXL, *SD3_FAMILIES, Family.FLUX1)),
    1024: ("clip_h", (Family.SD2,)),
    1280: ("clip_g", (Family.SDXL, Family.SDXL_REFINER, *SD3_FAMILIES)),
}
_T5_FITS = (*SD3_FAMILIES, Family.FLUX1)
_XXL_WIDTH, _T5_WORDS = 4096, 32128
_T5_FORMS: tuple[tuple[str, str, Layout], ...] = (
    # the first attention's query, the words' table, the layout
    ("encoder.block.0.layer.0.SelfAttention.q.weight", "shared.weight", "transformers"),
    ("enc.blk.0.attn_q.weight", "token_embd.weight", "llama_cpp"),
)


def text_encoder(contents: Contents) -> Finding | None:
    """Recognise a CLIP or T5 text encoder, or a language model used as one."""
    return _clip(contents) or _t5(contents) or _language_model(contents)


def _clip(contents: Contents) -> Finding | None:
    forms: tuple[tuple[str, Layout, str], ...] = (
        ("embeddings.token_embedding.weight", "transformers", "encoder.layers.0.layer_norm1.bias"),
        ("token_embedding.weight", "open_clip", "transformer.resblocks.0.attn.in_proj_weight"),
    )
    for words, layout, block in forms:
        key = contents.ending(words)
        prefix = key.removesuffix(words)
        if not key or not contents.has(prefix + block):
            continue
        role, fits = _CLIPS.get(contents.size(key, 1), ("text_encoder", ()))
        return _finding(role, fits, layout)
    return None


def _t5(contents: Contents) -> Finding | None:
    for query, words, layout in _T5_FORMS:
        key = contents.ending(query)
        if not key:
            continue
        prefix = key.removesuffix(query)
        width = contents.size(key, 1)
        rows = contents.size(prefix + words, 0)
        xxl = width == _XXL_WIDTH and rows in (0, _T5_WORDS)
        label = "" if xxl else "T5" if rows in (0, _T5_WORDS) else "uMT5 (Wan video)"
        return _finding("t5xxl" if xxl else "text_encoder", _T5_FITS if xxl else (), layout, label)
    return None


def _language_model(contents: Contents) -> Finding | None:
    if contents.ending("layers.0.self_attn.k_proj.weight") and contents.ending(
        "embed_tokens.weight"
    ):
        return _finding("text_encoder", (), "transformers", "a language model")
    if contents.has("blk.0.attn_q.weight", "token_embd.weight"):
        return _finding("text_encoder", (), "llama_cpp", "a language model")
    return None


def _finding(role: Role, fits: tuple[Family, ...], layout: Layout, label: str = "") -> Finding:
    return Finding(
        kind=ModelKind.TEXT_ENCODER,
        family=Family.OTHER if label else Family.UNKNOWN,
        family_label=label,
        fits=fits,
        layout=layout,
        roles=(("", role),),
    )
