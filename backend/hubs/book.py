"""What CivitAI was asked of models that are here, and what it told: kept in SQLite."""

from collections.abc import Mapping
from pathlib import Path
from typing import Self

from backend.database import ForgetfulDatabase
from backend.schema.base import Frozen
from backend.schema.hubs import HubModel, HubVersion

_VERSION = 1
_CREATE = """
CREATE TABLE IF NOT EXISTS hashes (sha256 TEXT PRIMARY KEY, asked REAL);
CREATE TABLE IF NOT EXISTS models (id TEXT PRIMARY KEY, asked REAL, told TEXT);
"""


class ListedVersion(Frozen):
    """A version, as far as it matters to somebody who has another one."""

    id: str
    name: str
    base_model: str
    """As the hub names the family; a version for another family replaces nothing."""
    published: str
    file: str
    """The name of the file that is usually taken; empty where there is none."""
    bytes: int | None = None

    @classmethod
    def of(cls, version: HubVersion) -> Self:
        """A version as the hub tells it."""
        usual = next((one for one in version.files if one.primary), None)
        file = usual or next(iter(version.files), None)
        return cls(
            id=version.id,
            name=version.name,
            base_model=version.family_label,
            published=version.published,
            file=file.name if file else "",
            bytes=file.bytes if file else None,
        )


class ListedModel(Frozen):
    """A model's versions, in the hub's order: the newest, or what its maker puts first."""

    name: str = ""
    page: str = ""
    versions: tuple[ListedVersion, ...] = ()
    """Empty where the hub has the model no more."""
    asked: float
    """When, in seconds since the epoch."""

    @classmethod
    def of(cls, model: HubModel, asked: float) -> Self:
        """A model as the hub tells it."""
        versions = tuple(ListedVersion.of(one) for one in model.versions)
        return cls(name=model.card.name, page=model.card.page, versions=versions, asked=asked)


class HubBook:
    """Remembers answers; where the disk lets it write nothing, the hub is asked again one day."""

    def __init__(self, path: Path) -> None:
        """Use the database at `path`, opened at the first need."""
        self._rows = ForgetfulDatabase(path, _CREATE, _VERSION)

    def hashes(self) -> Mapping[str, float]:
        """When each hash was asked for last, in seconds since the epoch."""
        return {row["sha256"]: row["asked"] for row in self._rows.ask("SELECT * FROM hashes")}

    def asked(self, sha256: str) -> float:
        """When one hash was asked for last; 0 where it never was."""
        rows = self._rows.ask("SELECT asked FROM hashes WHERE sha256 = ?", sha256)
        return rows[0]["asked"] if rows else 0.0

    def keep_hash(self, sha256: str, asked: float) -> None:
        """Note that a hash was asked for."""
        self._rows.write("INSERT OR REPLACE INTO hashes VALUES (?, ?)", [(sha256, asked)])

    def models(self) -> Mapping[str, ListedModel]:
        """All models that were asked for, by CivitAI's number."""
        rows = self._rows.ask("SELECT * FROM models")
        return {row["id"]: ListedModel.model_validate_json(row["told"]) for row in rows}

    def keep_model(self, model_id: str, told: ListedModel) -> None:
        """Remember a model, in place of what was known."""
        row = (model_id, told.asked, told.model_dump_json())
        self._rows.write("INSERT OR REPLACE INTO models VALUES (?, ?, ?)", [row])

    def close(self) -> None:
        """Close the file."""
        self._rows.close()
