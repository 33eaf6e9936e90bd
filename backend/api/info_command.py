"""`info`: how a picture was made, as its file tells, without loading anything."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

import click

from backend.api.model_view import printable
from backend.api.reading_verbs import Readings
from backend.api.running import DONE, MISUSED, run_command
from backend.schema.base import Frozen
from backend.schema.errors import EaselError
from backend.schema.fields import Scalar
from backend.schema.generation import GENERATION_FIELDS
from backend.schema.readings import FoundModel, PictureReading


class Told(Frozen):
    """A file, and what it told or why it did not."""

    file: str
    picture: PictureReading | None = None
    error: str = ""


def run(argv: Sequence[str], open_readings: Callable[[], AbstractContextManager[Readings]]) -> int:
    """Run `info PICTURE…` and return the exit code: 0 told, 2 where some file told nothing."""

    def info(pictures: tuple[str, ...], *, as_json: bool) -> int:
        with open_readings() as readings:
            told = [_told(readings, each) for each in pictures]
        if as_json:
            click.echo(_as_json(told))
        else:
            click.echo("\n\n".join("\n".join(_lines(each)) for each in told if each.picture))
        for each in told:
            if each.error:
                click.echo(printable(each.error), err=True)
        return MISUSED if any(each.error for each in told) else DONE

    command = click.Command(
        "info",
        params=[
            click.Argument(["pictures"], nargs=-1, required=True),
            click.Option(["--json", "as_json"], is_flag=True, help="Print JSON."),
        ],
        callback=info,
        help="Tell how PICTURES were made: pictures of Easel, AUTOMATIC1111, Forge, ComfyUI, "
        "InvokeAI, Fooocus, SD.Next and NovelAI, as PNG, JPEG, WebP or AVIF.",
    )
    return run_command(command, argv)


def _told(readings: Readings, file: str) -> Told:
    try:
        return Told(file=file, picture=readings.of_file(Path(file).expanduser()))
    except EaselError as error:
        return Told(file=file, error=str(error))


def _as_json(told: Sequence[Told]) -> str:
    """One picture as an object of its own, several as a list."""
    views = [_View.of(each) for each in told]
    if len(views) == 1:
        return views[0].model_dump_json(indent=2, exclude_none=True)
    return f"[{', '.join(view.model_dump_json(indent=2, exclude_none=True) for view in views)}]"


class _View(Frozen):
    """A picture as JSON tells it."""

    file: str
    program: str | None = None
    width: int | None = None
    height: int | None = None
    request: dict[str, Scalar] | None = None
    """By dotted ids; what the file leaves open is not there."""
    models: tuple[FoundModel, ...] = ()
    unused: tuple[str, ...] = ()
    text: str | None = None
    error: str | None = None

    @classmethod
    def of(cls, told: Told) -> "_View":
        picture = told.picture
        if picture is None:
            return cls(file=told.file, error=told.error)
        return cls(
            file=told.file,
            program=picture.program,
            width=picture.width,
            height=picture.height,
            request=dict(picture.fields),
            models=picture.models,
            unused=picture.unused,
            text=picture.text,
        )


def _lines(told: Told) -> Iterator[str]:
    picture = told.picture
    if picture is None:
        return
    yield printable(f"{told.file}: {picture.program}, {picture.width} × {picture.height}")
    for spec in GENERATION_FIELDS:
        own = {f"control{spec.number}.{name}" for name in ("picture", "model")}
        if spec.number and not own & picture.fields.keys():
            continue  # a unit that did nothing
        if spec.id in picture.fields:
            value = picture.fields[spec.id]
            words = "the checkpoint's own" if value is None else str(value).replace("\n", " ")
            yield printable(f"  {spec.setting.label}: {words or '(empty)'}")
    if picture.models:
        yield "  Models:"
        yield from (printable(f"    {_model(model)}") for model in picture.models)
    if picture.unused:
        yield "  What Easel cannot use:"
        yield from (printable(f"    {line}") for line in picture.unused)


def _model(model: FoundModel) -> str:
    facts = [model.name, model.weight and f"weight {model.weight}", model.hash]
    same = "the same file is" if model.by_hash else "one of this name is"
    where = f"{same} installed ({model.installed})" if model.installed else "not installed"
    return f"{model.use}: {', '.join(fact for fact in facts if fact)} - {where}"
