"""What the engine offers, for those who do not load it.

`python -m backend.engine.catalogue` writes `backend/schema/catalogue.json` anew; a test proves the
file current.
"""

import sys
from pathlib import Path

from backend.engine.control.registry import networks, preprocessors
from backend.engine.registry import families, samplers, schedules
from backend.schema.catalogue import Catalogue
from backend.schema.controls import SteeringInfo

PATH = Path(__file__).resolve().parent.parent / "schema" / "catalogue.json"


def catalogue() -> Catalogue:
    """Everything that is registered, by label."""
    return Catalogue(
        samplers=tuple(entry.info for entry in samplers()),
        schedules=tuple(entry.info for entry in schedules()),
        families=tuple(entry.info for entry in families()),
        preprocessors=tuple(entry.info for entry in preprocessors()),
        steering=tuple(
            SteeringInfo(kind=entry.kind, families=entry.families) for entry in networks()
        ),
    )


def as_json(offered: Catalogue) -> str:
    """The catalogue as the file holds it."""
    return offered.model_dump_json(indent=2) + "\n"


def main() -> None:
    """Write the file."""
    PATH.write_text(as_json(catalogue()), encoding="utf-8")
    sys.stdout.write(f"{PATH.name} is current.\n")


if __name__ == "__main__":
    main()
