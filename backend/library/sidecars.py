"""What the files beside a model say of it: CivitAI's, A1111's, previews and configurations.

Source: the fields that CivitAI's helper extensions write to `.civitai.info` (a model version of
CivitAI's public API), that A1111's card editor writes to `.json`, and A1111's `.yaml` files.
"""

import json
import re
from pathlib import Path
from typing import Literal

from backend.metadata.loose import Object, as_object, number_in, object_in, text_in, texts_in
from backend.metadata.plain_text import plain_text
from backend.schema.library import PREVIEW_ENDINGS, SideCar

_CIVITAI, _CARD, _CONFIG = ".civitai.info", ".json", ".yaml"
_ENDINGS = (_CIVITAI, _CARD, _CONFIG, *PREVIEW_ENDINGS)
_LARGEST = 1_000_000
_STRONGEST = 10.0
_PREDICTS_V = re.compile(r"^\s*parameterization\s*:\s*[\"']?v[\"']?\s*(#.*)?$", re.MULTILINE)


def described_stem(name: str) -> str:
    """The stem of the model that a file called so may describe; empty where it is none."""
    ending = next((ending for ending in _ENDINGS if name.endswith(ending)), "")
    return name[: -len(ending)] if ending else ""


def read_sidecar(folder: Path, stem: str, names: frozenset[str]) -> SideCar | None:
    """Read what is beside a model; None where there is nothing.

    A broken file says nothing and breaks nothing.

    Args:
        folder: Where they lie.
        stem: The model's name without its ending.
        names: Those of the files there that may describe it.
    """
    if not names:
        return None
    civitai = _read_object(folder, stem + _CIVITAI, names)
    card = _read_object(folder, stem + _CARD, names)
    pictures = [stem + ending for ending in PREVIEW_ENDINGS if stem + ending in names]
    found = SideCar(
        title=_title(civitai),
        description=plain_text(text_in(card, "description") or text_in(civitai, "description"))
        or plain_text(text_in(object_in(civitai, "model"), "description")),
        base_model=text_in(civitai, "baseModel")
        or text_in(card, "sd version").replace("Unknown", ""),
        trigger_words=_trigger_words(civitai, card),
        strength=_strength(card),
        prediction=_prediction(folder / (stem + _CONFIG)) if stem + _CONFIG in names else "",
        preview=str(folder / pictures[0]) if pictures else "",
        source=_source(civitai) or _page(card),
    )
    return None if found == SideCar() else found


def _read_object(folder: Path, name: str, names: frozenset[str]) -> Object:
    if name not in names:
        return {}
    try:
        parsed: object = json.loads(_read(folder / name))
    except (OSError, ValueError, RecursionError):
        return {}
    return as_object(parsed)


def _read(path: Path) -> str:
    with path.open(encoding="utf-8-sig") as file:
        return file.read(_LARGEST)


def _title(civitai: Object) -> str:
    """The model's name and its version's."""
    return f"{text_in(object_in(civitai, 'model'), 'name')} {text_in(civitai, 'name')}".strip()


def _trigger_words(civitai: Object, card: Object) -> tuple[str, ...]:
    own = text_in(card, "activation text")
    if own:
        return (own,)
    return texts_in(civitai, "trainedWords")


def _strength(card: Object) -> float | None:
    """A1111 writes 0 where none is recommended."""
    weight = number_in(card, "preferred weight") or 0
    return float(weight) if 0 < abs(weight) <= _STRONGEST else None


def _prediction(config: Path) -> Literal["", "v"]:
    try:
        return "v" if _PREDICTS_V.search(_read(config)) else ""
    except (OSError, ValueError):
        return ""


def _source(civitai: Object) -> str:
    model, version = civitai.get("modelId"), civitai.get("id")
    if not isinstance(model, int):
        return ""
    page = f"https://civitai.com/models/{model}"
    return f"{page}?modelVersionId={version}" if isinstance(version, int) else page


def _page(card: Object) -> str:
    """The page that a download notes where it has no `.civitai.info`; nothing else is a link."""
    page = text_in(card, "source")
    return page if page.startswith(("https://", "http://")) else ""
