"""The optimisers, and how all that they remember is kept."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import AdamW, Optimizer
from transformers.optimization import Adafactor

from backend.engine.training.adamw_8bit import AdamW8bit
from backend.engine.training.prodigy import Prodigy
from backend.schema.fields import Scalar
from backend.schema.training_learning import LearningSettings


@dataclass(frozen=True)
class Group:
    """Parameters that learn at one rate."""

    parameters: list[nn.Parameter]
    rate: float
    """At its highest."""


def optimiser_of(groups: Sequence[Group], asked: LearningSettings) -> Optimizer:
    """The optimiser that was asked for, with a group for each rate."""
    of_torch: list[dict[str, Any]] = [
        {"params": each.parameters, "lr": each.rate, "highest": each.rate} for each in groups
    ]
    decay = asked.weight_decay
    match asked.optimiser:
        case "adamw":
            return AdamW(of_torch, weight_decay=decay)
        case "adamw8bit":
            return AdamW8bit(of_torch, weight_decay=decay)
        case "prodigy":
            return Prodigy(of_torch, weight_decay=decay)
        case "adafactor":  # with the rate that was asked for, not one of its own
            return Adafactor(
                of_torch,
                weight_decay=decay,
                scale_parameter=False,
                relative_step=False,
                warmup_init=False,
            )


def set_rate(optimiser: Optimizer, share: float) -> None:
    """Give every group a share of its highest rate."""
    for group in optimiser.param_groups:
        group["lr"] = group["highest"] * share


def remembered(optimiser: Optimizer) -> Iterator[tuple[str, Tensor]]:
    """The tensors that it remembers, by the parameter's number and a name."""
    for number, parameter in enumerate(_parameters(optimiser)):
        for name, value in optimiser.state[parameter].items():
            if isinstance(value, Tensor):
                yield f"{number}.{name}", value


def counted(optimiser: Optimizer) -> dict[str, Scalar]:
    """The numbers that it remembers, of parameters and of groups."""
    told: dict[str, Scalar] = {}
    for number, parameter in enumerate(_parameters(optimiser)):
        for name, value in optimiser.state[parameter].items():
            if isinstance(value, int | float):
                told[f"parameter.{number}.{name}"] = value
    for number, group in enumerate(optimiser.param_groups):
        for name, value in group.items():
            if isinstance(value, int | float) and not isinstance(value, bool):
                told[f"group.{number}.{name}"] = value
    return told


def remember(
    optimiser: Optimizer, tensors: Mapping[str, Tensor], numbers: Mapping[str, Scalar]
) -> None:
    """Go on with what `remembered` and `counted` told."""
    parameters = _parameters(optimiser)
    for key, tensor in tensors.items():
        number, _, name = key.partition(".")
        parameter = parameters[int(number)]
        place = torch.device("cpu") if name == "step" else parameter.device
        optimiser.state[parameter][name] = tensor.to(place)
    for key, value in numbers.items():
        kind, number, name = key.split(".", 2)
        if kind == "group":
            optimiser.param_groups[int(number)][name] = value
        else:
            optimiser.state[parameters[int(number)]][name] = value


def _parameters(optimiser: Optimizer) -> list[nn.Parameter]:
    return [each for group in optimiser.param_groups for each in group["params"]]
