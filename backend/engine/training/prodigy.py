"""Prodigy: an optimiser that finds its learning rate by itself.

Source: Mishchenko and Defazio 2023, “Prodigy” (arXiv:2306.06101), algorithm 4.
"""

import math
from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

_FIRST_GUESS = 1e-6
"""Of the distance to where it will end; it only grows."""
_BETAS = (0.9, 0.999)
_EPSILON = 1e-8


class Prodigy(Optimizer):
    """Adam whose steps grow with an estimate of the distance to go.

    Its learning rate is a factor: 1 takes the estimate as it is.
    """

    def __init__(self, groups: Iterable[dict[str, Any]], weight_decay: float = 0.0) -> None:
        """Begin with a small estimate.

        Args:
            groups: Parameters with the factor of each group, as torch has them.
            weight_decay: How strongly parameters are pulled back to 0, beside their gradient.
        """
        usual = {"weight_decay": weight_decay, "distance": _FIRST_GUESS, "progress": 0.0}
        super().__init__(groups, usual)

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # noqa: ARG002 # pyright: ignore[reportIncompatibleMethodOverride]
        """Take a step with the gradients that are there; all groups share one estimate."""
        first = self.param_groups[0]
        distance, remember = float(first["distance"]), math.sqrt(_BETAS[1])
        gained, length = 0.0, 0.0
        for group, parameter, gradient in self._learning():
            state = self._state_of(parameter)
            weight = (1 - remember) * group["lr"] * distance**2
            gained += weight * float((gradient * (state["start"] - parameter)).sum())
            state["pull"].mul_(remember).add_(gradient, alpha=weight)
            length += float(state["pull"].abs().sum())
            state["mean"].lerp_(distance * gradient, 1 - _BETAS[0])
            state["square"].lerp_((distance * gradient).square(), 1 - _BETAS[1])
        first["progress"] = remember * first["progress"] + gained
        for group, parameter, _ in self._learning():
            state, rate = self.state[parameter], group["lr"] * distance
            parameter.mul_(1 - rate * group["weight_decay"])
            parameter.addcdiv_(
                state["mean"], state["square"].sqrt() + distance * _EPSILON, value=-rate
            )
        if length:
            first["distance"] = max(distance, first["progress"] / length)

    def _learning(self) -> Iterable[tuple[dict[str, Any], nn.Parameter, Tensor]]:
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is not None:
                    yield group, parameter, parameter.grad

    def _state_of(self, parameter: nn.Parameter) -> dict[str, Tensor]:
        state = self.state[parameter]
        if not state:
            state["start"] = parameter.detach().clone()
            for name in ("pull", "mean", "square"):
                state[name] = torch.zeros_like(parameter)
        return state
