"""What of a module moves to the device together, and what may be kept in eight bits."""

from collections.abc import Iterable, Sequence

from torch import nn

FULL_WIDTH = frozenset({"pos_embed", "norm_out", "conv_in", "conv_out", "proj_out"})
"""Parts of a network, by name, that lose too much in eight bits: its entrance and its exit."""


MOST = 0.9
"""A block whose own lists of modules hold at least this share of it is split into their members."""


def blocks_of(module: nn.Module) -> Sequence[nn.Module]:
    """The blocks, in the order of the module: the members of its outermost lists of modules.

    A member that is hardly more than lists itself, as a level of a UNet is, counts as its members.
    """
    blocks: list[nn.Module] = []
    for child in module.children():
        if not isinstance(child, nn.ModuleList | nn.Sequential):
            blocks += blocks_of(child)
            continue
        for member in child:
            inner = blocks_of(member)
            split = sum(map(count, inner)) >= MOST * count(member)
            blocks += inner if inner and split else [member]
    return blocks


def castable_layers(module: nn.Module) -> Iterable[nn.Module]:
    """The layers whose numbers may be kept in eight bits and widened at each call."""
    for name, layer in module.named_modules():
        inside = name.partition(".")[0] not in FULL_WIDTH
        if inside and isinstance(layer, nn.Linear | nn.Conv2d):
            yield layer


def count(module: nn.Module) -> int:
    """The numbers that a file holds of a module; what has two names counts once."""
    tensors = module.state_dict(keep_vars=True).values()
    return sum({id(tensor): tensor.numel() for tensor in tensors}.values())
