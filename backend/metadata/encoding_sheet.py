"""The file of a sheet of pictures, with what is varied on it inside."""

from collections.abc import Iterator

from PIL import Image

from backend.metadata import infotext
from backend.metadata.catalogue import load_catalogue
from backend.metadata.encoding import encode_other
from backend.metadata.own import metadata_of
from backend.metadata.png import png_with
from backend.metadata.sheets import SheetMetadata
from backend.schema.series import ResolvedSeries
from backend.version import VERSION


def encode_sheet(pixels: Image.Image, series: ResolvedSeries, page: int, created: float) -> bytes:
    """The whole file of a sheet, in the format of the pictures that it shows.

    Args:
        pixels: The sheet, 8 bits a channel.
        series: What it shows.
        page: Which of its sheets, from 0.
        created: When it was asked for, in seconds since the epoch.
    """
    axes = series.axes
    first = series.cell(page * axes.columns * axes.rows)
    own = SheetMetadata(
        axes=axes,
        page=page,
        index=axes.cells + page,
        created=created,
        easel_version=VERSION,
        origin=metadata_of(first, 0, created),
    )
    told = infotext.parse(infotext.write(first, 0, load_catalogue()))
    pairs = {key: value for key, value in told.pairs.items() if key not in ("Size-1", "Size-2")}
    sized = {"Size": f"{first.size.width}x{first.size.height}"}
    text = infotext.compose(told.positive, told.negative, pairs | sized | dict(_script(own)))
    if series.base.output.format == "png":
        return png_with(pixels, own, text)
    return encode_other(pixels, own, text, series.base.output)


def _script(own: SheetMetadata) -> Iterator[tuple[str, str]]:
    """What is varied, as A1111's X/Y/Z plot writes it."""
    yield "Script", "X/Y/Z plot"
    for name, axis in (("X", own.axes.x), ("Y", own.axes.y), ("Z", own.axes.z)):
        if axis.title:
            yield f"{name} Type", axis.title
            yield f"{name} Values", ", ".join(axis.labels)
