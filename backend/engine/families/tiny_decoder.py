"""Tiny decoders (TAESD and its kin): nearly the picture from its latents, in a moment.

They read latents as the denoising network sees them, so that nothing is scaled.

Source: the module list of Ollin Boer Bohan's taesd, `taesd.py`; diffusers' AutoencoderTiny numbers
its layers from the first convolution, one lower.
"""

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor, nn

from backend.engine.accelerator import weights_dtype
from backend.engine.loading.weights import Weights, open_weights
from backend.schema.errors import ModelDamagedError, ModelError

CHANNELS = 64
_DIFFUSERS = "decoder.layers."
_FIRST = {"1.weight": 0, "taesd_decoder.1.weight": 0, f"{_DIFFUSERS}0.weight": 1}
"""A tensor that only one kind of file has, and how much lower it numbers the layers."""


class _Block(nn.Module):
    """Three convolutions, and their input beside them."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Sequential(_conv(), nn.ReLU(), _conv(), nn.ReLU(), _conv())

    def forward(self, seen: Tensor) -> Tensor:
        return (self.conv(seen) + seen).relu()


class _Clamp(nn.Module):
    """Keeps latents within ±3, softly."""

    def forward(self, seen: Tensor) -> Tensor:
        return (seen / 3).tanh() * 3


class TinyDecoder(nn.Module):
    """Latents, shape (pictures, channels, height, width), to pixels from -1 to 1, 8 × as large."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        levels = [
            each
            for _ in range(3)
            for each in (*_blocks(3), nn.Upsample(scale_factor=2), _conv(bias=False))
        ]
        self.layers = nn.Sequential(
            _Clamp(), _conv(channels), nn.ReLU(), *levels, _Block(), _conv(CHANNELS, 3)
        )

    @property
    def channels(self) -> int:
        """Of the latents that it reads."""
        return self.layers.get_submodule("1").get_parameter("weight").shape[1]

    @property
    def dtype(self) -> torch.dtype:
        """That it computes with."""
        return next(self.parameters()).dtype

    def forward(self, latents: Tensor) -> Tensor:
        """Decode."""
        return self.layers(latents) * 2 - 1


def _conv(before: int = CHANNELS, after: int = CHANNELS, *, bias: bool = True) -> nn.Conv2d:
    return nn.Conv2d(before, after, 3, padding=1, bias=bias)


def _blocks(count: int) -> list[nn.Module]:
    return [_Block() for _ in range(count)]


def load_tiny_decoder(path: Path, device: torch.device, dtype: torch.dtype) -> TinyDecoder:
    """Read a decoder of a few megabytes.

    Raises:
        ModelMissingError: When it is not there.
        ModelDamagedError: When it is not whole, or no decoder.
        ModelError: When it is a pickle.
    """
    with open_weights(path) as weights:
        first = next((name for name in _FIRST if name in weights.names), None)
        if first is None:
            raise ModelDamagedError(f"“{path.name}” is no decoder for previews.", "Delete it.")
        prefix = first.rpartition(f"{1 - _FIRST[first]}.weight")[0]
        state = _state(weights.under(prefix), _FIRST[first])
    decoder = TinyDecoder(state["layers.1.weight"].shape[1])
    try:
        decoder.load_state_dict(state)
    except RuntimeError as error:
        raise ModelDamagedError(
            f"“{path.name}” is incomplete, or no decoder for previews.", "Download it again."
        ) from error
    return decoder.to(device, dtype).eval().requires_grad_(requires_grad=False)


def _state(weights: Weights, lower: int) -> Mapping[str, Tensor]:
    """The tensors by our names; those of the encoder, where there is one, are left."""
    state: dict[str, Tensor] = {}
    for name in weights.names:
        number, _, rest = name.partition(".")
        if number.isdecimal():
            state[f"layers.{int(number) + lower}.{rest}"] = weights.tensor(name).clone()
    return state


class TinyDecoders:
    """The decoder that was used last, kept."""

    def __init__(self) -> None:
        self._last: tuple[Path, TinyDecoder] | None = None

    def get(self, path: Path, device: torch.device, channels: int) -> TinyDecoder:
        """The decoder of a file.

        Args:
            path: The file.
            device: Where it is to decode.
            channels: Of the latents that it is to read.

        Raises:
            ModelError: When it cannot be used, or is for other latents.
        """
        if self._last is None or self._last[0] != path:
            self._last = (path, load_tiny_decoder(path, device, weights_dtype(device)))
        decoder = self._last[1]
        if decoder.channels != channels:
            raise ModelError(
                f"“{path.name}” is for latents of {decoder.channels} channels, not {channels}.",
                "Get the one for this family.",
            )
        return decoder

    def free_memory(self) -> None:
        """Let go of it; see `context.HoldsMemory`."""
        self._last = None
