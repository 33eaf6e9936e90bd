"""Every family in the sizes and precisions that its files usually have."""

from collections.abc import Iterator
from importlib.resources import files
from typing import NamedTuple

from backend.memory.tables import PUBLISHED, FamilyTable, PartTable, load_tables
from backend.schema.catalogue import Catalogue, FamilyInfo
from backend.schema.memory import Workload
from backend.schema.models import PartFacts

_LARGE = 4 * 10**9
"""Parameters of networks whose files are often narrower than 16 bits."""
_BITS_OF_Q4 = 4.5


class Published(NamedTuple):
    """A family in one precision, at the size that it draws best at."""

    family: str
    """Its label."""
    label: str
    """With the precision."""
    workload: Workload


def published() -> Iterator[Published]:
    """Every family as its files usually are, and large ones in narrower precisions too."""
    text = files("backend.schema").joinpath("catalogue.json").read_text(encoding="utf-8")
    infos = {info.id: info for info in Catalogue.model_validate_json(text).families}
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


def _workload(
    table: FamilyTable, info: FamilyInfo, network_bits: float, t5_bits: float
) -> Workload:
    def stored(part: PartTable) -> PartFacts:
        bits = {"diffusion_model": network_bits, "t5xxl": t5_bits}.get(part.role, 16)
        size = int(part.parameters * bits) // 8
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
