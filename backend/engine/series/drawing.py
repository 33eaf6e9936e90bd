"""A labelled sheet of pictures, as pixels."""

from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image, ImageDraw

from backend.engine.series.fonts import Font, font_for
from backend.schema.output_settings import PictureFormat
from backend.schema.series import SeriesAxes
from backend.schema.upscaling import LONGEST_SIDES

MOST_PIXELS = 32_000_000
"""Of a sheet: more take long to save, to send and to look at."""
_LONGEST_SIDE = 16_000
_PAPER, _INK, _MUTED, _EMPTY = "#ffffff", "#16181d", "#5c6370", "#e8eaee"
_SMALLEST_LETTERS, _LARGEST_LETTERS = 13, 40
_LETTERS_PER_SIDE = 18
"""The width of a picture in heights of its label's letters."""
_LINE = 1.25
_MOST_LINES = 4
_MARGIN_SHARE = 0.9
"""The most that labels beside rows take, as a share of a picture's width."""
_MISSING = "not made"

Size = tuple[int, int]
_NO_SIZE: Size = (256, 256)
"""Of a picture's room where no picture was made."""


@dataclass(frozen=True)
class _Label:
    """Words in lines that fit."""

    lines: tuple[str, ...]
    font: Font
    letters: int

    @property
    def width(self) -> int:
        return round(max((self.font.getlength(line) for line in self.lines), default=0))

    @property
    def height(self) -> int:
        return round(len(self.lines) * self.letters * _LINE)

    def put(self, pen: ImageDraw.ImageDraw, box: tuple[int, int, int, int], ink: str) -> None:
        """Write it into the middle of a box: left, top, width and height."""
        left, top, width, height = box
        place = (left + width / 2, top + (height - self.height) / 2 + self.letters * _LINE / 2)
        for number, line in enumerate(self.lines):
            at = (place[0], place[1] + number * self.letters * _LINE)
            pen.text(at, line, fill=ink, font=self.font, anchor="mm")


class Sheet:
    """A sheet with the values of x above its columns and those of y beside its rows."""

    def __init__(
        self,
        sizes: Sequence[Size | None],
        axes: SeriesAxes,
        page: int,
        picture_format: PictureFormat = "png",
    ) -> None:
        """Lay out a sheet whose places are empty yet.

        Args:
            sizes: Of the page's pictures in pixels, row by row; None for one that is missing.
            axes: What is varied.
            page: Which value of z it shows, from 0; that is the sheet's heading.
            picture_format: Of the file that it becomes, which may have a longest side.
        """
        self._columns = axes.columns
        self._cell = _cell_size(sizes, (axes.columns, axes.rows), picture_format)
        wide, high = self._cell
        self._gap = max(2, min(wide, high) // 48)
        letters = max(_SMALLEST_LETTERS, min(_LARGEST_LETTERS, wide // _LETTERS_PER_SIDE))
        above = [_label(words, letters, wide - letters) for words in axes.x.headings]
        beside = [_label(words, letters, round(wide * _MARGIN_SHARE)) for words in axes.y.headings]
        whole = wide * axes.columns + self._gap * (axes.columns - 1)
        heading = _label(axes.z.headings[page], round(letters * _LINE), whole)
        below_heading = _margin(heading.height, letters)
        left = max(self._gap, _margin(max(each.width for each in beside), letters))
        above_height = _margin(max(each.height for each in above), letters)
        top = max(self._gap, below_heading + above_height)
        self._corner = left, top
        size = left + whole + self._gap, top + (high + self._gap) * axes.rows
        self.pixels = Image.new("RGB", size, _PAPER)
        self._pen = ImageDraw.Draw(self.pixels)
        heading.put(self._pen, (left, 0, whole, below_heading), _INK)
        for column, label in enumerate(above):
            box = (self._place(column)[0], below_heading, wide, top - below_heading)
            label.put(self._pen, box, _INK)
        for row, label in enumerate(beside):
            across = self._place(row * axes.columns)[1]
            label.put(self._pen, (0, across, left, high), _INK)

    def put(self, place: int, picture: Image.Image | None) -> None:
        """Put a picture into the middle of its room; a missing one is said to be.

        Args:
            place: Its place on the page, row by row, from 0.
            picture: The picture, or None.
        """
        corner, cell = self._place(place), self._cell
        if picture is None:
            end = corner[0] + cell[0] - 1, corner[1] + cell[1] - 1
            self._pen.rectangle((*corner, *end), fill=_EMPTY)
            letters = max(8, min(_LARGEST_LETTERS, cell[0] // 10))
            _label(_MISSING, letters, cell[0]).put(self._pen, (*corner, *cell), _MUTED)
            return
        shown = picture.convert("RGB")
        shown.thumbnail(cell, Image.Resampling.LANCZOS)
        middle = ((cell[0] - shown.width) // 2, (cell[1] - shown.height) // 2)
        self.pixels.paste(shown, (corner[0] + middle[0], corner[1] + middle[1]))

    def _place(self, place: int) -> tuple[int, int]:
        """The upper left corner of a picture's room."""
        row, column = divmod(place, self._columns)
        left, top = self._corner
        return left + column * (self._cell[0] + self._gap), top + row * (self._cell[1] + self._gap)


def _cell_size(sizes: Sequence[Size | None], grid: Size, picture_format: PictureFormat) -> Size:
    """The room of each picture: that of the largest, or less where the sheet would be too large."""
    known = [size for size in sizes if size] or [_NO_SIZE]
    width, height = max(size[0] for size in known), max(size[1] for size in known)
    columns, rows = grid
    longest = min(_LONGEST_SIDE, LONGEST_SIDES.get(picture_format, _LONGEST_SIDE))
    longest -= longest // 20  # for what stands around
    scale = min(
        1.0,
        (MOST_PIXELS / (width * columns * height * rows)) ** 0.5,
        longest / (width * (columns + 1)),
        longest / (height * (rows + 1)),
    )
    return max(1, int(width * scale)), max(1, int(height * scale))


def _margin(size: int, letters: int) -> int:
    """The room of labels with some air; none where there are none."""
    return size + letters if size else 0


def _label(words: str, letters: int, width: int) -> _Label:
    """Words wrapped to a width; what is too long is cut with an ellipsis."""
    font = font_for(words, letters)
    lines: list[str] = []
    for word in words.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and font.getlength(longer) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    if len(lines) > _MOST_LINES:
        lines = [*lines[: _MOST_LINES - 1], f"{lines[_MOST_LINES - 1]} …"]
    return _Label(tuple(_cut(line, font, width) for line in lines), font, letters)


def _cut(line: str, font: Font, width: int) -> str:
    """A line that is no wider than it may be."""
    if font.getlength(line) <= width:
        return line
    while line and font.getlength(f"{line}…") > width:
        line = line[:-1]
    return f"{line}…"
