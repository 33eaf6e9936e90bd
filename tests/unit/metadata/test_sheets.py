"""A sheet of pictures tells what is varied, in every format, to people and programs."""

import io

import pytest
from PIL import Image

from backend.metadata.catalogue import load_catalogue
from backend.metadata.encoding_sheet import encode_sheet
from backend.metadata.file_texts import read_texts
from backend.metadata.own import read_metadata
from backend.metadata.reading import read_picture
from backend.metadata.sheets import read_sheet
from backend.metadata.upscaled import origin_of, read_upscaled
from backend.schema.output_settings import ENDINGS, OutputSettings
from backend.schema.picture_settings import BatchSettings
from backend.schema.series import ResolvedAxis, ResolvedSeries, SeriesAxes
from tests.fixtures.requests import resolved

AXES = SeriesAxes(
    x=ResolvedAxis(title="Seed", labels=("5", "6")),
    z=ResolvedAxis(title="CFG scale", labels=("4", "7")),
)


def sheet_of(picture_format, page=1):
    cells = [
        resolved(seed=seed).model_copy(
            update={"batch": BatchSettings(), "output": OutputSettings(format=picture_format)}
        )
        for seed in (5, 6, 7, 8)
    ]
    series = ResolvedSeries.of(AXES, cells, (0, 1, 2, 3), sheet=True)
    return io.BytesIO(encode_sheet(Image.new("RGB", (64, 64)), series, page, 12.0))


@pytest.mark.parametrize("picture_format", ENDINGS)
def test_a_sheet_tells_of_itself_and_of_its_first_picture(picture_format):
    told = read_sheet(sheet_of(picture_format))
    assert told

    assert (told.axes, told.page, told.index, told.created) == (AXES, 1, 5, 12.0)
    assert told.origin.request.seed == 7
    assert told.sentence == "It is a sheet of 2 pictures: Seed 5, 6; CFG scale 7."
    assert read_metadata(sheet_of(picture_format)) is None
    assert read_upscaled(sheet_of(picture_format)) is None


def test_its_settings_are_those_of_the_first_picture():
    reading = read_picture(sheet_of("png"), load_catalogue())
    assert reading

    assert reading.fields["seed.value"] == 7
    assert "It is a sheet of 2 pictures: Seed 5, 6; CFG scale 7." in reading.unused


def test_a1111_reads_it_as_an_xyz_plot():
    texts = read_texts(sheet_of("png"))
    assert texts
    first = origin_of(texts)
    assert first

    text = texts.text("parameters")
    assert 'Script: X/Y/Z plot, X Type: Seed, X Values: "5, 6", Z Type: CFG scale' in text
    assert "Size: 128x64" in text
    assert first.request.seed == 7


def test_another_picture_is_no_sheet():
    buffer = io.BytesIO()
    Image.new("RGB", (8, 8)).save(buffer, "PNG")
    assert read_sheet(io.BytesIO(buffer.getvalue())) is None
    assert read_sheet(io.BytesIO(b"nothing")) is None
