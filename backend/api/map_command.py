"""`map`: maps of pictures from the command line."""

import io
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import click
from PIL import Image

from backend.api.formats import format_of
from backend.api.options import field_option
from backend.api.running import DONE, FAILED
from backend.api.verbs import Verbs
from backend.api.waiting import wait_and_tell
from backend.control.files import png_of, pose_file
from backend.control.poses import draw_poses
from backend.outputs.writing import write_atomically
from backend.schema.fields import Scalar
from backend.schema.jobs import OWNER
from backend.schema.maps import MAP_FIELDS, MapWish

OpenStudio = Callable[[], AbstractContextManager[Verbs]]


def map_command(open_studio: OpenStudio) -> click.Command:
    """The command; its callback returns the exit code, and lets `EaselError` out."""

    def make(picture: Path, output: Path, **values: Scalar) -> int:
        form = format_of(output)
        if picture.suffix.lower() == ".json":
            resolution = MapWish.from_short_names(values).resolution
            write_atomically(
                output.absolute(), _as(form, draw_poses(pose_file(picture, resolution)))
            )
            click.echo(output)
            return DONE
        mask = values.get("mask")
        if isinstance(mask, str):
            values["mask"] = str(Path(mask).absolute())
        wish = MapWish.from_short_names({**values, "picture": str(picture.absolute())})
        with open_studio() as studio:
            view = wait_and_tell(studio, studio.maps.submit(OWNER, wish), sys.stderr)
            if view.map is None:
                failure = view.failure
                told = f"{failure.sentence} {failure.hint}".strip() if failure else "No map."
                click.echo(told, err=True)
                return FAILED
            with Image.open(studio.inputs.file(OWNER, view.map.id)) as made:
                write_atomically(output.absolute(), _as(form, made.convert("RGB")))
        click.echo(output)
        return DONE

    fields = [spec for spec in MAP_FIELDS if spec.setting.short_name != "picture"]
    return click.Command(
        "map",
        params=[
            click.Argument(["picture"], type=click.Path(path_type=Path)),
            click.Option(
                ["-o", "--output"],
                required=True,
                type=click.Path(path_type=Path),
                help="The file that the map is written to, in the format that its name says.",
            ),
            *map(field_option, fields),
        ],
        callback=make,
        help="Make a map of PICTURE, such as its outlines, that steers drawings. A pose in "
        "OpenPose's JSON (a file that ends in .json) is drawn as it is.",
    )


def _as(form: str, made: Image.Image) -> bytes:
    """A map as a file of a format, without loss where the format can; a PNG carries its pose."""
    if form == "png":
        return png_of(made)
    buffer = io.BytesIO()
    made.save(buffer, form.upper(), **({"lossless": True} if form == "webp" else {"quality": 95}))
    return buffer.getvalue()
