"""What the files beside a model say of it: CivitAI's, A1111's, previews and configurations.

Source: the fields that CivitAI's helper extensions write to `.civitai.info` (a model version of
CivitAI's public API), that A1111's card editor writes to `.json`, and A1111's `.yaml` files.
"""

import html
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Literal, cast

from backend.schema.library import SideCar

_PICTURES = ("png", "jpg", "jpeg", "webp")
_PREVIEWS = (*(f".preview.{each}" for each in _PICTURES), *(f".{each}" for each in _PICTURES))
_CIVITAI, _CARD, _CONFIG = ".civitai.info", ".json", ".yaml"
_ENDINGS = (_CIVITAI, _CARD, _CONFIG, *_PREVIEWS)
_LARGEST = 1_000_000
_LONGEST_TEXT = 4_000
_STRONGEST = 10.0
_PREDICTS_V = re.compile(r"^\s*parameterization\s*:\s*[\"']?v[\"']?\s*(#.*)?$", re.MULTILINE)
_BREAKING_TAGS = frozenset({"p", "br", "li", "div", "h1", "h2", "h3", "tr"})

_Object = dict[str, object]


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
    pictures = [stem + ending for ending in _PREVIEWS if stem + ending in names]
    found = SideCar(
        title=_title(civitai),
        description=_plain(_text(card, "description") or _text(civitai, "description"))
        or _plain(_text(_object(civitai, "model"), "description")),
        base_model=_text(civitai, "baseModel") or _text(card, "sd version").replace("Unknown", ""),
        trigger_words=_trigger_words(civitai, card),
        strength=_strength(card),
        prediction=_prediction(folder / (stem + _CONFIG)) if stem + _CONFIG in names else "",
        preview=str(folder / pictures[0]) if pictures else "",
        source=_source(civitai),
    )
    return None if found == SideCar() else found


def _read_object(folder: Path, name: str, names: frozenset[str]) -> _Object:
    if name not in names:
        return {}
    try:
        parsed: object = json.loads(_read(folder / name))
    except (OSError, ValueError, RecursionError):
        return {}
    return cast("_Object", parsed) if isinstance(parsed, dict) else {}


def _read(path: Path) -> str:
    with path.open(encoding="utf-8-sig") as file:
        return file.read(_LARGEST)


def _text(values: _Object, key: str) -> str:
    """A text that can be stored and sent: JSON may hold half a character."""
    value = values.get(key)
    return value.encode(errors="replace").decode().strip() if isinstance(value, str) else ""


def _object(values: _Object, key: str) -> _Object:
    value = values.get(key)
    return cast("_Object", value) if isinstance(value, dict) else {}


def _title(civitai: _Object) -> str:
    """The model's name and its version's."""
    return f"{_text(_object(civitai, 'model'), 'name')} {_text(civitai, 'name')}".strip()


def _trigger_words(civitai: _Object, card: _Object) -> tuple[str, ...]:
    own = _text(card, "activation text")
    if own:
        return (own,)
    words = civitai.get("trainedWords")
    if not isinstance(words, list):
        return ()
    texts = [_text({"word": word}, "word") for word in cast("list[object]", words)]
    return tuple(text for text in texts if text)


def _strength(card: _Object) -> float | None:
    """A1111 writes 0 where none is recommended."""
    weight = card.get("preferred weight")
    if isinstance(weight, bool) or not isinstance(weight, int | float):
        return None
    return float(weight) if 0 < abs(weight) <= _STRONGEST else None


def _prediction(config: Path) -> Literal["", "v"]:
    try:
        return "v" if _PREDICTS_V.search(_read(config)) else ""
    except (OSError, ValueError):
        return ""


def _source(civitai: _Object) -> str:
    model, version = civitai.get("modelId"), civitai.get("id")
    if not isinstance(model, int):
        return ""
    page = f"https://civitai.com/models/{model}"
    return f"{page}?modelVersionId={version}" if isinstance(version, int) else page


class _PlainText(HTMLParser):
    """Keeps the words of a web page's fragment."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del attrs
        if tag in _BREAKING_TAGS:
            self.words.append("\n")


def _plain(text: str) -> str:
    """The text without tags, its blank lines and its end beyond a page of reading."""
    if "<" in text:
        reader = _PlainText()
        reader.feed(text)
        reader.close()
        text = "".join(reader.words)
    lines = (" ".join(line.split()) for line in html.unescape(text).splitlines())
    return "\n".join(line for line in lines if line)[:_LONGEST_TEXT]
