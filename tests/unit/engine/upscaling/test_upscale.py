"""Enlarging a picture as the engine does it, with the starter's upscaler."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file
from spandrel.architectures.DAT.__arch.DAT import DAT
from spandrel.architectures.ESRGAN.__arch.RRDB import RRDBNet
from spandrel.architectures.HAT.__arch.HAT import HAT
from spandrel.architectures.SwinIR.__arch.SwinIR import SwinIR

from backend.engine.context import Context
from backend.engine.run import KINDS
from backend.engine.upscaling import by_model
from backend.engine.upscaling import upscale as story
from backend.engine.upscaling.upscalers import Upscalers
from backend.metadata.upscaled import read_upscaled
from backend.places import default_places
from backend.schema.errors import ModelError, OutOfMemoryError, RequestError
from backend.schema.events import ImageReady, ImageUnsaved, Progress, Skipped, Warned
from backend.schema.output_settings import FileSettings, PictureFormat
from backend.schema.upscaling import ResolvedUpscaler, ResolvedUpscaling

STARTER = ResolvedUpscaler(
    id="starter",
    name="Starter upscaler",
    path=str(default_places().root / "models" / "starter" / "upscaler.safetensors"),
)


@pytest.fixture
def context(tmp_path):
    places = replace(default_places(), outputs=tmp_path / "outputs", data=tmp_path / "data")
    return Context(job="ab" * 6, places=places, created=3.0)


@pytest.fixture
def scene(tmp_path):
    down, across = np.mgrid[0:90, 0:120]
    values = np.stack([down * 2, across * 2, 255 - down - across], -1).astype(np.uint8)
    picture = Image.fromarray(values)
    picture.paste("white", (40, 30, 80, 60))
    picture.save(tmp_path / "scene.png")
    return tmp_path / "scene.png"


def asked(
    path: Path,
    factor: float = 4.0,
    upscaler: ResolvedUpscaler | None = STARTER,
    picture_format: PictureFormat = "png",
):
    return ResolvedUpscaling(
        path=str(path),
        name=path.name,
        seed=7,
        factor=factor,
        upscaler=upscaler,
        output=FileSettings(format=picture_format),
    ).model_dump(mode="json")


def run(request, context):
    return list(KINDS["upscale"](request, context))


def result(events, context):
    (ready,) = (event for event in events if isinstance(event, ImageReady))
    with Image.open(context.places.outputs / ready.path) as opened:
        opened.load()
        assert opened.size == (ready.width, ready.height)
        return opened


@pytest.mark.parametrize(
    ("factor", "size"), [(4.0, (480, 360)), (1.5, (180, 135)), (6, (720, 540))]
)
def test_the_starter_enlarges_by_any_factor(context, scene, factor, size):
    events = run(asked(scene, factor), context)

    picture = result(events, context)
    assert picture.size == size
    with Image.open(scene) as opened:
        plain = opened.resize(size, Image.Resampling.LANCZOS)
    difference = np.asarray(picture).astype(float) - np.asarray(plain)
    assert 0 < np.abs(difference).mean() < 8  # the same picture, though not Lanczos
    progress = [event for event in events if isinstance(event, Progress)]
    assert progress[-1].step == progress[-1].steps


def test_tiles_leave_no_seam(context, scene, monkeypatch):
    whole = np.asarray(result(run(asked(scene), context), context)).astype(float)
    monkeypatch.setattr(by_model, "_tile", lambda upscaler, residency: 48)

    other = replace(context, job="cd" * 6, kept={}, slots={})
    events = run(asked(scene), other)

    tiled = np.asarray(result(events, other)).astype(float)
    assert len([event for event in events if isinstance(event, Progress)]) == 15
    for axis in (0, 1):  # steps between neighbours are as large as without tiles, everywhere
        steps = [np.abs(np.diff(each, axis=axis)).mean((1 - axis, 2)) for each in (whole, tiled)]
        assert np.abs(steps[0] - steps[1]).max() < 0.5
    assert np.abs(whole - tiled).max() <= 6


def test_lanczos_needs_no_model_and_keeps_transparency(context, tmp_path):
    picture = Image.new("RGBA", (20, 10), (200, 40, 40, 255))
    picture.paste((0, 0, 0, 0), (0, 0, 10, 10))
    picture.save(tmp_path / "half.png")

    for upscaler in (None, STARTER):
        large = result(run(asked(tmp_path / "half.png", 2, upscaler), context), context)
        assert (large.mode, large.size) == ("RGBA", (40, 20))
        values = np.asarray(large)
        assert values[10, 3, 3] == 0
        red, green, _, alpha = values[10, 36]
        assert alpha == 255
        assert red > 150 > green


def test_the_result_is_a_file_of_the_asked_format_that_tells_how(context, scene):
    events = run(asked(scene, 2, None, "webp"), context)

    (ready,) = (event for event in events if isinstance(event, ImageReady))
    assert ready.path.endswith(f"-upscaled-{'ab' * 6}-0.webp")
    assert (ready.index, ready.seed) == (0, 7)
    told = read_upscaled(context.places.outputs / ready.path)
    assert told
    assert (told.upscaler, told.factor, told.source) == ("Lanczos", 2, "scene.png")


def test_what_was_made_is_not_made_twice(context, scene):
    assert run(asked(scene), replace(context, finished_indices=frozenset({0}))) == []


def test_a_picture_of_one_column_and_a_grey_one(context, tmp_path):
    Image.new("L", (1, 9), 99).save(tmp_path / "thin.png")

    large = result(run(asked(tmp_path / "thin.png"), context), context)

    assert large.size == (4, 36)
    assert np.abs(np.asarray(large).astype(int) - 99).max() < 12


def test_it_ends_between_tiles_when_nobody_waits(context, scene, monkeypatch):
    monkeypatch.setattr(by_model, "_tile", lambda upscaler, residency: 48)
    events = KINDS["upscale"](asked(scene), context)
    for event in events:
        if isinstance(event, Progress):
            context.skipped.add(1)
            break

    assert list(events) == [Skipped(indices=(0,))]
    assert not context.places.outputs.exists()


def test_a_disk_that_refuses_gets_the_picture_into_memory(context, scene):
    context.places.outputs.write_text("a file where the folder should be")

    events = run(asked(scene, 2, None), context)

    (held,) = (event for event in events if isinstance(event, ImageUnsaved))
    assert (held.width, held.height) == (240, 180)


def test_what_was_changed_on_the_way_is_said(context, tmp_path):
    Image.new("CMYK", (8, 8), (255, 0, 0, 0)).save(tmp_path / "print.jpg")

    events = run(asked(tmp_path / "print.jpg", 2, None), context)

    (warning,) = (event for event in events if isinstance(event, Warned))
    assert "CMYK" in warning.sentence


def test_a_result_that_does_not_fit_into_memory_is_told_before(context, scene, monkeypatch):
    monkeypatch.setattr(story.psutil, "virtual_memory", lambda: type("M", (), {"available": 9}))

    with pytest.raises(OutOfMemoryError, match="480 × 360 pixels needs"):
        run(asked(scene), context)


def test_a_picture_that_is_too_large_by_now_is_told(context, tmp_path):
    Image.new("1", (9000, 9000)).save(tmp_path / "huge.png")

    with pytest.raises(RequestError, match="large enough already"):
        run(asked(tmp_path / "huge.png"), context)


def test_a_model_that_is_no_upscaler_is_told(tmp_path):
    save_file({"some.weight": torch.zeros(3)}, tmp_path / "other.safetensors")
    (tmp_path / "half.safetensors").write_bytes(b"half")
    (tmp_path / "old.pth").write_bytes(b"pickled")
    for name, words in (
        ("other.safetensors", "no upscaler that Easel knows"),
        ("half.safetensors", "cannot be read"),
        ("old.pth", "is a pickle.*app.py convert old.pth"),
        ("gone.safetensors", "not there any more"),
    ):
        wanted = ResolvedUpscaler(id=name, name=name, path=str(tmp_path / name))
        with pytest.raises(ModelError) as caught:
            Upscalers().get(wanted)
        assert re.search(words, str(caught.value)), name


@pytest.mark.filterwarnings("ignore::UserWarning")  # their own code's, when they are made
@pytest.mark.parametrize(
    ("name", "network"),
    [
        (
            "SwinIR",
            lambda: SwinIR(
                upscale=2,
                img_size=16,
                window_size=8,
                embed_dim=12,
                depths=[2],
                num_heads=[2],
                upsampler="pixelshuffledirect",
            ),
        ),
        (
            "DAT",
            lambda: DAT(
                upscale=2,
                img_size=16,
                split_size=[4, 8],
                embed_dim=32,
                depth=[2],
                num_heads=[2],
                upsampler="pixelshuffledirect",
            ),
        ),
        (
            "HAT",
            lambda: HAT(
                upscale=2,
                img_size=16,
                window_size=8,
                embed_dim=36,
                depths=[2],
                num_heads=[2],
                upsampler="pixelshuffle",
            ),
        ),
    ],
)
def test_networks_with_attention_enlarge_pieces_of_any_size(tmp_path, name, network):
    weights = {key: value.contiguous() for key, value in network().state_dict().items()}
    save_file(weights, tmp_path / "tiny.safetensors")

    wanted = ResolvedUpscaler(id="tiny", name="tiny", path=str(tmp_path / "tiny.safetensors"))
    upscaler = Upscalers().get(wanted)

    assert (upscaler.architecture, upscaler.scale) == (name, 2)
    for height, width in ((3, 1), (13, 29)):
        large = upscaler.enlarge(np.zeros((height, width, 3), np.uint8))
        assert large.shape == (2 * height, 2 * width, 3)


def test_an_esrgan_is_told_by_its_weights(context, scene, tmp_path):
    torch.manual_seed(1)
    network = RRDBNet(num_filters=8, num_blocks=1, scale=2)
    save_file(network.state_dict(), tmp_path / "tiny.safetensors")
    wanted = ResolvedUpscaler(id="tiny", name="tiny", path=str(tmp_path / "tiny.safetensors"))

    upscalers = context.keep("upscalers", Upscalers)

    assert (upscalers.get(wanted).scale, upscalers.get(wanted).architecture) == (2, "ESRGAN")
    assert upscalers.get(wanted) is upscalers.get(wanted)  # it is read once
    assert result(run(asked(scene, 3.0, wanted), context), context).size == (360, 270)
    upscalers.free_memory()
