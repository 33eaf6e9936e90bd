"""Several pictures that differ in one to three settings: what is asked for, and what is made."""

from collections.abc import Callable, Sequence
from typing import Self

from backend.schema.base import Frozen
from backend.schema.errors import RequestError
from backend.schema.generation import GenerationRequest
from backend.schema.picture_settings import PromptSettings
from backend.schema.resolved import ResolvedRequest

MOST_CELLS = 400
"""Pictures of a series; more are a mistake in the values more often than a wish."""
SEARCH = "prompt"
"""The axis that puts other words in the place of some words of the prompts."""
LINES = "prompts"
"""The axis whose values are prompts, one a line."""
LORA = "lora:"
"""Begins the axis that changes the weight of a LoRA, whose name follows."""

TypedValue = str | int | float


class Axis(Frozen):
    """What is varied, and how."""

    field: str
    """A setting by its id, flat name or label; or `prompt`, `prompts`, or `lora:` and a name."""
    values: str | tuple[TypedValue, ...]
    """As a person types them: with commas and ranges, or a line each; or one by one."""

    @classmethod
    def typed(cls, text: str) -> Self:
        """An axis as flags and arguments have it, `steps=10,20,30`.

        Raises:
            RequestError: When it is none.
        """
        field, equals, values = text.partition("=")
        if not equals:
            raise RequestError(f"“{text}” is no axis.", "Write it as in steps=10,20,30.")
        return cls(field=field.strip(), values=values)


class SeriesRequest(Frozen):
    """Pictures that are like one, with every combination of the axes' values."""

    base: GenerationRequest = GenerationRequest()
    """What all have in common; each is made alone, so that its batch is not heeded."""
    x: Axis | None = None
    """From left to right."""
    y: Axis | None = None
    """From top to bottom."""
    z: Axis | None = None
    """From sheet to sheet."""
    sheet: bool = True
    """Whether a labelled sheet of all of them is one more picture."""


class ResolvedAxis(Frozen):
    """What is varied, as a sheet tells it; one empty label where nothing is."""

    title: str = ""
    labels: tuple[str, ...] = ("",)

    @property
    def headings(self) -> tuple[str, ...]:
        """What stands above or beside the pictures: a bare number says what it is."""
        return tuple(f"{self.title} {each}" if _is_bare(each) else each for each in self.labels)


class SeriesAxes(Frozen):
    """The axes of a series; the place of a picture is counted along x first, then y, then z."""

    x: ResolvedAxis = ResolvedAxis()
    y: ResolvedAxis = ResolvedAxis()
    z: ResolvedAxis = ResolvedAxis()

    @property
    def columns(self) -> int:
        """How many pictures are beside each other."""
        return len(self.x.labels)

    @property
    def rows(self) -> int:
        """How many are below each other."""
        return len(self.y.labels)

    @property
    def pages(self) -> int:
        """How many sheets they fill."""
        return len(self.z.labels)

    @property
    def cells(self) -> int:
        """How many there are."""
        return self.columns * self.rows * self.pages

    def label_of(self, index: int) -> str:
        """Where a picture is in the series, in words."""
        page, place = divmod(index, self.columns * self.rows)
        row, column = divmod(place, self.columns)
        named = (self.x.headings[column], self.y.headings[row], self.z.headings[page])
        return ", ".join(each for each in named if each)


class ResolvedSeries(Frozen):
    """A series with every choice made, as the job holds it."""

    axes: SeriesAxes
    base: ResolvedRequest
    """The first picture, as if it were asked for alone."""
    changes: tuple[dict[str, object], ...]
    """What is different about each picture: fields of `base`, as JSON."""
    order: tuple[int, ...]
    """In which order they are drawn: so that each model is loaded once."""
    sheets: int
    """How many pictures follow that show the others."""

    @classmethod
    def of(
        cls,
        axes: SeriesAxes,
        cells: Sequence[ResolvedRequest],
        order: Sequence[int],
        *,
        sheet: bool,
    ) -> Self:
        """A series of these pictures, in the order of their places."""
        first = cells[0].model_dump(mode="json")
        return cls(
            axes=axes,
            base=cells[0],
            changes=tuple(_changes(first, each.model_dump(mode="json")) for each in cells),
            order=tuple(order),
            sheets=axes.pages if sheet else 0,
        )

    def each(self, change: Callable[[ResolvedRequest], ResolvedRequest]) -> Self:
        """The series with something changed about every picture."""
        cells = [change(self.cell(index)) for index in range(len(self.changes))]
        return self.of(self.axes, cells, self.order, sheet=self.sheets > 0)

    @property
    def pictures(self) -> int:
        """How many pictures the job makes, sheets included."""
        return len(self.changes) + self.sheets

    @property
    def batch_size(self) -> int:
        """Each is made alone."""
        return 1

    @property
    def in_order(self) -> Sequence[int]:
        """The places of all pictures, in the order in which they are made."""
        return (*self.order, *range(len(self.changes), self.pictures))

    def cell(self, index: int) -> ResolvedRequest:
        """What picture `index` is made with, as if it were asked for alone."""
        changed = self.changes[index]
        if not changed:
            return self.base
        return ResolvedRequest.model_validate(self.base.model_dump(mode="json") | changed)

    def prompt_of(self, index: int) -> PromptSettings:
        """What a picture shows; a sheet is told by the first one."""
        return self._shown(index).prompt_of(0)

    def seed_of(self, index: int) -> int:
        """The seed of a picture; of a sheet, the first one's."""
        return self._shown(index).seed_of(0)

    def _shown(self, index: int) -> ResolvedRequest:
        return self.cell(index) if index < len(self.changes) else self.base


class SeriesPlan(Frozen):
    """What a series would be."""

    pictures: int
    """Without sheets."""
    sheets: int
    seconds: float | None = None
    """How long they will take, as this machine's own runs tell; None before the first."""
    axes: SeriesAxes
    notes: tuple[str, ...] = ()
    """What a person should know before."""


def _changes(first: dict[str, object], other: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in other.items() if value != first[name]}


def _is_bare(label: str) -> bool:
    """Whether a label is a number, or a word that says nothing by itself."""
    try:
        float(label)
    except ValueError:
        return label == AUTOMATIC
    return True


AUTOMATIC = "auto"
"""The value that leaves a setting to be chosen."""
