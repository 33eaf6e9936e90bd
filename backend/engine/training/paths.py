"""All that learns in a network: a path beside each chosen layer, which itself stays as it is.

Paths are on a network only while a step is taken, so that others may draw with it between two.
"""

from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from copy import deepcopy
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from backend.engine.training.low_rank import LowRankPath
from backend.schema.training_network import Layers, NetworkSettings

_ATTENTION = (
    *(".to_q", ".to_k", ".to_v", ".to_out.0"),
    *(".add_q_proj", ".add_k_proj", ".add_v_proj", ".to_add_out"),  # words', where they are apart
)
_BLOCKS = (
    *_ATTENTION,
    *(".ff.net.0.proj", ".ff.net.2", ".proj_in", ".proj_out"),
    *(".ff_context.net.0.proj", ".ff_context.net.2", ".proj_mlp"),
)
_ALL = (
    *_BLOCKS,
    *(".conv", ".conv1", ".conv2", ".conv_shortcut", ".time_emb_proj"),
    *(".norm.linear", ".norm1.linear", ".norm1_context.linear"),
)
_ENDINGS: Mapping[Layers, tuple[str, ...]] = {
    "attention": _ATTENTION,
    "blocks": _BLOCKS,
    "all": _ALL,
}
OF_CLIP = (*(".q_proj", ".k_proj", ".v_proj", ".out_proj"), *(".mlp.fc1", ".mlp.fc2"))
"""What learns in a text encoder, as kohya's scripts have it."""


@dataclass(frozen=True)
class Paths:
    """All paths of a network, by the names of their layers."""

    of: Mapping[str, LowRankPath]

    @classmethod
    def beside(
        cls,
        network: nn.Module,
        asked: NetworkSettings,
        seed: int,
        endings: tuple[str, ...] = (),
        device: torch.device | None = None,
    ) -> "Paths":
        """New paths beside layers of a network.

        Args:
            network: What they belong to.
            asked: Their rank, scale and method, and which layers have one.
            seed: What they begin with follows from it.
            endings: Of the names of the layers; those that were asked for where there are none.
            device: Where they lie; None for where the layers' weights are now.
        """
        chance = torch.Generator().manual_seed(seed)
        endings = endings or _ENDINGS[asked.layers]
        scale = (asked.alpha or float(asked.rank)) / asked.rank
        found: dict[str, LowRankPath] = {}
        for name, layer in network.named_modules():
            if isinstance(layer, nn.Linear | nn.Conv2d) and name.endswith(endings):
                found[name] = LowRankPath(layer, asked.rank, scale, asked.method, device)
                found[name].begin(chance)
        return cls(found)

    @property
    def parameters(self) -> list[nn.Parameter]:
        """What learns, in a fixed order."""
        return [each for path in self.of.values() for each in path.parameters()]

    def tensors(self) -> Iterator[tuple[str, Tensor]]:
        """What was learned, by names of its own."""
        for name, path in self.of.items():
            for part, tensor in path.tensors().items():
                yield f"{name}.{part}", tensor

    def load(self, tensors: Mapping[str, Tensor]) -> None:
        """Go on from what was learned before."""
        with torch.no_grad():
            for name, path in self.of.items():
                for part, parameter in path.named_parameters():
                    parameter.copy_(tensors[f"{name}.{part}"])

    def copied(self) -> "Paths":
        """The same, apart from these."""
        return Paths({name: deepcopy(path) for name, path in self.of.items()})

    def near(self, others: "Paths", share: float) -> None:
        """Go a share, from 0 to 1, of the way to others."""
        with torch.no_grad():
            for own, other in zip(self.parameters, others.parameters, strict=True):
                own.lerp_(other, share)

    @contextmanager
    def walked(self, network: nn.Module, asked: NetworkSettings | None = None) -> Generator[None]:
        """Within, the network computes with them.

        Args:
            network: Whose layers they stand beside.
            asked: How much is left out by torch's own chance, while they learn; None for nothing.
        """
        with ExitStack() as hooks:
            for name, path in self.of.items():
                layer = network.get_submodule(name)
                # in front of hooks that take the layer's weight away, whose strength DoRA asks for
                handle = layer.register_forward_hook(_adding(path, asked), prepend=True)
                hooks.callback(handle.remove)
            yield


Hook = Callable[[nn.Module, tuple[Tensor, ...], Tensor], Tensor]


def _adding(path: LowRankPath, asked: NetworkSettings | None) -> Hook:
    def add(layer: nn.Module, seen: tuple[Tensor, ...], said: Tensor) -> Tensor:
        return path.changed(layer, seen[0], said, asked)

    return add
