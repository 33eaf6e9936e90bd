"""A series is the story of each of its pictures, told as one job's."""

from collections.abc import Iterable

import numpy as np
import pytest
from PIL import Image

from backend.engine.series.story import series
from backend.engine.skipping import unless_skipped
from backend.metadata.encoding import encode
from backend.metadata.own import read_metadata
from backend.metadata.sheets import read_sheet
from backend.outputs.naming import find_pictures, picture_path
from backend.outputs.writing import write_atomically
from backend.schema.errors import ModelError
from backend.schema.events import ImageReady, Metric, Progress, Skipped, Stage, Warned
from backend.schema.picture_settings import BatchSettings
from backend.schema.resolved import ResolvedRequest
from backend.schema.series import ResolvedAxis, ResolvedSeries, SeriesAxes
from tests.fixtures.requests import resolved
from tests.fixtures.starter import context_in, of_type

STEPS = 3
AXES = SeriesAxes(
    x=ResolvedAxis(title="Seed", labels=("0", "1", "2")),
    y=ResolvedAxis(title="Prompt", labels=("apple", "pear")),
)


def cell(prompt, seed):
    request = resolved(prompt, seed=seed)
    sampling = request.sampling.model_copy(update={"steps": STEPS})
    return request.model_copy(update={"batch": BatchSettings(), "sampling": sampling})


def wanted(*, order: Iterable[int] = range(6), sheet=True):
    cells = [cell(prompt, seed) for prompt in AXES.y.labels for seed in range(3)]
    return ResolvedSeries.of(AXES, cells, tuple(order), sheet=sheet).model_dump(mode="json")


def draw(request, context):
    """What draws one picture; an apple with seed 1 cannot be drawn."""
    made = ResolvedRequest.model_validate(request)
    if (made.prompt.positive, made.seed) == ("apple", 1):
        raise ModelError("It cannot be drawn.", "Change it.")
    for step in range(STEPS):
        yield Progress(step=step + 1, steps=STEPS, batch=1, batches=1, seconds_left=1.0)
    path = picture_path(context.job, 0, made, context.created, place=context.first_index)
    content = encode(Image.new("RGB", (128, 64), "teal"), made, 0, context.created)
    write_atomically(context.places.outputs / path, content)
    yield ImageReady(index=0, path=path.as_posix(), width=128, height=64, seed=made.seed)
    yield Metric(name="seconds_total", step=0, value=1.0)


def fine(request, context):
    """What draws every picture."""
    made = ResolvedRequest.model_validate(request)
    yield from draw(made.model_copy(update={"seed": made.seed + 7}).model_dump(), context)


def test_pictures_come_in_order_and_the_sheet_last(tmp_path):
    events = list(series(fine, wanted(order=(0, 3, 1, 4, 2, 5)), context_in(tmp_path)))

    ready = of_type(events, ImageReady)
    assert [event.index for event in ready] == [0, 3, 1, 4, 2, 5, 6]
    assert (ready[-1].width, ready[-1].height) > (3 * 128, 2 * 64)
    progress = of_type(events, Progress)
    assert [event.batch for event in progress[::STEPS]] == [1, 2, 3, 4, 5, 6]
    assert {event.batches for event in progress} == {6}
    assert progress[-1].seconds_left == 0
    assert [event.name for event in of_type(events, Metric)] == ["seconds_total"]


def test_each_file_tells_of_itself_as_if_it_were_alone_and_the_sheet_of_all(tmp_path):
    list(series(fine, wanted(), context_in(tmp_path)))

    files = find_pictures(tmp_path / "outputs", "0123456789ab")
    assert sorted(files) == list(range(7))
    own, told = read_metadata(files[4]), read_sheet(files[6])
    assert own
    assert told
    assert own.index == 0
    assert own.request.as_request(0).prompt.positive == "pear"
    assert told.axes == AXES
    assert told.sentence == ("It is a sheet of 6 pictures: Seed 0, 1, 2; Prompt apple, pear.")


def test_what_is_there_is_not_made_again_but_is_on_the_sheet(tmp_path):
    list(series(fine, wanted(sheet=False), context_in(tmp_path)))
    context = context_in(tmp_path, finished=range(6))

    events = list(series(fine, wanted(), context))

    assert [event.index for event in of_type(events, ImageReady)] == [6]
    with Image.open(find_pictures(tmp_path / "outputs", context.job)[6]) as sheet:
        teal = (np.asarray(sheet) == (0, 128, 128)).all(axis=2)
    assert teal.sum() == 6 * 128 * 64


def test_a_picture_that_cannot_be_drawn_is_told_and_the_others_are_made(tmp_path):
    events = list(series(draw, wanted(), context_in(tmp_path)))

    assert [event.index for event in of_type(events, ImageReady)] == [0, 2, 3, 4, 5, 6]
    assert of_type(events, Skipped) == [Skipped(indices=(1,))]
    assert [event.sentence for event in of_type(events, Warned)] == [
        "Seed 1, apple: It cannot be drawn. Change it."
    ]


def test_where_none_can_be_drawn_the_job_fails_with_the_reason(tmp_path):
    def never(_request, _context):
        yield Stage(sentence="Loading")
        raise ModelError("It is broken.")

    with pytest.raises(ModelError, match="It is broken"):
        list(series(never, wanted(), context_in(tmp_path)))


def test_the_picture_that_is_made_is_skipped_and_no_other(tmp_path):
    context = context_in(tmp_path)

    def patient(request, own):
        from backend.engine.batches import remaining_batches  # noqa: PLC0415

        made = ResolvedRequest.model_validate(request)
        (batch,) = remaining_batches(made, own.finished_indices)
        yield from unless_skipped(fine(request, own), batch, own.skipped)

    events = []
    for event in series(patient, wanted(), context):
        events.append(event)
        if isinstance(event, Progress) and event.batch == 3:
            context.skipped.add(3)

    assert of_type(events, Skipped) == [Skipped(indices=(2,))]
    assert [event.index for event in of_type(events, ImageReady)] == [0, 1, 3, 4, 5, 6]
