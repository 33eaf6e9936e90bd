"""Every family in the sizes and precisions that its files usually have."""

import math
from collections.abc import Iterator, Sequence
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from backend.memory.tables import PUBLISHED, FamilyTable, PartTable, load_tables
from backend.schema.catalogue import Catalogue, FamilyInfo
from backend.schema.memory import Workload
from backend.schema.models import PartFacts

_LARGE = 4 * 10**9
"""Parameters of networks whose files are often narrower than 16 bits."""
_BITS_OF_Q4 = 4.5
_USUAL_BITS = (8, 16, 32)
"""What a number takes in files; GGUF's fewer bits are for networks alone."""
_GGUF_BITS = (4.5, 5.5, 6.5)
_MOST_BITS = 32.0
"""A file that takes more holds other things too, such as weights for going on with a training."""


class Published(NamedTuple):
    """A family in one precision, at the size that it draws best at."""

    family: str
    """Its label."""
    label: str
    """With the precision."""
    workload: Workload


def published() -> Iterator[Published]:
    """Every family as its files usually are, and large ones in narrower precisions too."""
    infos = _infos()
    for table in load_tables().families:
        if table.name != PUBLISHED:
            continue
        info = infos[table.family]
        yield Published(info.label, f"{info.label}, 16 bits", _workload(table, info, 16, 16))
        network = table.part("diffusion_model")
        if network is not None and network.parameters > _LARGE:
            yield Published(info.label, f"{info.label}, fp8", _workload(table, info, 8, 8))
            yield Published(
                info.label, f"{info.label}, Q4 GGUF", _workload(table, info, _BITS_OF_Q4, 8)
            )


def of_size(family: str, size: int) -> Workload | None:
    """A family's model of which no more is known than how large its file is.

    Whether the file holds all parts or the denoising network alone is told by which of both comes
    nearer to a usual precision; parts in other files count as those files usually are.

    Args:
        family: The family's id.
        size: The file's bytes.

    Returns:
        None for a family that is not known, or where there is no size.
    """
    table = next((each for each in load_tables().families if _is_usual(each, family)), None)
    network = table.part("diffusion_model") if table else None
    if table is None or network is None or size <= 0:
        return None
    whole = 8 * size / sum(part.parameters for part in table.parts)
    alone = 8 * size / network.parameters
    if _strangeness(whole, _USUAL_BITS) <= _strangeness(alone, _USUAL_BITS + _GGUF_BITS):
        return _workload(table, _infos()[family], whole, whole, whole)
    return _workload(table, _infos()[family], alone, min(alone, 16.0))


@cache
def _infos() -> dict[str, FamilyInfo]:
    text = files("backend.schema").joinpath("catalogue.json").read_text(encoding="utf-8")
    return {info.id: info for info in Catalogue.model_validate_json(text).families}


def _is_usual(table: FamilyTable, family: str) -> bool:
    return (table.family, table.name) == (family, PUBLISHED) and family in _infos()


def _strangeness(bits: float, usual: Sequence[float]) -> float:
    """How far so many bits are from those that are usual."""
    return min(abs(math.log(min(bits, _MOST_BITS) / each)) for each in usual)


def _workload(
    table: FamilyTable,
    info: FamilyInfo,
    network_bits: float,
    t5_bits: float,
    other_bits: float = 16,
) -> Workload:
    def stored(part: PartTable) -> PartFacts:
        bits = {"diffusion_model": network_bits, "t5xxl": t5_bits}.get(part.role, other_bits)
        size = int(part.parameters * min(bits, _MOST_BITS)) // 8
        return PartFacts(role=part.role, parameters=part.parameters, bytes=size)

    usual = info.defaults
    return Workload(
        family=table.family,
        parts=tuple(map(stored, table.parts)),
        width=usual.width,
        height=usual.height,
        prompts=2 if usual.cfg_scale > 1 else 1,
        steps=usual.steps,
    )
