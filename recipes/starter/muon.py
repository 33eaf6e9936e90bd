"""Muon, an optimizer that gives every matrix an orthogonal step (Jordan et al., 2024)."""

from collections.abc import Callable, Iterable

import torch
from torch import Tensor
from torch.optim import Optimizer

from recipes.starter.training import precision

_QUINTIC = (3.4445, -4.7750, 2.0315)
"""Coefficients of the Newton–Schulz iteration, from the authors' post of December 2024."""


def orthogonalise(gradient: Tensor, steps: int = 5) -> Tensor:
    """Bring the singular values of a matrix near one."""
    matrix = gradient / (gradient.norm() + 1e-7)
    tall = matrix.shape[0] > matrix.shape[1]
    matrix = matrix.T if tall else matrix
    first, third, fifth = _QUINTIC
    for _ in range(steps):
        square = matrix @ matrix.T
        matrix = first * matrix + (third * square + fifth * square @ square) @ matrix
    return matrix.T if tall else matrix


class Muon(Optimizer):
    """Muon for weights of two or more dimensions; convolutions are flattened to matrices."""

    def __init__(self, parameters: Iterable[Tensor], lr: float, momentum: float = 0.95) -> None:
        super().__init__(parameters, {"lr": lr, "momentum": momentum})

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]  # no loss to return
        """Take one step with Nesterov momentum; a parameter without gradient stays."""
        del closure
        for group in self.param_groups:
            for parameter in group["params"]:
                self._move(parameter, group["lr"], group["momentum"])

    def _move(self, parameter: Tensor, rate: float, momentum: float) -> None:
        gradient = parameter.grad
        if gradient is None:
            return
        state = self.state[parameter]
        if "average" not in state:
            state["average"] = torch.zeros_like(parameter)
        average = state["average"]
        average.lerp_(gradient, 1 - momentum)
        matrix = gradient.lerp(average, momentum).contiguous().flatten(1)
        with precision():
            update = orthogonalise(matrix).to(parameter.dtype)
        stretch = max(1.0, matrix.shape[0] / matrix.shape[1]) ** 0.5
        parameter.add_(update.reshape(parameter.shape), alpha=-rate * stretch)
