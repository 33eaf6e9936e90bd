"""How wide a denoising network is, which what steers it has to match."""

from backend.library.identify.contents import Contents

_PREFIXES = ("", "model.diffusion_model.", "control_model.", "adapter.")
_FIRST = (
    # what enters a UNet, SD 3's transformer, FLUX's, a T2I-Adapter: as long as the network is wide
    "input_blocks.0.0",
    "conv_in",
    "x_embedder.proj",
    "pos_embed.proj",
    "img_in",
    "x_embedder",
    "body.0.out_conv",
)
_PACKED = "U8"
"""4-bit files flatten weights, two numbers to a byte; biases keep their shapes."""
_TEXT = (
    ".attn2.to_k.weight",
    ".to_k_ip.weight",
    # of LoRAs, as kohya's scripts and as peft write them
    "_attn2_to_k.lora_down.weight",
    ".attn2.to_k.lora_A.weight",
    ".attn2.to_k.lora_down.weight",
)


def width_of(contents: Contents) -> int:
    """The channels of the first layer; 0 where it is none of a network that Easel knows."""
    names = (
        f"{prefix}{name}.{part}"
        for prefix in _PREFIXES
        for name in _FIRST
        for part in ("bias", "weight")
    )
    widths = (contents.size(name, 0) for name in names if not _is_packed(contents, name))
    return next(filter(None, widths), 0)


def text_width_of(contents: Contents) -> int:
    """The length of the vectors that cross attention reads; 0 where there is none."""
    key = contents.ending(*_TEXT)
    return contents.size(key, 1) if key and not _is_packed(contents, key) else 0


def _is_packed(contents: Contents, name: str) -> bool:
    tensor = contents.tensors.get(name)
    return tensor is not None and tensor.dtype == _PACKED and name.endswith(".weight")
