"""`grid`: pictures that differ in one to three settings, and a labelled sheet of them."""

import sys
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path

import click

from backend.api.drawing_options import axis_of, drawing_parameters, each_of, request_of
from backend.api.formats import format_of
from backend.api.generate_command import code_of, keep
from backend.api.options import UNITS_NOTE
from backend.api.verbs import Verbs
from backend.api.waiting import wait_and_tell
from backend.schema.errors import RequestError
from backend.schema.jobs import OWNER, JobView, PictureView
from backend.schema.series import Axis, SeriesPlan, SeriesRequest

OpenStudio = Callable[[], AbstractContextManager[Verbs]]

_AXES = {"x": "from left to right", "y": "from top to bottom", "z": "from sheet to sheet"}
_EXAMPLE = "a setting and its values, such as steps=10,20,30 or cfg_scale=4-7 (+1.5)"


def grid_command(open_studio: OpenStudio) -> click.Command:
    """The command; its callback returns the exit code, and lets `EaselError` out."""

    def grid(output: str | None, no_sheet: bool, **values: object) -> int:  # noqa: FBT001 - click's
        target = Path(output) if output else None
        if target is not None:
            values["format"] = format_of(target, values.get("format"))
        axes = _axes(values)
        with open_studio() as studio:
            base = request_of(values, studio.models.catalogue())
            request = SeriesRequest(base=base, **axes, sheet=not no_sheet)
            plan = studio.series.preview(OWNER, request)
            click.echo(_told(plan), err=True)
            job = studio.series.submit(OWNER, request)
            view = wait_and_tell(studio, job, sys.stderr)
            for path in keep(studio, _shown(view, plan), target):
                click.echo(path)
        return code_of(view)

    return click.Command(
        "grid",
        params=[
            *drawing_parameters(),
            *(
                click.Option([f"--{name}"], help=f"What is varied {where}: {_EXAMPLE}.")
                for name, where in _AXES.items()
            ),
            click.Option(["--no-sheet"], is_flag=True, help="Make the single pictures alone."),
            click.Option(["-o", "--output"], help="Also write the sheet to this file."),
        ],
        callback=grid,
        help="Make a picture of PROMPT for each combination of values, and a labelled sheet of "
        "them. A setting is named by its flag, id or label. Also: prompt=red,green puts other "
        "words in the place of the first, and lora:NAME=0,0.5,1 changes a weight.",
        epilog=UNITS_NOTE,
    )


def _axes(values: dict[str, object]) -> Mapping[str, Axis]:
    """The axes that are given; prompts of a file, or pictures of a folder, take a free one.

    Raises:
        RequestError: When there are too many.
    """
    given = {name: values.pop(name) for name in _AXES}
    axes = {name: axis_of(str(text)) for name, text in given.items() if text is not None}
    free = [name for name in ("y", "x", "z") if name not in axes]
    more = each_of(values)
    if len(more) > len(free):
        raise RequestError("More than three things are varied.", "Leave one of them out.")
    return axes | dict(zip(free, more.values(), strict=False))


def _told(plan: SeriesPlan) -> str:
    """How many pictures, and how long they take."""
    count = "1 picture" if plan.pictures == 1 else f"{plan.pictures} pictures"
    return count if plan.seconds is None else f"{count}, about {plan.seconds:.0f} s"


def _shown(view: JobView, plan: SeriesPlan) -> list[PictureView]:
    """The sheets, or the pictures where none was asked for."""
    first = plan.pictures if plan.sheets else 0
    return [picture for picture in view.pictures if picture.index >= first]
