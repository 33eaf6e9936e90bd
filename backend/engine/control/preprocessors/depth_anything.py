"""Depth by Depth Anything, both versions in three sizes.

Source: Yang et al., “Depth Anything”, 2024, and “Depth Anything V2”, 2024, by way of transformers.
"""

from collections.abc import Callable

import torch
from PIL import Image

from backend.engine.control.base import MapSettings
from backend.engine.control.pixels import IMAGENET, as_map, as_tensor, nearness, normalised, sized
from backend.engine.control.registry import Preprocessor, preprocessor
from backend.engine.control.transformers_at_work import (
    Configuration,
    configured,
    transformer_at_work,
)
from backend.schema.control_types import ControlType
from backend.schema.controls import PreprocessorInfo, WeightsInfo

_PATCH = 14
_SHORTER_SIDE = 518
"""What it learned from; depth is smooth, so that larger maps gain nothing from more."""
_FILE = "model.safetensors"
_SMALL, _BASE, _LARGE = 99_173_660, 389_913_372, 1_341_322_868


def _seen(picture: Image.Image, settings: MapSettings, configuration: Configuration) -> Image.Image:
    name, file = "DepthAnythingForDepthEstimation", settings.files[0]
    with transformer_at_work(name, configuration, file, settings.device) as network:
        shown = sized(picture, _SHORTER_SIDE, _PATCH)
        pixels = as_tensor(shown, settings.device)
        seen: torch.Tensor = network(normalised(pixels, *IMAGENET)).predicted_depth
        return as_map(nearness(seen[0]), picture.size)


def small() -> Configuration:
    """Of the smallest networks."""
    return _configured((384, 12, 6), (9, 10, 11, 12), (64, 48, 96, 192, 384))


def base() -> Configuration:
    """Of those of middle size."""
    return _configured((768, 12, 12), (9, 10, 11, 12), (128, 96, 192, 384, 768))


def large() -> Configuration:
    """Of the largest."""
    return _configured((1024, 24, 16), (21, 22, 23, 24), (256, 256, 512, 1024, 1024))


def _configured(
    trunk: tuple[int, int, int], read: tuple[int, ...], head: tuple[int, ...]
) -> Configuration:
    """What the published networks are built from.

    Args:
        trunk: The DINOv2's width, layers and attention heads.
        read: The layers that the head reads.
        head: Its width where scales are joined, and before, by scale.
    """
    width, layers, heads = trunk
    dino = configured(
        "Dinov2Config",
        image_size=_SHORTER_SIDE,
        patch_size=_PATCH,
        hidden_size=width,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        out_indices=list(read),
        reshape_hidden_states=False,
        apply_layernorm=True,
    )
    joined, *by_scale = head
    return configured(
        "DepthAnythingConfig",
        backbone_config=dino,
        reassemble_hidden_size=width,
        patch_size=_PATCH,
        fusion_hidden_size=joined,
        neck_hidden_sizes=by_scale,
    )


def _version(info: PreprocessorInfo, configuration: Callable[[], Configuration]) -> Preprocessor:
    """One of the published networks; its map is grey, near is white."""

    def depth(picture: Image.Image, settings: MapSettings) -> Image.Image:
        return _seen(picture, settings, configuration())

    return preprocessor(info)(depth)


def _file(repository: str, size: int, license: str) -> tuple[WeightsInfo, ...]:  # noqa: A002  # its field
    return (WeightsInfo(repository=repository, file=_FILE, bytes=size, license=license),)


depth_anything_v2 = _version(
    PreprocessorInfo(
        id="depth_anything_v2",
        label="Depth (Depth Anything V2, small)",
        help="Near is light and far is dark, with fine details; small, fast and free to use.",
        makes=ControlType.DEPTH,
        aliases=("depth_anything_v2_small", "depth_anything_v2_vits"),
        weights=_file("depth-anything/Depth-Anything-V2-Small-hf", _SMALL, "apache-2.0"),
        usual=True,
    ),
    small,
)
depth_anything_v2_base = _version(
    PreprocessorInfo(
        id="depth_anything_v2_base",
        label="Depth (Depth Anything V2, base)",
        help="Finer than the small one; not for commercial use.",
        makes=ControlType.DEPTH,
        aliases=("depth_anything_v2_vitb",),
        weights=_file("depth-anything/Depth-Anything-V2-Base-hf", _BASE, "cc-by-nc-4.0"),
    ),
    base,
)
depth_anything_v2_large = _version(
    PreprocessorInfo(
        id="depth_anything_v2_large",
        label="Depth (Depth Anything V2, large)",
        help="The finest depth, slow; not for commercial use.",
        makes=ControlType.DEPTH,
        aliases=("depth_anything_v2_vitl",),
        weights=_file("depth-anything/Depth-Anything-V2-Large-hf", _LARGE, "cc-by-nc-4.0"),
    ),
    large,
)
depth_anything_small = _version(
    PreprocessorInfo(
        id="depth_anything_small",
        label="Depth (Depth Anything, small)",
        help="The first version: smoother than the second.",
        makes=ControlType.DEPTH,
        aliases=("depth_anything_vits",),
        weights=_file("LiheYoung/depth-anything-small-hf", _SMALL, "apache-2.0"),
    ),
    small,
)
depth_anything_base = _version(
    PreprocessorInfo(
        id="depth_anything_base",
        label="Depth (Depth Anything, base)",
        help="The first version, of middle size, free to use.",
        makes=ControlType.DEPTH,
        aliases=("depth_anything_vitb",),
        weights=_file("LiheYoung/depth-anything-base-hf", _BASE, "apache-2.0"),
    ),
    base,
)
depth_anything_large = _version(
    PreprocessorInfo(
        id="depth_anything",
        label="Depth (Depth Anything, large)",
        help="The first version at its best, free to use, slow.",
        makes=ControlType.DEPTH,
        aliases=("depth_anything_large", "depth_anything_vitl"),
        weights=_file("LiheYoung/depth-anything-large-hf", _LARGE, "apache-2.0"),
    ),
    large,
)
