"""What an IP-Adapter makes of an encoded picture: keys and values for a UNet's cross attention.

Source: Ye et al. 2023 (arXiv:2308.06721), by way of diffusers.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from backend.engine.loading.source import Source
from backend.engine.loading.weights import Weights
from backend.engine.networks import (
    ImageProjection,
    IPAdapterFullImageProjection,
    IPAdapterPlusImageProjection,
)
from backend.schema.errors import ModelDamagedError, ModelError
from backend.schema.image_encoders import Look

Form = Literal["plain", "plus", "full"]
_HEAD = 64
"""Numbers of each head in the resampler of “plus”."""
_KEY = re.compile(r"ip_adapter\.(\d+)\.to_k_ip\.weight")
_IDENTITY = ("image_proj.perceiver_resampler.proj_in.weight", "image_proj.norm.weight")
"""What only adapters have that read a face's identity; the plain ones' norm has `proj` beside."""
_PLAIN = (("image_embeds", "proj"),)
_FULL = (("ff.net.0.proj", "proj.0"), ("ff.net.2", "proj.2"), ("norm", "proj.3"))
_PLUS = (
    ("ln0", "0.norm1"),
    ("ln1", "0.norm2"),
    ("attn.to_q", "0.to_q"),
    ("attn.to_out.0", "0.to_out"),
    ("ff.0", "1.0"),
    ("ff.1.net.0.proj", "1.1"),
    ("ff.1.net.2", "1.3"),
)
"""Within each layer."""
_PLUS_LAYER = re.compile(r"(layers\.\d+)\.(.+)\.(weight|bias)")
_HALVES = {"attn.to_k": 0, "attn.to_v": 1}


class PictureReading(nn.Module):
    """An IP-Adapter as a whole."""

    def __init__(self, projection: nn.Module, width: int, widths: Sequence[int]) -> None:
        """Begin with random weights.

        Args:
            projection: Makes tokens of what an encoder says.
            width: Of a token.
            widths: Of the keys of each cross attention.
        """
        super().__init__()
        self.projection = projection
        self.to_k = nn.ModuleList(nn.Linear(width, each, bias=False) for each in widths)
        self.to_v = nn.ModuleList(nn.Linear(width, each, bias=False) for each in widths)

    def forward(self, encoded: Tensor) -> Tensor:
        """Keys and values of all cross attentions, layer after layer.

        Args:
            encoded: Shape (rows, width) or (rows, places, width).

        Returns:
            Shape (rows, tokens, twice the sum of all widths).
        """
        tokens = self.projection(encoded)
        pairs = zip(self.to_k, self.to_v, strict=True)
        return torch.cat([layer(tokens) for pair in pairs for layer in pair], dim=-1)


@dataclass(frozen=True)
class AdapterFile:
    """What a file's names and shapes say of the adapter in it."""

    form: Form
    width: int
    """Of a token: that of the text encoders' states."""
    reads: int
    """How wide is what it reads of an encoder."""
    layers: tuple[tuple[int, int], ...]
    """The number of each cross attention, in the UNet's order, and the width of its keys."""

    @property
    def look(self) -> Look:
        """What it reads of an encoder."""
        return "pooled" if self.form == "plain" else "hidden"

    @property
    def widths(self) -> tuple[int, ...]:
        """Those of the keys of each cross attention."""
        return tuple(width for _, width in self.layers)

    @classmethod
    def of(cls, weights: Weights) -> "AdapterFile":
        """Look at a file.

        Raises:
            ModelError: When it is another kind of model, or needs more than an image encoder.
        """
        numbers = sorted(int(found[1]) for found in map(_KEY.fullmatch, weights.names) if found)
        form = _form(weights) if numbers else None
        if form is None:
            raise ModelError(
                f"“{weights.path.name}” is no IP-Adapter that Easel knows.",
                "Choose another one, such as ip-adapter-plus_sd15.",
            )
        keys = [weights.shape(f"ip_adapter.{number}.to_k_ip.weight") for number in numbers]
        name = {"plain": "proj.weight", "plus": "proj_in.weight", "full": "proj.0.weight"}[form]
        return cls(
            form,
            width=keys[0][1],
            reads=weights.shape(f"image_proj.{name}")[1],
            layers=tuple(zip(numbers, (key[0] for key in keys), strict=True)),
        )

    def build(self, weights: Weights) -> PictureReading:
        """The adapter without its weights.

        Raises:
            ModelDamagedError: When tensors are missing, or their sizes make no sense.
        """
        try:
            with torch.device("meta"):
                return PictureReading(self._projection(weights), self.width, self.widths)
        except (ValueError, ZeroDivisionError, RuntimeError) as error:
            raise ModelDamagedError(
                f"The sizes in “{weights.path.name}” make no sense: {error}", "Download it again."
            ) from error

    def sources(self, names: Sequence[str]) -> Mapping[str, Source]:
        """Where each tensor of the adapter lies."""
        return {name: self._source(name) for name in names}

    def _projection(self, weights: Weights) -> nn.Module:
        inside = weights.under("image_proj.")
        if self.form == "plain":
            tokens = inside.shape("proj.weight")[0] // self.width
            return ImageProjection(self.reads, self.width, tokens)
        if self.form == "full":
            return IPAdapterFullImageProjection(self.reads, self.width)
        queries, hidden = inside.shape("latents")[1:]
        numbered = (name.split(".") for name in inside.names if name.startswith("layers."))
        return IPAdapterPlusImageProjection(
            embed_dims=self.reads,
            output_dims=self.width,
            hidden_dims=hidden,
            depth=len({parts[1] for parts in numbered}),
            dim_head=_HEAD,
            heads=inside.shape("layers.0.0.to_q.weight")[0] // _HEAD,
            num_queries=queries,
            ffn_ratio=inside.shape("layers.0.1.1.weight")[0] / hidden,
        )

    def _source(self, name: str) -> Source:
        part, _, inside = name.partition(".")
        if part == "projection":
            return self._of_projection(inside)
        place, _, _ = inside.partition(".")
        return Source(f"ip_adapter.{self.layers[int(place)][0]}.{part}_ip.weight")

    def _of_projection(self, name: str) -> Source:
        layer = _PLUS_LAYER.fullmatch(name)
        if self.form != "plus" or layer is None:
            return Source("image_proj." + _renamed(name, _FULL if self.form == "full" else _PLAIN))
        number, inside, end = layer.groups()
        if inside in _HALVES:
            return Source(f"image_proj.{number}.0.to_kv.{end}", part=_HALVES[inside])
        return Source(f"image_proj.{number}.{dict(_PLUS)[inside]}.{end}")


def _form(weights: Weights) -> Form | None:
    names = weights.names
    if "image_proj.proj.weight" in names:
        return "plain"
    if "image_proj.proj.3.weight" in names:
        return "full"
    if any(name in names for name in _IDENTITY):
        raise ModelError(
            f"“{weights.path.name}” is told who is seen by InsightFace, which is not part of "
            "Easel.",
            "Get ip-adapter-plus-face_sd15, ip-adapter-full-face_sd15 or "
            "ip-adapter-plus-face_sdxl_vit-h, which look at the face themselves.",
        )
    return "plus" if "image_proj.latents" in names else None


def _renamed(name: str, pairs: Sequence[tuple[str, str]]) -> str:
    for ours, theirs in pairs:
        if name.startswith(f"{ours}."):
            return theirs + name.removeprefix(ours)
    return name
