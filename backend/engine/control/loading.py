"""Reading a control model into the workplace of the checkpoint that it steers."""

from collections.abc import Generator
from pathlib import Path
from typing import TypeVar

import torch

from backend.engine.accelerator import weights_dtype
from backend.engine.families.base import Model
from backend.engine.loading.components import Component, load_component
from backend.engine.loading.files import CheckpointFiles, family_configs
from backend.engine.loading.weights import Weights, open_weights
from backend.schema.controls import ResolvedControlModel
from backend.schema.errors import ModelError
from backend.schema.events import Event

Module = TypeVar("Module", bound=torch.nn.Module)


def load_guest(
    component: Component[Module],
    control: ResolvedControlModel,
    model: Model,
    *,
    configs: str = "",
    dtype: torch.dtype | None = None,
) -> Generator[Event, None, Module]:
    """Have a control model at the workplace of a checkpoint, as it is planned.

    Args:
        component: What it is, and how files hold it.
        control: Where it lies: a file, or a folder with its config.
        model: The checkpoint.
        configs: The family whose published config it has; its own where none is named.
        dtype: What it computes with; the device's usual one where none is named.

    Raises:
        ModelError: When it is not made for such checkpoints.
        ModelDamagedError: When it is incomplete or of the wrong size.
    """
    place = Path(control.path)
    with open_weights(place) as weights:
        if not any(layout.fits(weights) for layout in component.layouts):
            raise does_not_fit(control)
    published = family_configs(configs or control.family)
    files = CheckpointFiles(place, published, {component.role: place})
    room = model.workplace.guest(control.path)
    dtype = dtype or weights_dtype(model.workplace.device)
    return (yield from load_component(component, files, room, dtype))


def count_of(weights: Weights, prefix: str) -> int:
    """How many blocks a list of them has, whose tensors are named prefix, number and more."""
    names = (name.removeprefix(prefix) for name in weights.names if name.startswith(prefix))
    return len({name.partition(".")[0] for name in names})


def does_not_fit(control: ResolvedControlModel) -> ModelError:
    """What is said of a control model whose layers do not match the checkpoint's."""
    return ModelError(
        f"The {control.kind.label} “{control.name}” was made for a network of another kind or "
        "size than the checkpoint's.",
        "Choose a control model that was made for this checkpoint's family.",
    )
