"""Making the tables of what learning takes, with no GPU and no weights.

`python -m backend.engine.memory.learning_tables` writes `backend/memory/learning.json` anew; a test
proves it current.
"""

import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import cast, get_args

import torch
from torch import Tensor

from backend.engine.families.published import PublishedPart, in_folder, published
from backend.engine.memory.blocks import blocks_of
from backend.engine.memory.peak import AttentionInBlocks, LivePeak, peaks, without_weights
from backend.engine.memory.repeats import Repeats
from backend.engine.memory.tables import ROOT
from backend.engine.training.checkpointing import checkpointed
from backend.engine.training.paths import Paths
from backend.memory import learning_tables as kept
from backend.memory.learning_tables import LearningTable, LearningTables
from backend.memory.tables import PUBLISHED, STARTER, Curve
from backend.schema.training_network import Layers, NetworkSettings

PATH = Path(kept.__file__).with_name("learning.json")
SIDES = (32, 64)
"""Latents along a side: what is kept grows as their number, since attention keeps no scores."""
_NO_LEARNERS = ("sdxl_refiner",)
LAYERS: tuple[Layers, ...] = get_args(Layers)


def make_tables() -> LearningTables:
    """Measure every family that can be taught, and the starter."""
    return LearningTables(tables=tuple(_tables()))


def _tables() -> Iterator[LearningTable]:
    for family, name, part in networks():
        for layers in LAYERS:
            yield measure(family, name, part, layers)


def networks() -> Iterator[tuple[str, str, PublishedPart]]:
    """The family, the name and the network of each."""
    there = {family: parts for family, parts in published().items() if family not in _NO_LEARNERS}
    starter = in_folder(ROOT / "models" / STARTER)
    for family, name, parts in (
        ("sd15", STARTER, starter),
        *((family, PUBLISHED, parts) for family, parts in there.items()),
    ):
        yield family, name, next(part for part in parts if part.role == "diffusion_model")


def measure(family: str, name: str, part: PublishedPart, layers: Layers) -> LearningTable:
    """What it takes to teach some layers of one network."""
    found = {
        (dtype, twice): [_step(part, layers, side, dtype, twice=twice) for side in SIDES]
        for dtype in (torch.bfloat16, torch.float32)
        for twice in (False, True)
    }
    side = SIDES[-1]
    [drawing] = peaks(part.built, [lambda module: part.call(module, 1, side)], torch.float32)
    curves = {key: _curve([size for size, _ in steps]) for key, steps in found.items()}
    once, again = (found[torch.float32, twice][-1][1] for twice in (False, True))
    return LearningTable(
        family=family,
        name=name,
        layers=layers,
        shapes=_shapes(part, layers),
        half=curves[torch.bfloat16, False],
        full=curves[torch.float32, False],
        half_twice=curves[torch.bfloat16, True],
        full_twice=curves[torch.float32, True],
        operations=(round(once / drawing.operations, 2), round(again / drawing.operations, 2)),
    )


def _curve(sizes: list[int]) -> Curve:
    return Curve(points=tuple((side**2, size) for side, size in zip(SIDES, sizes, strict=True)))


def _shapes(part: PublishedPart, layers: Layers) -> tuple[tuple[int, int, int], ...]:
    with torch.device("meta"):
        network = part.built()
        paths = Paths.beside(network, NetworkSettings(layers=layers, rank=1), 0)
    shapes = Counter((len(path.up), path.down.shape[1:].numel()) for path in paths.of.values())
    return tuple((*shape, count) for shape, count in sorted(shapes.items()))


def _step(
    part: PublishedPart, layers: Layers, side: int, dtype: torch.dtype, *, twice: bool
) -> tuple[int, int]:
    """The peak of bytes of one step beside weights, and its operations."""
    with without_weights(part.built, dtype) as network, torch.enable_grad():
        network.requires_grad_(requires_grad=False)
        torch.set_default_dtype(torch.float32)  # paths are exact, whatever the network is
        paths = Paths.beside(network, NetworkSettings(layers=layers), 0)
        torch.set_default_dtype(dtype)
        for block in blocks_of(network):
            block.forward = _as_within(block.forward)
        known = [*network.parameters(), *network.buffers(), *paths.parameters]
        with (
            LivePeak(known, Repeats()) as peak,
            paths.walked(network),
            checkpointed(network, on=twice),
        ):
            said = cast("Tensor", cast("tuple[object, ...]", part.call(network, 1, side))[0])
            torch.autograd.backward(said.float().square().mean())
        return peak.bytes, peak.operations


def _as_within(forward: Callable[..., object]) -> Callable[..., object]:
    """A `forward` that is the same while gradients are taken, when no mode is on."""

    def within(*args: object, **kwargs: object) -> object:
        with torch.device("meta"), AttentionInBlocks():
            return forward(*args, **kwargs)

    return within


def main() -> None:
    """Write the file."""
    PATH.write_text(make_tables().model_dump_json(indent=1) + "\n", encoding="utf-8")
    sys.stdout.write(f"{PATH.name} is current.\n")


if __name__ == "__main__":
    main()
