"""`upscale`: larger versions of pictures from the command line."""

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import click

from backend.api.formats import format_of
from backend.api.options import field_option
from backend.api.running import DONE, FAILED
from backend.api.verbs import Verbs
from backend.api.waiting import wait_and_tell
from backend.metadata.opening import ENDINGS
from backend.outputs.writing import write_atomically
from backend.schema.errors import EaselError, NotFoundError, RequestError
from backend.schema.fields import Scalar
from backend.schema.jobs import OWNER, JobState, JobView
from backend.schema.upscaling import UPSCALE_FIELDS, UpscaleRequest

OpenStudio = Callable[[], AbstractContextManager[Verbs]]


def upscale_command(open_studio: OpenStudio) -> click.Command:
    """The command; its callback returns the exit code, and lets `EaselError` out."""

    def upscale(files: tuple[Path, ...], output: str, **values: Scalar) -> int:
        pictures = list(_pictures(files))
        target = _target(output, pictures)
        if target is not None and not target.is_dir():
            values["format"] = format_of(target, values.get("format"))
        with open_studio() as studio:
            codes = [_upscale(studio, each, values, target) for each in pictures]
        return FAILED if FAILED in codes else DONE

    fields = [spec for spec in UPSCALE_FIELDS if spec.setting.short_name != "picture"]
    return click.Command(
        "upscale",
        params=[
            click.Argument(["files"], nargs=-1, required=True, type=click.Path(path_type=Path)),
            click.Option(
                ["-o", "--output"],
                default="",
                help="Also write the result to this file, in the format that its name says; of "
                "several pictures, to this folder.",
            ),
            *map(field_option, fields),
        ],
        callback=upscale,
        help="Make larger versions of FILES, or of all pictures in a folder. They are kept in the "
        "outputs folder; the pictures themselves are not touched.",
    )


def _pictures(files: Iterable[Path]) -> Iterator[Path]:
    """The files, and the pictures in the folders, by name.

    Raises:
        NotFoundError: When one is not there, or a folder holds no picture.
    """
    for file in files:
        if not file.is_dir():
            if not file.exists():
                raise NotFoundError(f"There is no file {file}.", "Look at the name.")
            yield file.absolute()
            continue
        found = sorted(each for each in file.iterdir() if each.suffix.lower() in ENDINGS)
        if not found:
            raise NotFoundError(f"There is no picture in {file}.", "Name another folder.")
        yield from (each.absolute() for each in found)


def _target(output: str, pictures: list[Path]) -> Path | None:
    """Where results are also to be; a folder for several of them.

    Raises:
        RequestError: When a file is named for several, or one that would be overwritten.
    """
    if not output:
        return None
    target = Path(output).absolute()
    if len(pictures) > 1 and not target.is_dir():
        if target.suffix:
            raise RequestError("Several pictures do not fit into one file.", "Name a folder.")
        target.mkdir(parents=True)
    if target in pictures:
        raise RequestError(f"{target.name} would be overwritten.", "Give it another name.")
    return target


def _upscale(studio: Verbs, picture: Path, values: dict[str, Scalar], target: Path | None) -> int:
    """Enlarge one picture; the others go on where it cannot be."""
    try:
        request = UpscaleRequest.from_short_names({**values, "picture": str(picture)})
        view = wait_and_tell(studio, studio.upscaling.submit(OWNER, request), sys.stderr)
        if view.state is JobState.FINISHED:
            click.echo(_kept(studio, view, picture, target))
            return DONE
        failure = view.failure
        told = f"{picture.name} was {view.state.value.replace('_', ' ')}."
        click.echo(f"{failure.sentence} {failure.hint}".strip() if failure else told, err=True)
    except EaselError as error:
        click.echo(str(error), err=True)
    return FAILED


def _kept(studio: Verbs, view: JobView, picture: Path, target: Path | None) -> Path:
    """Where the result is, after copying it to where the person wants it."""
    (made,) = view.pictures
    source = studio.gallery.file(OWNER, made.id) if made.saved else None
    if target is None and source is not None:
        return source
    ending = Path(made.path).suffix
    if target is None:
        target = picture.parent
    if target.is_dir():
        target = target / f"{picture.stem}-upscaled{ending}"
    content = source.read_bytes() if source else studio.gallery.unsaved_bytes(OWNER, made.id)
    write_atomically(target, content)
    return target
