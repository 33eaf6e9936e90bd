"""Straight lines.

Source: Gu et al., “Towards Light-weight and Real-time Line Segment Detection”, 2022, by way of
controlnet-aux.
"""

import cv2
import numpy as np
import torch
from PIL import Image

from backend.engine.control.base import MapSettings
from backend.engine.control.pixels import as_tensor, fitted
from backend.engine.control.registry import preprocessor
from backend.engine.control.seeing import annotator, at_work, part_of
from backend.schema.control_types import ControlType
from backend.schema.controls import ParameterInfo, PreprocessorInfo

_WEIGHTS = (annotator("mlsd_large_512_fp32.pth", 6_341_481, "apache-2.0"),)
_SURE = ParameterInfo(
    field="threshold_a",
    label="Certainty",
    help="How sure a line has to be; lower finds more.",
    minimum=0.01,
    maximum=2.0,
    step=0.01,
    default=0.1,
)
_LENGTH = ParameterInfo(
    field="threshold_b",
    label="Shortest line",
    help="Shorter lines are left out; one is two pixels of the map.",
    minimum=0.01,
    maximum=20.0,
    step=0.01,
    default=0.1,
)
_MULTIPLE = 64
_MOST_LINES = 200
_NEIGHBOURS = 3


@preprocessor(
    PreprocessorInfo(
        id="mlsd",
        label="Straight lines (M-LSD)",
        help="Straight lines alone, for rooms and buildings.",
        makes=ControlType.STRAIGHT_LINES,
        aliases=("m-lsd", "MLSD"),
        parameters=(_SURE, _LENGTH),
        weights=_WEIGHTS,
        usual=True,
    )
)
def mlsd(picture: Image.Image, settings: MapSettings) -> Image.Image:
    """White lines on black."""
    canvas = np.zeros((picture.height, picture.width), np.uint8)
    for line in _lines(picture, settings):
        start, end = ((round(float(x)), round(float(y))) for x, y in line.reshape(2, 2))
        cv2.line(canvas, start, end, 255, 1)
    return Image.fromarray(canvas).convert("RGB")


def _lines(picture: Image.Image, settings: MapSettings) -> torch.Tensor:
    """The lines found, shape (lines, 4): the beginning's x and y, the end's."""
    shown = fitted(picture, _MULTIPLE)
    build = part_of("mlsd.models.mbv2_mlsd_large", "MobileV2_MLSD_Large")
    with at_work(build, settings.files[0], settings.device) as network:
        pixels = as_tensor(shown, settings.device)
        opaque = torch.full_like(pixels[:, :1], 1 / 255)  # a fourth channel of ones, as it learned
        seen: torch.Tensor = network(torch.cat((pixels, opaque), 1) * 2 - 1)
    seen = seen.float().cpu()
    centres, moved = seen[0, 0].sigmoid(), seen[0, 1:5]
    alone = torch.nn.functional.max_pool2d(centres[None], _NEIGHBOURS, 1, _NEIGHBOURS // 2)[0]
    sure = torch.where(alone == centres, centres, 0.0).flatten()
    scores, places = sure.topk(min(_MOST_LINES, sure.numel()))
    width = seen.shape[-1]
    x, y = places % width, places // width
    start_x, start_y, end_x, end_y = moved[:, y, x]
    length = torch.hypot(start_x - end_x, start_y - end_y)
    kept = (scores > settings.threshold_a) & (length > settings.threshold_b)
    lines = torch.stack((x + start_x, y + start_y, x + end_x, y + end_y), 1)[kept]
    scale = torch.tensor([picture.width / width, picture.height / seen.shape[-2]])
    return lines * scale.repeat(2)
