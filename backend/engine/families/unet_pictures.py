"""Pictures that a UNet reads beside the prompt: an IP-Adapter's attention.

Each layer that reads the prompt asks the picture the same question, and both answers are added.
Source: Ye et al. 2023 (arXiv:2308.06721), equation 5.
"""

from collections.abc import Generator, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate, scaled_dot_product_attention

from backend.engine.control.unit import Shown, Unit
from backend.engine.families.unet_controls import Asked, Steering
from backend.engine.networks import Attention

_WEAK = 0.5
"""What a picture weighs on the UNet's way down and in its middle, where composition is decided,
when the prompt is to count more."""


@dataclass(frozen=True)
class CrossAttention:
    """A layer of a UNet that reads the prompt."""

    path: str
    to_q: nn.Linear
    to_out: nn.Module
    heads: int
    width: int
    """Of its keys and values."""

    @property
    def on_the_way_up(self) -> bool:
        """Whether it comes after the middle of the UNet."""
        return self.path.startswith("up_blocks.")


def cross_attentions(unet: nn.Module) -> Iterator[CrossAttention]:
    """Those of a UNet of diffusers, in the order in which adapters number them."""
    for path, module in unet.named_modules():
        if path.endswith(".attn2") and isinstance(module, Attention) and module.to_out is not None:
            width = module.inner_kv_dim
            yield CrossAttention(path, module.to_q, module.to_out[0], module.heads, width)


@runtime_checkable
class ReadByUNet(Protocol):
    """A control model whose picture is read beside the prompt."""

    def read(self, shown: Shown, rows: int, negatives: int) -> Tensor:
        """Keys and values for each row of a call.

        Args:
            shown: What it made of the picture.
            rows: How many there are.
            negatives: How many of them, the first ones, are of the negative prompt.

        Returns:
            Shape (rows, tokens, twice the sum of the widths of all layers): for each layer its
            keys, then its values.
        """
        ...


@contextmanager
def reading_pictures(unet: nn.Module, steering: Steering, asked: Asked) -> Generator[None]:
    """Within, a UNet reads pictures beside the prompt; for single calls, since others may share it.

    The layers' own weights and ways are left alone: hooks hear what a layer asks, and add what the
    pictures answer to what the prompt answered.

    Args:
        unet: Of diffusers.
        steering: What steers the call.
        asked: What the call asks of it.
    """
    with ExitStack() as undone:
        told = [
            _Told(unit, unit.network, steering, asked)
            for unit in steering.units
            if unit.weight and isinstance(unit.network, ReadByUNet)
        ]
        place = 0
        for layer in cross_attentions(unet) if told else ():
            reading = _Reading(layer, told, place)
            undone.callback(layer.to_q.register_forward_hook(reading.hear).remove)
            undone.callback(layer.to_out.register_forward_pre_hook(reading.add).remove)
            place += 2 * layer.width
        yield


class _Told:
    """What one picture tells in one call of the UNet."""

    def __init__(self, unit: Unit, network: ReadByUNet, steering: Steering, asked: Asked) -> None:
        rows = len(asked.latents)
        self._unit = unit
        self._rows = network.read(unit.shown, rows, asked.negatives)
        self._drawn = (torch.arange(rows) >= asked.negatives).view(-1, 1, 1)
        self._size = tuple(asked.latents.shape[-2:])
        self._mask = None if unit.mask is None else steering.window.cut(unit.mask)
        self._masks: dict[int, Tensor] = {}

    def answer(self, query: Tensor, layer: CrossAttention, place: int) -> Tensor:
        """What it adds to a layer, shape (rows, queries, width).

        Args:
            query: Shape (rows, queries, width).
            layer: Who asks.
            place: Where the layer's keys begin; its values follow.
        """
        pair = self._rows[..., place : place + 2 * layer.width]
        key, value = (_by_head(each, layer.heads) for each in pair.chunk(2, dim=-1))
        heard = scaled_dot_product_attention(_by_head(query, layer.heads), key, value)
        answer = heard.transpose(1, 2).flatten(2) * self._weight(layer)
        if self._unit.mode == "control":
            answer = answer * self._drawn.to(answer)  # what is not wanted is not told of it
        return answer if self._mask is None else answer * self._where(self._mask, query)

    def _weight(self, layer: CrossAttention) -> float:
        weak = self._unit.mode == "prompt" and not layer.on_the_way_up
        return self._unit.weight * (_WEAK if weak else 1.0)

    def _where(self, mask: Tensor, query: Tensor) -> Tensor:
        """Where it counts, of each query, shape (1, queries, 1)."""
        queries = query.shape[1]
        if queries not in self._masks:
            small = interpolate(mask.to(query), _halved(self._size, queries), mode="area")
            self._masks[queries] = small.flatten(2).transpose(1, 2)
        return self._masks[queries]


@dataclass
class _Reading:
    """Hooks that have one layer read pictures."""

    layer: CrossAttention
    told: Sequence[_Told]
    place: int
    _asked: list[Tensor] = field(default_factory=list[Tensor])

    def hear(self, to_q: nn.Module, seen: tuple[Tensor, ...], query: Tensor) -> None:
        """Note what the layer asks."""
        del to_q, seen
        self._asked.append(query)

    def add(self, to_out: nn.Module, seen: tuple[Tensor, ...]) -> Tensor:
        """Add the pictures' answers to what the prompt answered."""
        del to_out
        query, heard = self._asked.pop(), seen[0]
        for each in self.told:
            heard = heard + each.answer(query, self.layer, self.place)
        return heard


def _by_head(rows: Tensor, heads: int) -> Tensor:
    """From shape (rows, tokens, width) to (rows, heads, tokens, width of each)."""
    return rows.unflatten(-1, (heads, -1)).transpose(1, 2)


def _halved(size: Sequence[int], queries: int) -> tuple[int, int]:
    """Height and width of a layer with so many places; each step down halves them, rounding up."""
    height, width = size
    while height * width > queries:
        height, width = (height + 1) // 2, (width + 1) // 2
    return height, width
