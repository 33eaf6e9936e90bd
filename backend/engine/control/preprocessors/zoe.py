"""Depth in metres by ZoeDepth.

Source: Bhat et al., “ZoeDepth: Zero-shot Transfer by Combining Relative and Metric Depth”, 2023, by
way of controlnet-aux.
"""

from collections.abc import Mapping
from typing import Protocol, cast

import torch
from PIL import Image

from backend.engine.control.base import MapSettings
from backend.engine.control.pixels import as_map, as_tensor, fitted, nearness_of_metres
from backend.engine.control.registry import preprocessor
from backend.engine.control.seeing import annotator, at_work, attribute_of, forget_activations
from backend.schema.control_types import ControlType
from backend.schema.controls import PreprocessorInfo

_MULTIPLE = 32


@preprocessor(
    PreprocessorInfo(
        id="depth_zoe",
        label="Depth (ZoE)",
        help="Even distances, near is light; good for rooms, slow.",
        makes=ControlType.DEPTH,
        aliases=("zoe", "depth_zoedepth"),
        weights=(annotator("ZoeD_M12_N.pt", 1_443_406_099, "mit"),),
    )
)
def depth_zoe(picture: Image.Image, settings: MapSettings) -> Image.Image:
    """Grey, near is white."""
    with at_work(built, settings.files[0], settings.device, ("model.",)) as network:
        pixels = as_tensor(fitted(picture, _MULTIPLE), settings.device)
        metres = cast("_Zoe", network).infer(pixels, with_flip_aug=False)
        forget_activations("zoe.zoedepth.models.base_models.midas_repo.midas.backbones.utils")
        return as_map(nearness_of_metres(metres[0, 0]), picture.size)


def built() -> torch.nn.Module:
    """The network for rooms, `ZoeD_M12_N`."""
    configure = cast("_Configure", attribute_of("zoe.zoedepth.utils.config", "get_config"))
    zoe = cast("_Builds", attribute_of("zoe.zoedepth.models.zoedepth.zoedepth_v1", "ZoeDepth"))
    return zoe.build_from_config(configure("zoedepth", "infer"))


class _Configure(Protocol):
    def __call__(self, name: str, mode: str) -> Mapping[str, object]: ...


class _Builds(Protocol):
    def build_from_config(self, configuration: Mapping[str, object]) -> torch.nn.Module: ...


class _Zoe(Protocol):
    def infer(self, pixels: torch.Tensor, *, with_flip_aug: bool) -> torch.Tensor: ...
