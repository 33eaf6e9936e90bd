"""A folder's own `easel.json`: its name, family, note, and the settings it draws best with."""

from pathlib import Path

from backend.schema.base import Frozen
from backend.schema.catalogue import FamilyDefaults
from backend.schema.control_types import ControlType
from backend.schema.models import Family

_NAME = "easel.json"


class OwnCard(Frozen, extra="ignore"):
    """What a diffusers folder says of itself to Easel; every part may be missing."""

    name: str = ""
    family: str = ""
    note: str = ""
    defaults: FamilyDefaults | None = None
    control: tuple[ControlType, ...] = ()
    """What maps it follows, where it is a control model."""

    @property
    def known_family(self) -> Family | None:
        """The family it says it is; None where it says none that is known."""
        return next((family for family in Family if family.value == self.family), None)


def own_card(folder: Path) -> OwnCard:
    """Read a folder's own card; a missing or broken one says nothing."""
    try:
        return OwnCard.model_validate_json((folder / _NAME).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return OwnCard()
