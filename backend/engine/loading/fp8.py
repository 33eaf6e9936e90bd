"""Tensors stored in eight bits with a scale of their own.

Plain ones need nothing: any wider format holds each of their numbers exactly. Scaled ones come with
a second tensor by which they are multiplied. ComfyUI names it `<layer>.scale_weight` in files that
have a tensor `scaled_fp8`, and `<layer>.weight_scale` in newer ones; other tensors beside a weight
steer how ComfyUI computes and say nothing of its numbers.

Source: ComfyUI's QUANTIZATION.md and the key names in its checkpoints.
"""

from collections.abc import Collection

import torch
from torch import Tensor

from backend.schema.errors import ModelError

FP8 = (torch.float8_e4m3fn, torch.float8_e5m2)
_SCALES = ("scale_weight", "weight_scale")
_STEERING = ("scale_input", "input_scale", "comfy_quant")
_FURTHER_SCALES = ("weight_scale_2", "pre_quant_scale")
_MARKER = "scaled_fp8"


def scale_names(names: Collection[str]) -> dict[str, str]:
    """The tensor that holds the scale of each scaled weight."""
    found: dict[str, str] = {}
    for name in names:
        layer, _, last = name.rpartition(".")
        if last in _SCALES and f"{layer}.weight" in names:
            found[f"{layer}.weight"] = name
    return found


def helper_names(names: Collection[str]) -> set[str]:
    """The tensors that are no weights: scales, markers and what steers ComfyUI."""
    helpers: set[str] = set()
    for name in names:
        layer, _, last = name.rpartition(".")
        beside = last in (*_SCALES, *_STEERING, *_FURTHER_SCALES) and f"{layer}.weight" in names
        if beside or last == _MARKER:
            helpers.add(name)
    return helpers


def require_known_scale(stored: Tensor, scale: Tensor, name: str, names: Collection[str]) -> None:
    """Require that `scaled` can unpack a weight.

    Args:
        stored: Its numbers, in one of the formats `FP8`.
        scale: One number, or one for each row.
        name: Its name, for sentences and to see what else belongs to it.
        names: All names in the file.

    Raises:
        ModelError: When it is packed in another way, such as in four bits or with a scale for each
            block.
    """
    layer = name.removesuffix("weight")
    known = stored.dtype in FP8 and scale.is_floating_point()
    whole = scale.numel() == 1 or _by_row(stored, scale)
    if not (known and whole) or any(layer + further in names for further in _FURTHER_SCALES):
        raise ModelError(
            f"The tensor {name} is packed in a way that Easel cannot unpack.",
            "Get the fp8, fp16 or GGUF version of the model.",
        )


def scaled(stored: Tensor, scale: Tensor | None) -> Tensor:
    """A weight times its scale, in single precision."""
    if scale is None:
        return stored.float()
    shape = (-1,) + (1,) * (stored.dim() - 1)
    return stored.float() * scale.float().view(shape if scale.numel() > 1 else ())


def _by_row(stored: Tensor, scale: Tensor) -> bool:
    return scale.numel() == stored.shape[0] and scale.shape[:1] == stored.shape[:1]
