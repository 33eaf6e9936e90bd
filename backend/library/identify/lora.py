"""Adapters that change weights (LoRA, LoHa, LoKr, DoRA, full differences), whoever trained them.

Trainers name the same layer with dots or with underscores; the marks below accept both.

Source: the key names that kohya's sd-scripts, LyCORIS, diffusers, peft and ComfyUI write.
"""

import re
from collections import Counter

from backend.library.identify.contents import Contents
from backend.library.identify.finding import SD3_FAMILIES, Finding
from backend.schema.models import Family, Layout, ModelKind

_FORMS: tuple[tuple[str, tuple[str, ...]], ...] = (
    # the kind of change, and the endings of tensors that only it has
    ("loha", (".hada_w1_b",)),
    ("lokr", (".lokr_w1", ".lokr_w1_a")),
    ("oft", (".oft_blocks", ".oft_diag", ".oft_R.weight")),
    ("lora", (".lora_down.weight", ".lora_A.weight", "lora.down.weight", ".lora_A.default.weight")),
    ("full difference", (".diff",)),
)
_RANKED = (
    ".lora_down.weight",
    ".lora_A.weight",
    ".lora_A.default.weight",
    "lora.down.weight",
    ".hada_w1_b",
    ".lokr_w2_b",
)
_WIDE = (*_RANKED, ".diff")
"""Endings of tensors whose second axis is as long as what enters the layer."""
_LAYOUTS: tuple[tuple[str, Layout], ...] = (
    # what a name begins with
    ("lora_transformer", "onetrainer"),
    ("lora_", "kohya"),
    ("oft_", "kohya"),
    ("lycoris_", "kohya"),
    ("base_model.model.", "peft"),
    ("diffusion_model.", "comfyui"),
    ("unet.", "diffusers"),
    ("transformer.", "diffusers"),
    ("text_encoder", "diffusers"),
)
_FOREIGN = (
    ("Qwen-Image", re.compile(r"transformer_blocks[._]\d+[._]img_mlp")),
    (
        "HunyuanVideo",
        re.compile(r"individual_token_refiner|double_blocks[._]\d+[._]img_attn_q[._]"),
    ),
    ("Wan video", re.compile(r"(^|[._])blocks[._]\d+[._](self|cross)_attn")),
    ("Z-Image", re.compile(r"(^|[._])layers[._]\d+[._]attention[._]")),
    ("HiDream", re.compile(r"double_stream_blocks")),
)
_FLUX = re.compile(r"double_blocks[._]|single_blocks[._]|single_transformer_blocks[._]")
_SD3 = re.compile(r"joint_blocks[._]|(?<!single_)transformer_blocks[._]\d+[._]attn[._]add_[qkv]")
_SECOND_ATTENTION = re.compile(r"x_block[._]attn2|(^|[._])transformer_blocks[._]\d+[._]attn2")
_BLOCK = re.compile(r"(?:joint|transformer)_blocks[._](\d+)[._]")
_CROSS_KEYS = re.compile(r"attn2[._](?:processor[._])?to_k(?:_lora|[._])")
_DEEP = re.compile(r"(?:input_blocks[._][78]|down_blocks[._]2).*transformer_blocks[._][2-9][._]")
_SECOND_ENCODER = re.compile(r"^(?:lora_te2_|text_encoder_2\.)")
_FIRST_ENCODER = re.compile(r"^(?:lora_te_|lora_te1_|text_encoder\.)")
_TEXT_WIDTHS = {
    768: Family.SD15,
    1024: Family.SD2,
    1280: Family.SDXL_REFINER,
    2048: Family.SDXL,
}
_ENCODER_WIDTHS = {768: Family.SD15, 1024: Family.SD2}
_LARGE_BLOCKS = 24
"""SD 3 and 3.5 medium have blocks 0 to 23; whatever is above is 3.5 large's."""


def lora(contents: Contents) -> Finding | None:
    """Recognise an adapter, the kind of its change, its rank and the family that it fits."""
    form = next((form for form, marks in _FORMS if contents.ending(*marks)), "")
    if not form or "controlnet_cond_embedding" in contents.roots or contents.has("lora_controlnet"):
        return None
    family, fits, label = _family(contents)
    variants = [] if form == "lora" else [form]
    if contents.ending(".dora_scale", ".lora_magnitude_vector"):
        variants.append("dora")
    return Finding(
        kind=ModelKind.LORA,
        family=family,
        family_label=label,
        fits=fits,
        layout=_layout(contents),
        variants=tuple(variants),
        roles=(("", "adapter"),),
        rank=_rank(contents),
    )


def _layout(contents: Contents) -> Layout:
    first = next(iter(contents.tensors))
    for start, layout in _LAYOUTS:
        if first.startswith(start):
            return layout
    return "original"


def _rank(contents: Contents) -> int:
    """The rank that most layers have; trainers may give convolutions another one."""
    ranks = Counter(
        tensor.shape[0]
        for name, tensor in contents.tensors.items()
        if tensor.shape and name.endswith(_RANKED)
    )
    return max(ranks, key=ranks.__getitem__) if ranks else 0


def _family(contents: Contents) -> tuple[Family, tuple[Family, ...], str]:
    """The family, all that it fits where these are several, and the name of a foreign one."""
    names = list(contents.tensors)
    for label, mark in _FOREIGN:
        if any(map(mark.search, names)):
            return Family.OTHER, (), label
    if any(map(_FLUX.search, names)):
        return Family.FLUX1, (), ""
    if any(map(_SD3.search, names)):
        return (*_stable_diffusion_3(names), "")
    return _unet(contents, names), (), ""


def _stable_diffusion_3(names: list[str]) -> tuple[Family, tuple[Family, ...]]:
    if any(map(_SECOND_ATTENTION.search, names)):
        return Family.SD35_MEDIUM, ()
    blocks = [int(found[1]) for found in map(_BLOCK.search, names) if found]
    if max(blocks, default=0) >= _LARGE_BLOCKS:
        return Family.SD35_LARGE, ()
    return Family.UNKNOWN, SD3_FAMILIES


def _unet(contents: Contents, names: list[str]) -> Family:
    crossing = next(
        (name for name in names if _CROSS_KEYS.search(name) and _width(contents, name)), ""
    )
    width = _width(contents, crossing)
    if width in _TEXT_WIDTHS:
        return _TEXT_WIDTHS[width]
    if any(map(_SECOND_ENCODER.search, names)) or any(map(_DEEP.search, names)):
        return Family.SDXL
    encoders = (name for name in names if _FIRST_ENCODER.search(name) and "q_proj" in name)
    widths = (_width(contents, name) for name in encoders)
    return _ENCODER_WIDTHS.get(next((each for each in widths if each), 0), Family.UNKNOWN)


def _width(contents: Contents, name: str) -> int:
    """How many numbers enter the layer that this tensor changes; 0 where it does not tell."""
    if name.endswith(_WIDE) and ".lokr_" not in name:
        return contents.size(name, 1)
    if ".lokr_w1" in name:
        layer = name.partition(".lokr_")[0]
        factors = [
            contents.size(f"{layer}.{factor}", 1) or contents.size(f"{layer}.{factor}_b", 1)
            for factor in ("lokr_w1", "lokr_w2")
        ]
        return factors[0] * factors[1]
    return 0
