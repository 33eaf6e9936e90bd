"""The JSON file that may lie beside a picture, with the settings that are inside it too."""

import json
from pathlib import Path

from backend.metadata import infotext
from backend.metadata.catalogue import load_catalogue
from backend.metadata.own import PictureMetadata

_ENDING = "_metadata.json"


def sidecar_of(picture: Path) -> Path:
    """Where the side-car of a picture lies."""
    return picture.with_name(f"{picture.stem}{_ENDING}")


def sidecar_content(own: PictureMetadata) -> bytes:
    """What stands in it: Easel's own JSON, and A1111's infotext for whoever reads that."""
    told: dict[str, object] = own.model_dump(mode="json")
    told["infotext"] = infotext.write(own.request, own.index, load_catalogue())
    return json.dumps(told, indent=2, ensure_ascii=False).encode(errors="replace")


def wants_sidecar(own: PictureMetadata) -> bool:
    """Whether a picture was asked for with one."""
    return own.request.output.sidecar == "json"
