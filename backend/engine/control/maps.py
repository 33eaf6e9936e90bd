"""Making the map of a picture: opened as it is meant to be seen, brought to a size, remembered."""

import hashlib
import json
from pathlib import Path

import torch
from PIL import Image

from backend.engine.control.base import MapSettings
from backend.engine.control.map_store import MapStore
from backend.engine.control.registry import Preprocessor, find_preprocessor
from backend.metadata.opening import open_picture
from backend.schema.control_settings import NO_PREPROCESSOR
from backend.schema.controls import MapRequest, ParameterInfo
from backend.schema.errors import ModelMissingError
from backend.schema.source_settings import ResolvedPicture

MOST_PIXELS, LONGEST = 2**23, 2**14
"""Of a map, and along its side: a picture of extreme proportions gets a smaller one than asked for.

OpenCV moves no pixels of pictures with sides of 2¹⁵ and more.
"""


def make_map(wanted: MapRequest, data: Path, device: torch.device) -> Image.Image:
    """The map of a picture; the same question again is answered from the disk.

    Args:
        wanted: The picture and what makes the map. With the preprocessor `none` the picture is
            the map, at its own size.
        data: The data folder, below which maps are kept for a while.
        device: Where the preprocessor works.

    Returns:
        RGB; its shorter side has `wanted.resolution` pixels, its proportions are the picture's.

    Raises:
        NotFoundError: When there is no such preprocessor, or no such file.
        RequestError: When the file is no whole picture.
        ModelMissingError: When the preprocessor's weights are not here.
    """
    if wanted.preprocessor == NO_PREPROCESSOR:
        return opaque(Path(wanted.picture.path))
    maker, store = find_preprocessor(wanted.preprocessor), MapStore(data / "map-cache")
    key = _key(wanted, maker)
    known = store.find(key)
    if known is None:
        known = _made(wanted, maker, device)
        store.keep(key, known)
    return known


def opaque(path: Path) -> Image.Image:
    """A picture of any kind as RGB, upright; what is transparent is white."""
    pixels = open_picture(path).pixels
    if pixels.mode != "RGBA":
        return pixels
    white = Image.new("RGBA", pixels.size, "white")
    return Image.alpha_composite(white, pixels).convert("RGB")


def map_size(width: int, height: int, resolution: int) -> tuple[int, int]:
    """The pixels of a map, width and height.

    Args:
        width: Of the picture, in pixels.
        height: Of the picture.
        resolution: Pixels along the map's shorter side.
    """
    by_room = (MOST_PIXELS / (width * height)) ** 0.5
    factor = min(resolution / min(width, height), by_room, LONGEST / max(width, height))
    return max(1, round(width * factor)), max(1, round(height * factor))


def _made(wanted: MapRequest, maker: Preprocessor, device: torch.device) -> Image.Image:
    if len(wanted.files) < len(maker.info.weights) or not all(map(_there, wanted.files)):
        raise ModelMissingError(
            f"The preprocessor “{maker.info.label}” needs files that are not here.",
            "Download them where the preprocessor is chosen, or choose another one.",
        )
    picture = opaque(Path(wanted.picture.path))
    size = map_size(*picture.size, wanted.resolution)
    picture = picture.resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0)
    told = {each.field: _value(each, wanted) for each in maker.info.parameters}
    settings = MapSettings(
        device=device,
        files=tuple(map(Path, wanted.files)),
        mask=_mask(wanted.mask, size) if wanted.mask else None,
        **told,
    )
    return maker(picture, settings).convert("RGB")


def _there(path: str) -> bool:
    return Path(path).exists()


def _value(parameter: ParameterInfo, wanted: MapRequest) -> float:
    """What a parameter is told: the nearest that it takes to what was asked for."""
    asked = getattr(wanted, parameter.field)
    value = parameter.default if asked is None else asked
    return min(max(value, parameter.minimum), parameter.maximum)


def _mask(picture: ResolvedPicture, size: tuple[int, int]) -> Image.Image:
    """Grey, of the map's size; white is where, and what is transparent is black."""
    pixels = open_picture(Path(picture.path)).pixels.convert("RGBA")
    black = Image.new("RGBA", pixels.size, "black")
    return Image.alpha_composite(black, pixels).convert("L").resize(size)


def _key(wanted: MapRequest, maker: Preprocessor) -> str:
    """What a map is remembered under: all that it depends on, and nothing else."""
    depends = {
        "picture": _hash(wanted.picture),
        "preprocessor": [maker.info.id, maker.version],
        "parameters": [_value(each, wanted) for each in maker.info.parameters],
        "resolution": wanted.resolution,
        "mask": wanted.mask and _hash(wanted.mask),
        "files": [[each, *_state(Path(each))] for each in wanted.files],
    }
    return hashlib.sha256(json.dumps(depends).encode()).hexdigest()


def _hash(picture: ResolvedPicture) -> str:
    if picture.sha256:
        return picture.sha256
    path = Path(picture.path)
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""


def _state(path: Path) -> tuple[int, int]:
    """The size and the time of a file, which change when its content does."""
    state = path.stat() if path.exists() else None
    return (state.st_size, state.st_mtime_ns) if state else (0, 0)
