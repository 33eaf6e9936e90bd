"""The catalogue that ships with Easel, and finding entries by any of their names."""

from collections.abc import Iterable
from importlib.resources import files
from typing import TypeVar

from backend.schema.catalogue import Catalogue, SamplerInfo, ScheduleInfo
from backend.schema.controls import PreprocessorInfo

Named = TypeVar("Named", SamplerInfo, ScheduleInfo, PreprocessorInfo)


def load_catalogue() -> Catalogue:
    """The samplers, schedules and families of this version, as the engine generated them."""
    text = files("backend.schema").joinpath("catalogue.json").read_text(encoding="utf-8")
    return Catalogue.model_validate_json(text)


def find_named(entries: Iterable[Named], name: str) -> Named | None:
    """The entry whose id, label or alias is `name` (whatever its case); None without one."""
    wanted = name.strip().casefold()
    for entry in entries:
        if wanted in {known.casefold() for known in (entry.id, entry.label, *entry.aliases)}:
            return entry
    return None
