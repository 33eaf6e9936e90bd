"""What an enlarged picture tells: how it was enlarged, and all that its source told."""

from pathlib import Path

import pytest
from PIL import Image, PngImagePlugin

from backend.metadata.catalogue import load_catalogue
from backend.metadata.encoding import encode
from backend.metadata.encoding_upscaled import encode_upscaled
from backend.metadata.file_texts import FileTexts, read_texts
from backend.metadata.own import read_metadata
from backend.metadata.reading import read_picture
from backend.metadata.upscaled import UpscaledMetadata, origin_of, read_upscaled
from backend.schema.output_settings import FileSettings
from backend.schema.readings import Reading
from backend.schema.upscaling import ResolvedUpscaler, ResolvedUpscaling
from tests.fixtures.requests import resolved

SHARP = ResolvedUpscaler(id="upscale_models/sharp.safetensors", name="Sharp", path="/m/sharp")
A1111 = (
    "a cat\nNegative prompt: fog\nSteps: 20, Sampler: Euler a, CFG scale: 7, Seed: 9, "
    "Size: 512x768, Model: dream"
)


def wanted(source, **more):
    return ResolvedUpscaling(path=str(source), name=source.name, factor=4, upscaler=SHARP, **more)


def enlarged(folder, source, name="large.png", **more):
    pixels = Image.new("RGB", (64, 32), "teal")
    path = folder / name
    path.write_bytes(encode_upscaled(pixels, wanted(source, **more), source, 5.0))
    return path


def told(path: Path) -> UpscaledMetadata:
    found = read_upscaled(path)
    assert found
    return found


def texts(path: Path) -> FileTexts:
    found = read_texts(path)
    assert found
    return found


def read(path: Path) -> Reading:
    found = read_picture(path, load_catalogue())
    assert found
    return found


@pytest.fixture
def drawn(tmp_path):
    path = tmp_path / "apple.png"
    path.write_bytes(encode(Image.new("RGB", (128, 64)), resolved("a red apple"), 1, 2.0))
    return path


@pytest.mark.parametrize("picture_format", ["png", "jpeg", "webp", "avif"])
def test_an_enlarged_picture_keeps_its_settings_in_every_format(tmp_path, drawn, picture_format):
    path = enlarged(tmp_path, drawn, "large", output=FileSettings(format=picture_format))

    upscaled = told(path)
    assert (upscaled.upscaler, upscaled.factor, upscaled.source, upscaled.index) == (
        "Sharp",
        4,
        "apple.png",
        0,
    )
    assert upscaled.origin == read_metadata(drawn)
    assert read_metadata(path) is None  # it was not drawn so: drawing it again gives another
    reading = read(path)
    assert reading.program == "Easel"
    assert (reading.fields["prompt.positive"], reading.fields["seed.value"]) == ("a red apple", 6)
    assert "Upscaler: Sharp, Upscale by: 4, Upscaled from: apple.png" in reading.text
    assert any("enlarged 4 times with Sharp" in line for line in reading.unused)


def test_what_is_enlarged_twice_still_tells_how_it_was_drawn(tmp_path, drawn):
    once = enlarged(tmp_path, drawn, "once.png")
    twice = enlarged(tmp_path, once, "twice.png")

    assert origin_of(texts(twice)) == read_metadata(drawn)
    assert told(twice).source == "once.png"
    assert texts(twice).text("parameters").count("Upscaler:") == 1


def test_the_settings_of_other_programs_are_kept_as_text(tmp_path):
    chunks = PngImagePlugin.PngInfo()
    chunks.add_text("parameters", A1111)
    source = tmp_path / "cat.png"
    Image.new("RGB", (8, 8)).save(source, pnginfo=chunks)

    path = enlarged(tmp_path, source)

    reading = read(path)
    assert reading.fields["prompt.negative"] == "fog"
    assert (reading.fields["size.width"], reading.fields["size.height"]) == (512, 768)
    assert told(path).origin is None


def test_a_photograph_tells_only_how_it_was_enlarged(tmp_path):
    source = tmp_path / "beach.jpg"
    Image.new("RGB", (8, 8)).save(source)

    path = enlarged(tmp_path, source)

    assert "Upscaled from: beach.jpg" in texts(path).text("parameters")
    assert read_upscaled(source) is None
