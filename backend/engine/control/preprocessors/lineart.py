"""Line art as a draughtsman draws it.

Source: Chan et al., “Learning to generate line drawings that convey geometry and semantics”, 2022,
by way of controlnet-aux.
"""

import torch
from PIL import Image

from backend.engine.control.base import MapSettings
from backend.engine.control.pixels import as_map, as_tensor, fitted
from backend.engine.control.registry import preprocessor
from backend.engine.control.seeing import annotator, at_work, part_of
from backend.schema.control_types import ControlType
from backend.schema.controls import PreprocessorInfo

_MULTIPLE = 8
_COLOURS, _GREY, _BLOCKS = 3, 1, 3


@preprocessor(
    PreprocessorInfo(
        id="lineart_realistic",
        label="Line art (realistic)",
        help="Fine lines with their weights, from photographs and paintings.",
        makes=ControlType.LINE_ART,
        aliases=("lineart",),
        weights=(annotator("sk_model.pth", 17_173_511, "mit"),),
        usual=True,
    )
)
def lineart(picture: Image.Image, settings: MapSettings) -> Image.Image:
    """White lines on black."""
    return _drawn(picture, settings)


@preprocessor(
    PreprocessorInfo(
        id="lineart_coarse",
        label="Line art (coarse)",
        help="Fewer and bolder lines.",
        makes=ControlType.LINE_ART,
        weights=(annotator("sk_model2.pth", 17_173_511, "mit"),),
    )
)
def lineart_coarse(picture: Image.Image, settings: MapSettings) -> Image.Image:
    """White lines on black, bolder."""
    return _drawn(picture, settings)


def _drawn(picture: Image.Image, settings: MapSettings) -> Image.Image:
    generator = part_of("lineart", "Generator")

    def build() -> torch.nn.Module:
        return generator(_COLOURS, _GREY, _BLOCKS)

    with at_work(build, settings.files[0], settings.device) as network:
        paper: torch.Tensor = network(as_tensor(fitted(picture, _MULTIPLE), settings.device))
        return as_map(1 - paper[0, 0], picture.size)
