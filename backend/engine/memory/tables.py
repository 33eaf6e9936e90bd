"""Making the tables of what parts take beside their weights, with no GPU and no weights.

`python -m backend.engine.memory.tables` writes `backend/memory/tables.json` anew; tests prove the
file current.
"""

import sys
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import cast

import torch
from torch import Tensor, nn
from torch.utils._pytree import tree_leaves

from backend.engine.families.published import (
    PublishedPart,
    in_folder,
    published,
    published_controls,
    starter_control,
)
from backend.engine.families.tiled_decoding import DecoderHalves
from backend.engine.memory.blocks import blocks_of, castable_layers, count
from backend.engine.memory.peak import peaks, without_weights
from backend.engine.networks import AutoencoderKL
from backend.memory import tables as kept
from backend.memory.tables import (
    PUBLISHED,
    STARTER,
    ControlTable,
    Curve,
    FamilyTable,
    PartTable,
    Tables,
    WholeTable,
)

ROOT = Path(__file__).resolve().parents[3]
PATH = Path(kept.__file__).with_name("tables.json")
SIDES = (32, 64, 128, 256)
"""Latents along one side: pictures of 256 to 2048 pixels."""
CLOSE = 0.02
"""Points that a straight line meets within this share of their bytes are left out."""
_READS = ("clip_l", "clip_g", "clip_h", "t5xxl")
Point = tuple[int, int]


class NotStraightError(Exception):
    """The memory of a part does not grow with the rows of its batch."""


def make_tables() -> Tables:
    """Measure every registered family, and the starter model."""
    return Tables(families=tuple(_families()))


def _families() -> Iterator[FamilyTable]:
    starter = in_folder(ROOT / "models" / STARTER)
    controls = published_controls()
    steers_starter = starter_control(ROOT / "models" / STARTER / "controlnet-canny")
    for family, name, parts in (
        ("sd15", STARTER, starter),
        *((family, PUBLISHED, parts) for family, parts in published().items()),
    ):
        table = tuple(measure(part) for part in parts)
        control = controls.get(family) if name == PUBLISHED else steers_starter
        steers = measure_control(control) if control else None
        yield FamilyTable(family=family, name=name, parts=table, control=steers)


def measure(part: PublishedPart) -> PartTable:
    """All that is kept of one part.

    Raises:
        NotStraightError: When two rows do not take twice as much as one.
    """
    with torch.device("meta"):
        module = part.built()
    sides = SIDES[:1] if part.role in _READS else SIDES
    calls = [_bound(part, 1, side) for side in sides]
    twice = [_bound(part, 2, SIDES[1])] if part.role == "diffusion_model" else []
    half = [peak.bytes for peak in peaks(part.built, [*calls, *twice], torch.bfloat16)]
    if twice:
        _require_straight(part, half[1], half.pop())
    full = peaks(part.built, calls, torch.float32)
    blocks = [count(block) for block in blocks_of(module)]
    return PartTable(
        role=part.role,
        precision=part.precision,
        parameters=count(module),
        castable=sum(map(count, castable_layers(module))),
        outside=count(module) - sum(blocks),
        block=max(blocks),
        two_blocks=max(map(sum, pairwise(blocks))),
        layer=max(map(_own, module.modules())),
        half=_curve(sides, half),
        full=_curve(sides, [peak.bytes for peak in full]),
        processor=_curve(sides, [peak.on_processor for peak in full]),
        operations=_polynomial(sides, [peak.operations for peak in full]),
        whole=_whole(part) if part.role == "vae" else None,
    )


def measure_control(part: PublishedPart) -> ControlTable:
    """All that is kept of a ControlNet."""
    calls = [_bound(part, 1, side) for side in SIDES]
    half = [peak.bytes for peak in peaks(part.built, calls, torch.bfloat16)]
    full = peaks(part.built, calls, torch.float32)
    side = SIDES[1]
    with without_weights(part.built, torch.float32) as module:
        handed = tree_leaves(part.call(module, 1, side))
    with torch.device("meta"):
        parameters = count(part.built())
    return ControlTable(
        parameters=parameters,
        handed=sum(each.numel() for each in handed if isinstance(each, Tensor)) // side**2,
        half=_curve(SIDES, half),
        full=_curve(SIDES, [peak.bytes for peak in full]),
        processor=_curve(SIDES, [peak.on_processor for peak in full]),
        operations=_polynomial(SIDES, [peak.operations for peak in full]),
    )


def _whole(part: PublishedPart) -> WholeTable:
    """What an autoencoder keeps whole where it decodes in tiles."""

    def first(module: nn.Module, side: int) -> Tensor:
        vae = cast("AutoencoderKL", module)
        return DecoderHalves(vae).whole(torch.ones(1, vae.config["latent_channels"], side, side))

    with without_weights(part.built, torch.float32) as module:
        features = first(module, 1).numel()
    calls = [partial(first, side=side) for side in SIDES]
    half = [peak.bytes for peak in peaks(part.built, calls, torch.bfloat16)]
    full = peaks(part.built, calls, torch.float32)
    return WholeTable(
        features=features,
        half=_curve(SIDES, half),
        full=_curve(SIDES, [peak.bytes for peak in full]),
        processor=_curve(SIDES, [peak.on_processor for peak in full]),
    )


def _bound(part: PublishedPart, rows: int, side: int) -> Callable[[nn.Module], object]:
    return lambda module: part.call(module, rows, side)


def _curve(sides: Sequence[int], found: Sequence[int]) -> Curve:
    return Curve(points=fewest([(side**2, size) for side, size in zip(sides, found, strict=True)]))


def fewest(points: Sequence[Point]) -> tuple[Point, ...]:
    """Those of the points that straight lines between them need to come close to the others."""
    if len(points) < 3:  # noqa: PLR2004
        return tuple(points)
    ends = Curve(points=(points[0], points[-1]))
    if all(abs(ends.at(pixels) - size) <= CLOSE * size for pixels, size in points):
        return ends.points
    middle = len(points) // 2
    return (*fewest(points[: middle + 1]), *fewest(points[middle:])[1:])


def _require_straight(part: PublishedPart, one: int, two: int) -> None:
    """Compare the bytes of two rows with those of one of the same side."""
    if abs(two - 2 * one) > CLOSE * two:
        raise NotStraightError(f"Two rows of {part.config} take {two} bytes, one {one}.")


def _polynomial(sides: Sequence[int], values: Sequence[int]) -> tuple[float, float, float]:
    """The factors of 1, x and x² that give these values at the squares of the sides."""
    if len(values) == 1:
        return (float(values[0]), 0.0, 0.0)
    powers = [[float(side) ** (2 * power) for power in range(3)] for side in sides[:3]]
    solved = torch.linalg.solve(
        torch.tensor(powers, dtype=torch.float64), torch.tensor(values[:3], dtype=torch.float64)
    )
    constant, linear, square = (float(f"{factor:.6g}") for factor in solved)
    return (constant, linear, square)


def _own(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters(recurse=False))


def main() -> None:
    """Write the file."""
    made = make_tables()
    PATH.write_text(made.model_dump_json(indent=1) + "\n", encoding="utf-8")
    sys.stdout.write(f"{PATH.name} is current.\n")


if __name__ == "__main__":
    main()
