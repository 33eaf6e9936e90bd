"""Networks of transformers that look at pictures, with the weights of a file."""

import importlib
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol, cast

import torch
from torch import Tensor
from torch.nn import Module

from backend.engine.accelerator import free_memory
from backend.engine.control.seeing import quietly, read_weights, unfit


class Configuration(Protocol):
    """What a network is built from."""


class _Configure(Protocol):
    def __call__(self, **named: object) -> Configuration: ...


class _Network(Protocol):
    def from_pretrained(
        self,
        name: None,
        *,
        config: Configuration,
        state_dict: Mapping[str, Tensor],
        output_loading_info: bool,
        dtype: torch.dtype,
    ) -> tuple[Module, Mapping[str, object]]: ...


def configured(name: str, **values: object) -> Configuration:
    """A configuration of transformers by its class; what is not named has the usual values."""
    return cast("_Configure", _of_transformers(name))(**values)


@contextmanager
def transformer_at_work(
    name: str, configuration: Configuration, file: Path, device: torch.device
) -> Generator[Module]:
    """A network that is ready to look, as long as the block lasts.

    Published weights carry names of older versions, which transformers translates as it reads.

    Args:
        name: Of its class.
        configuration: What it is built from.
        file: Its weights: safetensors or a pickle, of which nothing is run.
        device: Where it works.

    Raises:
        ModelError: When the file is none of this network's.
    """
    tensors = read_weights(file)
    with quietly(), _unreported():
        try:
            network, told = cast("_Network", _of_transformers(name)).from_pretrained(
                None,
                config=configuration,
                state_dict=tensors,
                output_loading_info=True,
                dtype=torch.float32,
            )
        except RuntimeError as error:
            raise unfit(file.name) from error
    try:
        if told["missing_keys"]:
            raise unfit(file.name)
        with torch.inference_mode(), quietly():
            yield network.eval().to(device)
    finally:
        network.to("meta")  # whoever still names it holds none of its memory
        free_memory()


def _of_transformers(name: str) -> object:
    with quietly():
        return getattr(importlib.import_module("transformers"), name)


@contextmanager
def _unreported() -> Generator[None]:
    """Let transformers neither show a bar nor print what it read; we say what is wrong."""
    logging = importlib.import_module("transformers.utils.logging")
    level: int = logging.get_verbosity()
    had_bar: bool = logging.is_progress_bar_enabled()
    logging.set_verbosity(logging.CRITICAL)
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(level)
        if had_bar:
            logging.enable_progress_bar()
