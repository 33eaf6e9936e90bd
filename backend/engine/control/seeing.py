"""Networks that look at pictures: built where they are needed, with the weights of a file.

They are gone from memory after each map; maps are what is remembered.
"""

import contextlib
import importlib
import os
import warnings
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol, cast

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor
from torch.nn import Module

from backend.engine.accelerator import free_bytes, free_memory
from backend.engine.loading.pickles import read_pickle
from backend.schema.controls import WeightsInfo
from backend.schema.errors import ModelDamagedError

ANNOTATORS = "lllyasviel/Annotators"
"""The repository that most of the weights come from."""
_ROOM = 3
"""Times the size of its weights that a network may take, with what it computes."""
_SPARE = 1 << 30
"""Bytes that stay free for pictures and for what else is on the device."""
Build = Callable[[], Module]


def annotator(file: str, size: int, licence: str) -> WeightsInfo:
    """A file of the repository that A1111 and ComfyUI get theirs from.

    Args:
        file: Its name.
        size: Bytes.
        licence: Of the weights.
    """
    return WeightsInfo(repository=ANNOTATORS, file=file, bytes=size, license=licence)


def device_for(preferred: torch.device, files: Sequence[Path]) -> torch.device:
    """Where a network works: the processor where the preferred device is short of memory.

    Args:
        preferred: Where everything else works.
        files: The network's weights.
    """
    needed = _ROOM * sum(each.stat().st_size for each in files) + (_SPARE if files else 0)
    if preferred.type == "cpu" or free_bytes(preferred) >= needed:
        return preferred
    return torch.device("cpu")


class _MakesNetwork(Protocol):
    """A network's class; the library has no types."""

    def __call__(self, *arguments: object, **named: object) -> Module: ...


def part_of(module: str, name: str) -> _MakesNetwork:
    """A network's class in controlnet-aux.

    Args:
        module: Below `controlnet_aux`.
        name: Of the class.
    """
    return cast("_MakesNetwork", attribute_of(module, name))


def attribute_of(module: str, name: str) -> object:
    """Anything of controlnet-aux; its import takes seconds, and warns of what we do not use."""
    with quietly():
        return getattr(importlib.import_module(f"controlnet_aux.{module}"), name)


def forget_activations(module: str) -> None:
    """Let a module of controlnet-aux hold no longer what its network saw last."""
    cast("dict[str, Tensor]", attribute_of(module, "activations")).clear()


@contextmanager
def quietly() -> Generator[None]:
    """Let a library neither warn nor print."""
    with (
        open(os.devnull, "w", encoding="utf-8") as nowhere,  # noqa: PTH123  not a path everywhere
        contextlib.redirect_stdout(nowhere),
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("ignore")
        yield


@contextmanager
def at_work(
    build: Build, file: Path, device: torch.device, prefixes: Sequence[str] = ()
) -> Generator[Module]:
    """A network that is ready to look, as long as the block lasts.

    Args:
        build: Makes it, with any weights.
        file: Its weights: safetensors or a pickle, of which nothing is run.
        device: Where it works.
        prefixes: What the names in the file begin with, beyond the network's own.

    Raises:
        ModelError: When the file is none of this network's.
    """
    tensors = without(read_weights(file), prefixes)
    with quietly():
        network = build()
    try:
        fill(network, tensors, file.name)
        with torch.inference_mode(), quietly():
            yield network.eval().float().to(device)
    finally:
        network.to("meta")  # whoever still names it holds none of its memory
        free_memory()


def read_weights(file: Path) -> dict[str, Tensor]:
    """All tensors of a file by name.

    Raises:
        ModelError: When it cannot be read, or is a pickle that wants to run something.
    """
    if file.suffix != ".safetensors":
        return read_pickle(file)
    try:
        return load_file(file)
    except (SafetensorError, OSError) as error:
        raise ModelDamagedError(
            f"“{file.name}” cannot be read: {error}", "Download it again."
        ) from error


def without(tensors: Mapping[str, Tensor], prefixes: Sequence[str]) -> dict[str, Tensor]:
    """Tensors under names that have lost these beginnings, one after another."""
    found = dict(tensors)
    for prefix in prefixes:
        inner = {
            name.removeprefix(prefix): each
            for name, each in found.items()
            if name.startswith(prefix)
        }
        found = inner or found
    return found


def fill(network: Module, tensors: Mapping[str, Tensor], name: str) -> None:
    """Give a network its weights; it may lack nothing, and what it does not know is passed over.

    Raises:
        ModelDamagedError: When a weight is missing or has another shape.
    """
    try:
        missing, _ = network.load_state_dict(dict(tensors), strict=False)
    except RuntimeError as error:
        raise unfit(name) from error
    if missing:
        raise unfit(name)


def unfit(name: str) -> ModelDamagedError:
    """What is said of a file that holds no weights of the network it is named for."""
    return ModelDamagedError(
        f"“{name}” holds other weights than its name says.",
        "Delete it and download it again, or put the right file in its place.",
    )
