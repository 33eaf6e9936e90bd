"""Depth and surface directions by MiDaS.

Source: Ranftl et al., “Vision Transformers for Dense Prediction”, 2021, by way of controlnet-aux.
"""

import cv2
import numpy as np
import torch
from PIL import Image

from backend.engine.control.base import MapSettings
from backend.engine.control.pixels import Numbers, as_map, as_tensor, fitted, nearness
from backend.engine.control.registry import preprocessor
from backend.engine.control.seeing import annotator, at_work, forget_activations, part_of
from backend.schema.control_types import ControlType
from backend.schema.controls import ParameterInfo, PreprocessorInfo

_WEIGHTS = (annotator("dpt_hybrid-midas-501f0c75.pt", 492_757_791, "mit"),)
_BACKGROUND = ParameterInfo(
    field="threshold_a",
    label="Background",
    help="What is farther than this share of the way faces the viewer; higher flattens more.",
    minimum=0,
    maximum=1,
    step=0.01,
    default=0.4,
)
_MULTIPLE = 32
_STEEPNESS = 2 * np.pi
"""What a slope is divided by, as the normal map's models learned it."""


@preprocessor(
    PreprocessorInfo(
        id="depth_midas",
        label="Depth (MiDaS)",
        help="Near is light and far is dark; the classic that most depth models learned from.",
        makes=ControlType.DEPTH,
        aliases=("midas", "depth"),
        weights=_WEIGHTS,
    )
)
def depth_midas(picture: Image.Image, settings: MapSettings) -> Image.Image:
    """Grey, near is white."""
    return as_map(nearness(_seen(picture, settings)), picture.size)


@preprocessor(
    PreprocessorInfo(
        id="normal_midas",
        label="Normal map (MiDaS)",
        help="Directions of surfaces as colours, from MiDaS's depth.",
        makes=ControlType.NORMAL,
        aliases=("normal_map",),
        parameters=(_BACKGROUND,),
        weights=_WEIGHTS,
    )
)
def normal_midas(picture: Image.Image, settings: MapSettings) -> Image.Image:
    """Colours for directions: red towards the viewer, green down, blue to the right."""
    depth = _seen(picture, settings)
    return as_map(directions(depth, settings.threshold_a), picture.size)


def _seen(picture: Image.Image, settings: MapSettings) -> torch.Tensor:
    """What grows with nearness, shape (height, width)."""
    dense = part_of("midas.midas.dpt_depth", "DPTDepthModel")

    def build() -> torch.nn.Module:
        return dense(path=None, backbone="vitb_rn50_384", non_negative=True)

    with at_work(build, settings.files[0], settings.device, ("model.",)) as network:
        pixels = as_tensor(fitted(picture, _MULTIPLE), settings.device)
        seen: torch.Tensor = network(pixels * 2 - 1)
        forget_activations("midas.midas.vit")
        return seen[0].float().cpu()


def directions(depth: torch.Tensor, background: float) -> Numbers:
    """Where surfaces face, in the order in which ControlNet's first normal model learned it.

    Args:
        depth: What grows with nearness, shape (height, width).
        background: What is farther than this share of the way faces the viewer.

    Returns:
        Towards the viewer, down, right: from 0 to 1, shape (3, height, width).
    """
    values = depth.numpy()
    right = cv2.Sobel(values, cv2.CV_32F, 1, 0, ksize=3)
    down = cv2.Sobel(values, cv2.CV_32F, 0, 1, ksize=3)
    far = nearness(depth).numpy() < background
    right[far] = 0
    down[far] = 0
    towards = np.full_like(right, _STEEPNESS)
    ways = np.stack((towards, down, right))
    return (ways / np.linalg.norm(ways, axis=0, keepdims=True) + 1) / 2
