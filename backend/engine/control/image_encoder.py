"""The CLIP vision encoder through which an IP-Adapter looks at pictures.

Source: Radford et al. 2021 (arXiv:2103.00020), by way of transformers.
"""

import json
from collections.abc import Collection, Generator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np
import torch
from PIL import Image, ImageOps
from torch import Tensor

from backend.engine.loading.components import Layout, own_names
from backend.engine.loading.origin import Origin
from backend.engine.loading.original.clip_vision import open_clip_vision_sources
from backend.engine.loading.weights import Weights, open_weights
from backend.engine.memory.workplace import Workplace
from backend.engine.networks import CLIPVisionConfig, CLIPVisionModelWithProjection
from backend.schema.errors import ModelDamagedError, ModelError
from backend.schema.events import Event
from backend.schema.image_encoders import Look

_LAYOUTS = (
    Layout("vision_model.embeddings.patch_embedding.weight", own_names),
    Layout("conv1.weight", open_clip_vision_sources, "visual."),
)
_HEADS = 16
"""Of OpenAI's ViT-L, and of OpenCLIP's ViT-H and ViT-bigG."""
_OPENAI_WIDTH = 1024
"""ViT-L's, which OpenAI trained with an activation of its own."""
_MEAN = (0.48145466, 0.4578275, 0.40821073)
_DEVIATION = (0.26862954, 0.26130258, 0.27577711)
"""Of each colour in the pictures that CLIP learned from, from 0 to 1."""
_TOLD = ("num_attention_heads", "hidden_act", "layer_norm_eps")
"""What no tensor's shape tells."""


@dataclass(frozen=True)
class ImageEyes:
    """An encoder, and how it is shown pictures."""

    module: CLIPVisionModelWithProjection
    dtype: torch.dtype

    def width(self, look: Look) -> int:
        """How wide is what it says."""
        config = self.module.config
        return config.projection_dim if look == "pooled" else config.hidden_size

    def see(self, picture: Image.Image, look: Look, device: torch.device) -> Tensor:
        """What it says of nothing, and of a picture.

        As IP-Adapters were trained: nothing is a picture of zeros where each place is described,
        and zeros where the whole is.

        Args:
            picture: RGB; the largest square in its middle is looked at.
            look: What is read of it.
            device: Where it works.

        Returns:
            Shape (2, width), or (2, places, width).
        """
        side = cast("int", self.module.config.image_size)
        pixels = as_shown(picture, side).to(device, self.dtype)
        if look == "pooled":
            whole = self.module(pixels).image_embeds
            return torch.cat([torch.zeros_like(whole), whole])
        both = torch.cat([torch.zeros_like(pixels), pixels])
        return self.module(both, output_hidden_states=True).hidden_states[-2]


def as_shown(picture: Image.Image, side: int) -> Tensor:
    """The square in the middle of a picture, as CLIP learned to see it.

    Args:
        picture: RGB.
        side: Of the square, in pixels.

    Returns:
        Shape (1, 3, side, side), of mean 0 and deviation 1 over all pictures.
    """
    square = ImageOps.fit(picture, (side, side), Image.Resampling.BICUBIC)
    colours = torch.from_numpy(np.asarray(square, dtype=np.float32) / 255)
    return ((colours - torch.tensor(_MEAN)) / torch.tensor(_DEVIATION)).permute(2, 0, 1)[None]


def load_image_encoder(
    path: Path, workplace: Workplace, dtype: torch.dtype
) -> Generator[Event, None, ImageEyes]:
    """Have an encoder at its workplace.

    Args:
        path: A file in transformers' or OpenCLIP's names, or a folder with one.
        workplace: Where it works.
        dtype: What it computes with.

    Raises:
        ModelMissingError: When it is not there.
        ModelDamagedError: When it is not whole.
        ModelError: When it is something else.
    """
    with open_weights(path) as weights:
        layout = next((each for each in _LAYOUTS if each.fits(weights)), None)
        if layout is None:
            raise ModelError(
                f"“{path.name}” is no CLIP vision encoder.",
                "Choose another image encoder for the IP-Adapter.",
            )
        inside = weights.under(layout.prefix)
        module = _built(inside, _sizes(inside, layout), path)
        sources = layout.sources(module.state_dict())
        for source in sources.values():
            inside.shape(source.name)  # tells what is missing
    origin = Origin("the image encoder", path, layout.prefix, sources, dtype)
    yield from workplace.take_in("clip_vision", module, origin)
    return ImageEyes(module.eval(), dtype)


def _built(weights: Weights, sizes: dict[str, int], path: Path) -> CLIPVisionModelWithProjection:
    """The encoder without its weights."""
    act = "quick_gelu" if sizes["hidden_size"] == _OPENAI_WIDTH else "gelu"
    usual = {"num_attention_heads": _HEADS, "hidden_act": act}
    try:
        with torch.device("meta"):
            return CLIPVisionModelWithProjection(
                CLIPVisionConfig.from_dict({**usual, **_told(path, sizes["hidden_size"]), **sizes})
            )
    except (ValueError, TypeError, KeyError) as error:
        raise ModelDamagedError(
            f"The image encoder “{weights.path.name}” makes no sense: {error}",
            "Download it again.",
        ) from error


def _sizes(weights: Weights, layout: Layout) -> dict[str, int]:
    """What the shapes of its tensors say."""
    prefix = "vision_model." if layout.sources is own_names else ""
    names = _TRANSFORMERS if prefix else _OPEN_CLIP
    patches = weights.shape(prefix + names.patches)
    places = weights.shape(prefix + names.positions)[0] - 1
    projection = weights.shape(names.projection)
    return {
        "hidden_size": patches[0],
        "patch_size": patches[-1],
        "image_size": round(places**0.5) * patches[-1],
        "intermediate_size": weights.shape(f"{prefix}{names.layers}.0.{names.wide}")[0],
        "num_hidden_layers": _count(weights.names, f"{prefix}{names.layers}."),
        "projection_dim": projection[0 if prefix else 1],
    }


@dataclass(frozen=True)
class _Names:
    """What the tensors are called whose shapes tell the sizes."""

    patches: str
    positions: str
    layers: str
    wide: str
    projection: str


_TRANSFORMERS = _Names(
    "embeddings.patch_embedding.weight",
    "embeddings.position_embedding.weight",
    "encoder.layers",
    "mlp.fc1.weight",
    "visual_projection.weight",
)
_OPEN_CLIP = _Names(
    "conv1.weight", "positional_embedding", "transformer.resblocks", "mlp.c_fc.weight", "proj"
)


def _count(names: Collection[str], prefix: str) -> int:
    return len({name[len(prefix) :].partition(".")[0] for name in names if name.startswith(prefix)})


def _told(path: Path, width: int) -> dict[str, object]:
    """What the `config.json` beside it tells, where there is one of an encoder of this width."""
    folder = path if path.is_dir() else path.parent
    with suppress(OSError, ValueError, AttributeError):
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        vision = cast("dict[str, object]", config.get("vision_config", config))
        if vision.get("hidden_size") == width:
            return {name: vision[name] for name in _TOLD if name in vision}
    return {}
