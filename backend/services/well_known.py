"""The well-known models that ship as a list: what each needs, and whether it is here already."""

import tomllib
from collections.abc import Iterable
from pathlib import Path

from backend.library.published import published
from backend.memory.tables import PUBLISHED, FamilyTable, PartTable, load_tables
from backend.schema.catalogue import Catalogue
from backend.schema.guide import NumberFormat, WellKnown, WellKnownModel
from backend.schema.library import LibraryEntry
from backend.schema.memory import Workload
from backend.schema.models import PartFacts

FILE = Path(__file__).resolve().parents[2] / "presets" / "well-known-models.toml"
_BYTES: dict[NumberFormat, int] = {"fp32": 4, "fp16": 2, "bf16": 2, "fp8": 1}
_NARROWED = frozenset({"diffusion_model", "t5xxl"})
"""The parts that files hold in fewer than 16 bits; they leave the small ones as they are."""


def load_well_known(path: Path = FILE) -> WellKnown:
    """Read the list.

    Raises:
        OSError: When it is not there.
        ValueError: When it is not as it should be.
    """
    return WellKnown.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))


def workload_of(model: WellKnownModel, catalogue: Catalogue) -> Workload:
    """What it is to draw a picture with a model of the list as it draws best.

    Raises:
        StopIteration: When nothing is known of its family; a test keeps such out of the list.
    """
    table = next(each for each in load_tables().families if _is_usual(each, model))
    family = next(each for each in catalogue.families if each.id == model.family)
    usual = family.defaults_for((model.variant,))
    return Workload(
        family=model.family,
        parts=tuple(_stored(part, model) for part in table.parts),
        width=usual.width,
        height=usual.height,
        prompts=2 if usual.cfg_scale > 1 else 1,
        steps=usual.steps,
    )


def installed(model: WellKnownModel, entries: Iterable[LibraryEntry]) -> LibraryEntry | None:
    """The same file among those of the library; None where it is not there.

    One that came from the same place counts too: its maker may have changed it since.
    """
    entries = tuple(entries)
    came = (one for one in entries if _came_from(one, model))
    return find_file(entries, model.file, model.bytes, model.sha256) or next(came, None)


def find_file(
    entries: Iterable[LibraryEntry], name: str, size: int | None, sha256: str
) -> LibraryEntry | None:
    """The model file that a hub knows by this name, size and hash; None where it is not there.

    Its hash tells, once the library or the files beside it have told it; until then its name.

    Args:
        entries: Those of the library.
        name: Without folders.
        size: In bytes; None where the hub does not tell.
        sha256: Empty where the hub does not tell.
    """
    for entry in entries:
        if size is not None and entry.bytes != size:
            continue
        known = entry.hashes.sha256 if entry.hashes else ""
        if known and sha256:
            if known == sha256:
                return entry
        elif Path(entry.path).name == name or (sha256 and _came_as(entry) == sha256):
            return entry
    return None


def _came_from(entry: LibraryEntry, model: WellKnownModel) -> bool:
    source = entry.card.source if entry.card else ""
    return Path(entry.path).name == model.file and source.endswith(f"/{model.repository}")


def _is_usual(table: FamilyTable, model: WellKnownModel) -> bool:
    return (table.family, table.name) == (model.family, PUBLISHED)


def _stored(part: PartTable, model: WellKnownModel) -> PartFacts:
    precision = model.precision
    if part.role == "t5xxl" and model.t5_precision:
        precision = model.t5_precision
    width = _BYTES[precision]
    if part.role not in _NARROWED:
        width = max(2, width)
    return PartFacts(role=part.role, parameters=part.parameters, bytes=part.parameters * width)


def _came_as(entry: LibraryEntry) -> str:
    """The hash that the files beside a model say it was published with."""
    told = published(Path(entry.path))
    return told.sha256 if told else ""
