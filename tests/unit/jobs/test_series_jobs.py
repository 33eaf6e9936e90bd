"""What the journal, the record and recovery know of a grid."""

import pytest
from PIL import Image

from backend.jobs.journal import Journal
from backend.jobs.record import Record
from backend.jobs.recovery import pictures_on_disk
from backend.metadata.encoding import encode
from backend.metadata.encoding_sheet import encode_sheet
from backend.outputs.naming import picture_path, sheet_path
from backend.outputs.writing import write_atomically
from backend.schema.events import Skipped
from backend.schema.picture_settings import BatchSettings
from backend.schema.series import ResolvedAxis, ResolvedSeries, SeriesAxes
from tests.fixtures.desk import job, picture
from tests.fixtures.requests import resolved

DAWN, DUSK = "ab" * 32, "cd" * 32
AXES = SeriesAxes(
    x=ResolvedAxis(title="Checkpoint", labels=("dawn", "dusk")),
    y=ResolvedAxis(title="Prompt", labels=("a cat", "a dog")),
)


def cell(prompt, sha256):
    request = resolved(prompt).model_copy(update={"batch": BatchSettings()})
    model = request.model.model_copy(update={"sha256": sha256, "path": f"/{sha256[:2]}"})
    return request.model_copy(update={"model": model})


SERIES = ResolvedSeries.of(
    AXES,
    [cell(prompt, sha256) for prompt in ("a cat", "a dog") for sha256 in (DAWN, DUSK)],
    (0, 2, 1, 3),
    sheet=True,
)


def grid(number=1):
    return job(number, kind="series", request=SERIES.model_dump(mode="json"))


@pytest.fixture
def journal(tmp_path):
    opened = Journal(tmp_path / "journal.sqlite3")
    yield opened
    opened.close()


def test_the_pictures_of_each_checkpoint_are_found(journal):
    journal.put_job(grid(1))
    for index in range(5):
        journal.put_picture(picture(1, index))
    journal.put_job(job(2))
    journal.put_picture(picture(2, 0))

    assert [each.id[-3:] for each in journal.pictures_with(DAWN, "")] == ["2-0", "1-2", "1-0"]
    assert [each.id[-3:] for each in journal.pictures_with(DUSK, "")] == ["1-3", "1-1"]


def test_its_prompt_is_among_the_last_ones(journal):
    journal.put_job(grid())

    assert [each.positive for each in journal.prompts_of("owner", 5)] == ["a cat"]


def test_the_picture_that_is_made_now_follows_the_order_of_drawing():
    record = Record.of(grid())

    batches = []
    while (batch := record.batch) is not None:
        batches.append(batch)
        record = record.after(Skipped(indices=(batch - 1,)))

    assert batches == [1, 3, 2, 4, 5]
    assert record.complete


def test_pictures_and_sheet_that_nobody_heard_of_are_found(tmp_path):
    asked = grid()
    pixels = Image.new("RGB", (128, 64))
    for index in (1, 3):
        made = SERIES.cell(index)
        path = picture_path(asked.id, 0, made, 12.0, place=index)
        write_atomically(tmp_path / path, encode(pixels, made, 0, 12.0))
    sheet = encode_sheet(pixels, SERIES, 0, 12.0)
    write_atomically(tmp_path / sheet_path(asked.id, 4, 12.0, "png"), sheet)
    write_atomically(tmp_path / sheet_path(asked.id, 2, 12.0, "png"), sheet)  # not what it says

    found = pictures_on_disk(tmp_path, asked)

    assert [(each.index, each.prompt) for each in found] == [
        (1, "a cat"),
        (3, "a dog"),
        (4, "a cat"),
    ]
