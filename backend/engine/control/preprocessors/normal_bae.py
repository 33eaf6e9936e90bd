"""Surface directions by BAE.

Source: Bae et al., “Estimating and Exploiting the Aleatoric Uncertainty in Surface Normal
Estimation”, 2021, by way of controlnet-aux.
"""

from types import SimpleNamespace

import torch
from PIL import Image

from backend.engine.control.base import MapSettings
from backend.engine.control.pixels import IMAGENET, as_map, as_tensor, fitted, normalised
from backend.engine.control.registry import preprocessor
from backend.engine.control.seeing import annotator, at_work, part_of
from backend.schema.control_types import ControlType
from backend.schema.controls import PreprocessorInfo

_MULTIPLE = 64
_ASKED = SimpleNamespace(
    mode="client",
    architecture="BN",
    pretrained="scannet",
    sampling_ratio=0.4,
    importance_ratio=0.7,
)
"""What the network was trained as."""


@preprocessor(
    PreprocessorInfo(
        id="normal_bae",
        label="Normal map (BAE)",
        help="Directions of surfaces as colours, background included.",
        makes=ControlType.NORMAL,
        aliases=("bae", "normalbae"),
        weights=(annotator("scannet.pt", 291_173_013, "mit"),),
        usual=True,
    )
)
def normal_bae(picture: Image.Image, settings: MapSettings) -> Image.Image:
    """Colours for directions."""
    prefixes = ("model.", "module.")
    with at_work(built, settings.files[0], settings.device, prefixes) as network:
        pixels = as_tensor(fitted(picture, _MULTIPLE), settings.device)
        scales, *_ = network(normalised(pixels, *IMAGENET))
        directions: torch.Tensor = scales[-1][0, :3]
        return as_map((directions + 1) / 2, picture.size)


def built() -> torch.nn.Module:
    """The network."""
    return part_of("normalbae.nets.NNET", "NNET")(_ASKED)
