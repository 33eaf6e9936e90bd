"""Reads emoji art from the npm packages that `packages.json` names."""

import io
import json
from pathlib import Path
from typing import NotRequired, TypedDict, cast

import numpy as np
import resvg_py
from PIL import Image

from recipes.starter.colours import Picture
from recipes.starter.places import PACKAGES

_USUAL_SIDE = 16
"""Iconify's side of an icon where its set names none."""


class _Icon(TypedDict):
    body: str
    width: NotRequired[int]
    height: NotRequired[int]


class _IconSet(TypedDict):
    icons: dict[str, _Icon]
    width: NotRequired[int]
    height: NotRequired[int]


class ArtMissingError(Exception):
    """A label or a picture is not in the packages; `python -m recipes.starter.fetch` gets them."""


class EmojiArt:
    """Looks pictures up by emoji label: Fluent 3D (256 px) and the SVG sets of Iconify."""

    def __init__(self, packages: Path = PACKAGES) -> None:
        self._packages = packages
        table = cast("list[dict[str, str]]", self._read("emojibase-data/en/data.json"))
        self._code = {row["label"]: row["hexcode"].lower() for row in table}

    def fluent(self, label: str, size: int) -> Picture:
        """Return the Fluent 3D picture, RGBA, `size` × `size`.

        Raises:
            ArtMissingError: the label or its picture is unknown.
        """
        for name in self._names(label):
            path = self._packages / "@lobehub/fluent-emoji-3d/assets" / f"{name}.webp"
            if path.exists():
                with Image.open(path) as picture:
                    return resize(picture.convert("RGBA"), size)
        raise ArtMissingError(f"There is no Fluent 3D picture of “{label}”.")

    def drawing(self, label: str, package: str, size: int) -> Picture:
        """Render an SVG of `@iconify-json/<package>`, RGBA, `size` × `size`.

        Raises:
            ArtMissingError: the label or its drawing is unknown.
        """
        icons = cast("_IconSet", self._read(f"@iconify-json/{package}/icons.json"))
        table = self._read(f"@iconify-json/{package}/chars.json")
        characters = cast("dict[str, str]", table)
        for name in self._names(label):
            icon = icons["icons"].get(characters.get(name, ""))
            if icon is None:
                continue
            width = icon.get("width", icons.get("width", _USUAL_SIDE))
            height = icon.get("height", icons.get("height", _USUAL_SIDE))
            source = (
                '<svg xmlns="http://www.w3.org/2000/svg" '
                'xmlns:xlink="http://www.w3.org/1999/xlink" '
                f'viewBox="0 0 {width} {height}" width="{size}" height="{size}">'
                f"{icon['body']}</svg>"
            )
            data = bytes(resvg_py.svg_to_bytes(svg_string=source))
            with Image.open(io.BytesIO(data)) as picture:
                return resize(picture.convert("RGBA"), size)
        raise ArtMissingError(f"{package} has no drawing of “{label}”.")

    def _read(self, path: str) -> object:
        return json.loads((self._packages / path).read_text("utf-8"))

    def _names(self, label: str) -> tuple[str, ...]:
        code = self._code.get(label)
        if code is None:
            raise ArtMissingError(f"emojibase-data has no emoji labelled “{label}”.")
        plain = "-".join(part for part in code.split("-") if part != "fe0f")
        return code, plain, f"{code}-fe0f", f"{plain}-fe0f"


def resize(picture: Image.Image, size: int) -> Picture:
    """Scale an RGBA picture to a square without bleeding the colour of clear pixels."""
    premultiplied = picture.convert("RGBa").resize((size, size), Image.Resampling.LANCZOS)
    return np.asarray(premultiplied.convert("RGBA")).astype(np.float32) / np.float32(255)
