"""Upscaler models: loaded with spandrel, which tells their architecture by their weights."""

import warnings
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from spandrel import ImageModelDescriptor, ModelLoader, UnsupportedModelError
from torch import Tensor

from backend.engine.accelerator import (
    choose_device,
    free_memory,
    use_physical_cores,
    weights_dtype,
)
from backend.engine.upscaling.tiled import Pixels
from backend.schema.errors import ModelDamagedError, ModelError, ModelMissingError
from backend.schema.upscaling import ResolvedUpscaler

_FEWEST = 8
"""Pixels of a side that every architecture can read."""
_FLOATS_PER_PIXEL = 4096
"""Of a tile, that ESRGAN with 64 channels has in memory at once (3,400 were measured)."""
_GREED: Mapping[str, float] = {"ESRGAN": 1, "Compact": 1, "SwinIR": 1.2}
"""How many times as much each architecture takes; HAT was measured to take 2.7 times as much."""
_UNKNOWN_GREED = 3.0
_GREY, _COLOUR = 1, 3


class Upscaler:
    """A model on its device; satisfies `tiled.Network`."""

    def __init__(self, descriptor: ImageModelDescriptor[torch.nn.Module]) -> None:
        """Take a model to the device that pictures are drawn on."""
        self.device = choose_device()
        wanted = weights_dtype(self.device)
        self._dtype = wanted if descriptor.supports_half else torch.float32
        self._model = descriptor.to(self.device).to(self._dtype).eval()
        self.architecture = descriptor.architecture.name

    @property
    def scale(self) -> int:
        """How many times as wide and high its results are."""
        return self._model.scale

    @property
    def bytes_per_pixel(self) -> int:
        """About how much memory each pixel of a tile takes while it is enlarged."""
        greed = _GREED.get(self.architecture, _UNKNOWN_GREED)
        return round(_FLOATS_PER_PIXEL * greed * self._dtype.itemsize)

    def enlarge(self, piece: Pixels) -> Pixels:
        """The piece, `scale` times as large."""
        height, width, _ = piece.shape
        more = [(0, max(0, _FEWEST - side)) for side in (height, width)]
        padded = np.pad(piece, (*more, (0, 0)), mode="edge")
        with torch.inference_mode():
            given = torch.from_numpy(padded).to(self.device).permute(2, 0, 1)[None]
            large = self._computed(given)
            if not large.isfinite().all():  # half precision was too narrow for it
                self._dtype = torch.float32
                self._model.to(self._dtype)
                large = self._computed(given)
            whole = (large[0].expand(_COLOUR, -1, -1) * 255).round().to(torch.uint8)
            pixels = whole.permute(1, 2, 0).contiguous().cpu().numpy()
        return pixels[: height * self.scale, : width * self.scale]

    def _computed(self, given: Tensor) -> Tensor:
        values = given.to(self._dtype) / 255
        if self._model.input_channels == _GREY:
            values = values.mean(1, keepdim=True)
        return self._model(values.contiguous()).float()


class Upscalers:
    """Keeps the model that was used last; satisfies `context.HoldsMemory`."""

    def __init__(self) -> None:
        """Keep none yet."""
        self._held: tuple[tuple[str, int], Upscaler] | None = None

    def get(self, wanted: ResolvedUpscaler) -> Upscaler:
        """Load a model, where it is not the one that was used last.

        Raises:
            ModelError: When it is not there, is a pickle, damaged, or no upscaler.
        """
        path = Path(wanted.path)
        try:
            key = (wanted.path, path.stat().st_mtime_ns)
        except OSError as error:
            raise ModelMissingError(f"{path.name} is not there any more.", "Rescan.") from error
        if self._held is None or self._held[0] != key:
            self.free_memory()
            use_physical_cores()
            self._held = (key, Upscaler(_described(path)))
        return self._held[1]

    def free_memory(self) -> None:
        """Let go of it."""
        self._held = None
        free_memory()


def _described(path: Path) -> ImageModelDescriptor[torch.nn.Module]:
    if path.suffix.lower() not in (".safetensors", ".sft"):
        raise ModelError(
            f"{path.name} is a pickle, which could run something when it is opened.",
            f"Make safetensors of it first: app.py convert {path.name}.",
        )
    try:
        weights: Mapping[str, Tensor] = load_file(path)
    except (SafetensorError, OSError) as error:
        raise ModelDamagedError(
            f"“{path.name}” cannot be read: {error}", "Download it again."
        ) from error
    try:
        with warnings.catch_warnings(action="ignore"):  # of the architectures' own code
            found = ModelLoader(device="cpu").load_from_state_dict(dict(weights))
    except (UnsupportedModelError, ValueError, KeyError, RuntimeError, IndexError) as error:
        raise ModelError(
            f"“{path.name}” is no upscaler that Easel knows.",
            "Choose another one; ESRGAN, SwinIR, DAT, HAT and compact models work.",
        ) from error
    if not isinstance(found, ImageModelDescriptor):
        raise ModelError(f"“{path.name}” fills holes in pictures; it enlarges none.")
    if found.scale <= 1:
        raise ModelError(
            f"“{path.name}” repairs pictures at their own size; it does not enlarge them.",
            "Choose another upscaler.",
        )
    if found.input_channels not in (_GREY, _COLOUR):
        raise ModelError(f"“{path.name}” takes no plain colour pictures.", "Choose another one.")
    return found
