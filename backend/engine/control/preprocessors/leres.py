"""Depth by LeReS.

Source: Yin et al., “Learning to Recover 3D Scene Shape from a Single Image”, 2021, by way of
controlnet-aux.
"""

import torch
from PIL import Image

from backend.engine.control.base import MapSettings
from backend.engine.control.pixels import (
    IMAGENET,
    as_map,
    as_tensor,
    fitted,
    nearness,
    normalised,
)
from backend.engine.control.registry import preprocessor
from backend.engine.control.seeing import annotator, at_work, part_of
from backend.schema.control_types import ControlType
from backend.schema.controls import ParameterInfo, PreprocessorInfo

_NEAR = ParameterInfo(
    field="threshold_a",
    label="Remove near",
    help="The nearest part of the way, in percent, that becomes white as a whole.",
    minimum=0,
    maximum=100,
    step=0.1,
    default=0,
)
_FAR = ParameterInfo(
    field="threshold_b",
    label="Remove background",
    help="The farthest part of the way, in percent, that becomes black.",
    minimum=0,
    maximum=100,
    step=0.1,
    default=0,
)
_MULTIPLE = 32


@preprocessor(
    PreprocessorInfo(
        id="depth_leres",
        label="Depth (LeReS)",
        help="Near is light, with fine edges; the far background can be removed.",
        makes=ControlType.DEPTH,
        aliases=("leres",),
        parameters=(_NEAR, _FAR),
        weights=(annotator("res101.pth", 530_756_756, "research and non-commercial use"),),
    )
)
def depth_leres(picture: Image.Image, settings: MapSettings) -> Image.Image:
    """Grey, near is white."""
    model = part_of("leres.leres.multi_depth_model_woauxi", "RelDepthModel")

    def build() -> torch.nn.Module:
        return model(backbone="resnext101")

    prefixes = ("depth_model.", "module.")
    with at_work(build, settings.files[0], settings.device, prefixes) as network:
        pixels = as_tensor(fitted(picture, _MULTIPLE), settings.device)
        looks = network.get_submodule("depth_model")
        distance: torch.Tensor = looks(normalised(pixels, *IMAGENET))
        near = nearness(-distance[0, 0].float())
        near = torch.where(near > 1 - settings.threshold_a / 100, 1.0, near)
        near = torch.where(near < settings.threshold_b / 100, 0.0, near)
        return as_map(near, picture.size)
