"""Line art as in drawn animation.

Source: the generator that ControlNet 1.1 published for its anime line art, a U-Net of pix2pix
(Isola et al., 2017), by way of controlnet-aux.
"""

from functools import partial

import torch
from PIL import Image

from backend.engine.control.base import MapSettings
from backend.engine.control.pixels import as_map, as_tensor
from backend.engine.control.registry import preprocessor
from backend.engine.control.seeing import annotator, at_work, part_of
from backend.schema.control_types import ControlType
from backend.schema.controls import PreprocessorInfo

_MULTIPLE = 256
"""It is halved eight times on its way through the network."""


@preprocessor(
    PreprocessorInfo(
        id="lineart_anime",
        label="Line art (anime)",
        help="Clean lines of one weight, as drawn animation has.",
        makes=ControlType.ANIME_LINE_ART,
        weights=(annotator("netG.pth", 217_707_939, "openrail"),),
        usual=True,
    )
)
def lineart_anime(picture: Image.Image, settings: MapSettings) -> Image.Image:
    """White lines on black."""
    generator = part_of("lineart_anime", "UnetGenerator")
    norm = partial(torch.nn.InstanceNorm2d, affine=False, track_running_stats=False)

    def build() -> torch.nn.Module:
        return generator(3, 1, 8, 64, norm_layer=norm, use_dropout=False)

    with at_work(build, settings.files[0], settings.device, ("module.",)) as network:
        pixels = as_tensor(_larger(picture), settings.device)
        paper: torch.Tensor = network(pixels * 2 - 1)
        return as_map((1 - paper[0, 0]) / 2, picture.size)


def _larger(picture: Image.Image) -> Image.Image:
    """At the next multiple, not the nearest: what is made smaller loses its fine lines."""
    width, height = (-(-side // _MULTIPLE) * _MULTIPLE for side in picture.size)
    return picture.resize((width, height), Image.Resampling.BICUBIC)
