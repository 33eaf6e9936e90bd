"""AdamW that remembers in eight bits: a quarter of the memory for nearly the same steps.

Source: Loshchilov and Hutter 2017 (arXiv:1711.05101), algorithm 2, for the steps; Dettmers et al.
2021 (arXiv:2110.02861), sections 2.1 and 2.3, for blocks with a scale of their own and numbers that
lie closer together where they are small. Here they lie by a power instead of a table: the second
for means, the fourth for squares.
"""

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.optim import Optimizer

_BLOCK = 256
_SMALLEST = 4096
"""Elements; less is remembered in 32 bits, since it takes little and matters much."""
_BETAS = (0.9, 0.999)
_EPSILON = 1e-8
_SIGNED, _POSITIVE = 127, 255


class AdamW8bit(Optimizer):
    """AdamW whose means and squares are kept in bytes."""

    def __init__(self, groups: Iterable[dict[str, Any]], weight_decay: float = 0.0) -> None:
        """Begin with nothing remembered.

        Args:
            groups: Parameters with the learning rate of each group, as torch has them.
            weight_decay: How strongly parameters are pulled back to 0, beside their gradient.
        """
        super().__init__(groups, {"weight_decay": weight_decay, "taken": 0})

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # noqa: ARG002 # pyright: ignore[reportIncompatibleMethodOverride]
        """Take a step with the gradients that are there."""
        for group in self.param_groups:
            group["taken"] += 1
            for parameter in group["params"]:
                if parameter.grad is not None:
                    self._step(parameter, parameter.grad, group)

    def _step(self, parameter: nn.Parameter, gradient: Tensor, group: dict[str, Any]) -> None:
        state = self.state[parameter]
        mean = _read(state, "mean", parameter).lerp_(gradient, 1 - _BETAS[0])
        square = _read(state, "square", parameter).lerp_(gradient.square(), 1 - _BETAS[1])
        _keep(state, "mean", mean)
        _keep(state, "square", square)
        rate, taken = group["lr"], group["taken"]
        spread = (square / (1 - _BETAS[1] ** taken)).sqrt_().add_(_EPSILON)
        parameter.mul_(1 - rate * group["weight_decay"])
        parameter.addcdiv_(mean, spread, value=-rate / (1 - _BETAS[0] ** taken))


def _keep(state: dict[str, Tensor], name: str, value: Tensor) -> None:
    if value.numel() < _SMALLEST:
        state[name] = value
    else:
        state[name], state[f"{name}_scale"] = in_bytes(value, signed=name == "mean")


def _read(state: dict[str, Tensor], name: str, like: Tensor) -> Tensor:
    kept = state.get(name)
    if kept is None:
        return torch.zeros_like(like)
    scale = state.get(f"{name}_scale")
    return kept.clone() if scale is None else from_bytes(kept, scale, like.shape)


def in_bytes(value: Tensor, *, signed: bool) -> tuple[Tensor, Tensor]:
    """Numbers as bytes, in blocks of 256, and the scale of each block.

    Args:
        value: Any shape.
        signed: Whether some are below 0; those that are not have a greater range. A positive
            number never becomes 0, by which a step would be divided.
    """
    flat = value.flatten()
    blocks = functional.pad(flat, (0, -flat.numel() % _BLOCK)).view(-1, _BLOCK)
    scale = blocks.abs().amax(1, keepdim=True)
    share = blocks / scale.clamp(min=torch.finfo(torch.float32).tiny)
    if signed:
        near = share.abs().sqrt_().mul_(_SIGNED).round_().copysign_(share)
        return near.to(torch.int8), scale
    near = share.sqrt().sqrt_().mul_(_POSITIVE).round_()
    return torch.where(share > 0, near.clamp(min=1), near).to(torch.uint8), scale


def from_bytes(kept: Tensor, scale: Tensor, shape: torch.Size) -> Tensor:
    """The numbers that `in_bytes` kept, nearly."""
    if kept.dtype == torch.int8:
        share = kept.float() / _SIGNED
        share = share * share.abs()
    else:
        share = kept.float().div_(_POSITIVE).square_().square_()
    return (share * scale).flatten()[: shape.numel()].view(shape)
