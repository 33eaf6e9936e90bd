"""Maps of pictures of every kind, and that they are remembered."""

import hashlib
import os
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from backend.engine.control import map_store, maps
from backend.engine.control.map_store import MapStore
from backend.engine.control.maps import make_map, map_size
from backend.engine.control.registry import preprocessors
from backend.schema.controls import MapRequest
from backend.schema.errors import ModelMissingError, NotFoundError, RequestError
from backend.schema.source_settings import ResolvedPicture
from tests.fixtures.photos import photo

PLAIN = tuple(each.info.id for each in preprocessors() if not each.info.weights)
CPU = torch.device("cpu")


def resolved(path: Path) -> ResolvedPicture:
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    return ResolvedPicture(reference=str(path), path=str(path), sha256=sha256)


def asked(path: Path, **more: object) -> MapRequest:
    settings = {"preprocessor": "canny", "resolution": 64, **more}
    return MapRequest(picture=resolved(path), **settings)  # pyright: ignore[reportArgumentType]


def made(path: Path, **more: object) -> Image.Image:
    return make_map(asked(path, **more), path.parent / "data", CPU)


def same(one: Image.Image, other: Image.Image) -> bool:
    return np.array_equal(np.asarray(one), np.asarray(other))


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    path = tmp_path / "photo.png"
    photo(1, 192, 96).save(path)
    return path


def test_the_shorter_side_has_the_resolution(saved: Path):
    result = made(saved, resolution=128)
    assert (result.mode, result.size) == ("RGB", (256, 128))
    assert set(np.unique(np.asarray(result))) == {0, 255}


@pytest.mark.parametrize("name", PLAIN)
def test_a_very_wide_picture_has_a_map_of_each_kind(tmp_path: Path, name: str):
    path = tmp_path / "wide.png"
    photo(1, 20_000, 12).save(path)
    assert made(path, preprocessor=name, resolution=512).size == (16_384, 10)


def test_a_picture_that_is_a_map_stays_as_it_is(saved: Path):
    assert same(made(saved, preprocessor="none"), photo(1, 192, 96))


def test_a_map_is_made_once_for_each_question(saved: Path, monkeypatch: pytest.MonkeyPatch):
    strict = made(saved, threshold_a=100, threshold_b=255)
    loose = made(saved, threshold_a=1, threshold_b=2)
    assert np.asarray(loose).sum() > np.asarray(strict).sum()
    monkeypatch.setattr(maps, "_made", lambda *asked: pytest.fail("it was made again"))
    assert same(made(saved, threshold_a=100, threshold_b=255), strict)
    assert same(made(saved, threshold_a=1, threshold_b=2), loose)


def test_a_map_that_was_damaged_on_disk_is_made_again(saved: Path):
    first = made(saved)
    (kept,) = (saved.parent / "data" / "map-cache").iterdir()
    kept.write_bytes(kept.read_bytes()[:100])
    assert same(made(saved), first)


def test_old_maps_go_and_so_do_too_many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    store = MapStore(tmp_path)
    store.keep("old", photo(1))
    os.utime(tmp_path / "old.png", (0, time.time() - map_store.SECONDS_KEPT - 1))
    store.keep("new", photo(2))
    assert [path.name for path in tmp_path.iterdir()] == ["new.png"]
    monkeypatch.setattr(map_store, "MOST_BYTES", (tmp_path / "new.png").stat().st_size + 1)
    os.utime(tmp_path / "new.png", (0, time.time() - 60))
    store.keep("newer", photo(3))
    assert [path.name for path in tmp_path.iterdir()] == ["newer.png"]


def test_a_disk_without_room_costs_nothing_but_time(saved: Path):
    (saved.parent / "data").write_text("a file where the folder should be")
    assert made(saved).size == (128, 64)


def grey_of_16_bits(path: Path) -> None:
    ramp = np.linspace(0, 65535, 96 * 96).reshape(96, 96).astype(np.uint16)
    Image.fromarray(ramp).save(path)


def turned(path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    photo(1, 192, 96).save(path, "PNG", exif=exif)


def transparent(path: Path) -> None:
    picture = photo(1).convert("RGBA")
    picture.putalpha(0)
    picture.save(path)


def animated(path: Path) -> None:
    shots = [photo(1), photo(2)]
    shots[0].save(path, "WEBP", save_all=True, append_images=shots[1:])


@pytest.mark.parametrize(
    ("write", "size"),
    [
        (lambda path: Image.new("RGB", (1, 1)).save(path), (64, 64)),
        (grey_of_16_bits, (64, 64)),
        (lambda path: photo(1).convert("CMYK").save(path, "TIFF"), (64, 64)),
        (turned, (64, 128)),
        (transparent, (64, 64)),
        (animated, (64, 64)),
        (lambda path: photo(1, 20_000, 40).save(path), (16_384, 33)),
    ],
    ids=["pixel", "16 bits", "CMYK", "turned", "transparent", "animated", "wide"],
)
def test_pictures_of_every_kind_have_a_map(
    tmp_path: Path, write: Callable[[Path], None], size: tuple[int, int]
):
    path = tmp_path / "picture.png"
    write(path)
    assert made(path).size == size


def test_what_is_transparent_is_white(tmp_path: Path):
    transparent(tmp_path / "clear.png")
    assert np.asarray(made(tmp_path / "clear.png", preprocessor="none")).min() == 255


@pytest.mark.parametrize("size", [(20_000, 2), (1, 5000), (6000, 900)])
def test_extreme_proportions_make_a_smaller_map(size: tuple[int, int]):
    width, height = map_size(*size, 2048)
    assert width * height <= maps.MOST_PIXELS * 1.01
    assert max(width, height) <= maps.LONGEST


@pytest.mark.parametrize("content", [b"", b"no picture", b"\x89PNG\r\n\x1a\n"])
def test_what_is_no_picture_is_told(tmp_path: Path, content: bytes):
    path = tmp_path / "broken.png"
    path.write_bytes(content)
    with pytest.raises(RequestError, match="no whole picture"):
        made(path)


def test_a_bomb_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = tmp_path / "bomb.png"
    Image.new("1", (4000, 1000)).save(path)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1_000_000)
    with pytest.raises(RequestError, match="larger than any picture"):
        made(path)


def test_weights_that_are_not_here_are_asked_for(saved: Path):
    with pytest.raises(ModelMissingError, match="needs files that are not here"):
        made(saved, preprocessor="softedge_hed")


def test_an_unknown_preprocessor_is_named(saved: Path):
    with pytest.raises(NotFoundError, match="sharpest"):
        made(saved, preprocessor="sharpest")
