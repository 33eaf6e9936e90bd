"""The sheets of a series: made of the pictures that are on disk by then."""

from collections.abc import Iterator
from pathlib import Path

from backend.engine.context import Context
from backend.engine.saving import written
from backend.engine.series.drawing import Sheet
from backend.metadata.encoding_sheet import encode_sheet
from backend.metadata.opening import open_picture, size_of
from backend.outputs.naming import find_pictures, sheet_path
from backend.schema.errors import RequestError
from backend.schema.events import Event, ImageReady, Stage
from backend.schema.series import ResolvedSeries

_LAYING_OUT = Stage(sentence="Laying out the grid")


def sheets(series: ResolvedSeries, context: Context) -> Iterator[Event]:
    """Make the sheets that are not there yet; a picture that is missing leaves its place empty."""
    axes = series.axes
    first = range(axes.cells, axes.cells + series.sheets)
    wanted = [index for index in first if index not in context.finished_indices]
    if not wanted:
        return
    yield _LAYING_OUT
    files = find_pictures(context.places.outputs, context.job)
    for index in wanted:
        page = index - axes.cells
        begin = page * axes.columns * axes.rows
        places = range(begin, begin + axes.columns * axes.rows)
        shown = [files.get(place) for place in places]
        sheet = Sheet([_size(file) for file in shown], axes, page, series.base.output.format)
        for place, file in enumerate(shown):
            _put(sheet, place, file)
            yield _LAYING_OUT  # a cancel is heard after each
        path = sheet_path(context.job, index, context.created, series.base.output.format)
        ready = ImageReady(
            index=index,
            path=path.as_posix(),
            width=sheet.pixels.width,
            height=sheet.pixels.height,
            seed=series.seed_of(index),
        )
        content = encode_sheet(sheet.pixels, series, page, context.created)
        yield written(content, ready, context)


def _size(file: Path | None) -> tuple[int, int] | None:
    """The size of a picture in pixels; None where there is no whole one."""
    try:
        return size_of(file) if file else None
    except RequestError:
        return None


def _put(sheet: Sheet, place: int, file: Path | None) -> None:
    """Put a picture into its place; one that is not there leaves it empty."""
    try:
        sheet.put(place, open_picture(file).pixels if file else None)
    except RequestError:
        sheet.put(place, None)
