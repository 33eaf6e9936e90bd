"""What all commands that draw understand: the prompt, prompts from a file, and every setting."""

from collections.abc import Mapping
from pathlib import Path

import click

from backend.api.arguments import request_from
from backend.api.low_memory import low_memory_of, low_memory_options
from backend.api.options import field_option
from backend.schema.catalogue import Catalogue
from backend.schema.errors import NotFoundError, RequestError
from backend.schema.generation import GENERATION_FIELDS, GenerationRequest
from backend.schema.series import LINES, Axis
from backend.series.values import listed

_SHOWN = tuple(
    spec.setting.short_name
    for spec in GENERATION_FIELDS
    if spec.id == "source.picture" or (spec.number and spec.id.endswith(".picture"))
)
"""The settings whose picture may be each one of a folder."""
_AXES = ("x", "y", "z")
_FILES = {
    name
    for spec in GENERATION_FIELDS
    if spec.setting.picture or spec.setting.choices in ("checkpoints", "controls")
    for name in (spec.id, spec.setting.short_name)
}
"""The settings, by flat name and id, whose values may be files."""


def drawing_parameters() -> list[click.Parameter]:
    """The parameters; `each_of` and then `request_of` read them."""
    fields = [spec for spec in GENERATION_FIELDS if spec.setting.short_name != "prompt"]
    return [
        click.Argument(["prompt"], required=False),
        click.Option(
            ["--prompts"],
            type=click.Path(path_type=Path),
            help="A file with a prompt a line, each for pictures of its own; lines may have "
            'settings, as in --prompt "a red apple" --steps 30.',
        ),
        *map(field_option, fields),
        *low_memory_options(),
    ]


def each_of(values: dict[str, object]) -> dict[str, Axis]:
    """Axes for the prompts of a file, and for the pictures of folders; taken out of the values.

    Raises:
        click.UsageError: When there is neither a prompt nor a file with some.
        RequestError: When the file cannot be read, or there are too many of them.
    """
    found: list[Axis] = []
    prompts = values.pop("prompts", None)
    if isinstance(prompts, Path):
        found.append(Axis(field=LINES, values=_text_of(prompts)))
    elif values.get("prompt") is None:
        raise click.UsageError("Missing argument 'PROMPT'.")
    for name in _SHOWN:
        folder = values.get(name)
        if folder is not None and Path(str(folder)).expanduser().is_dir():
            del values[name]
            found.append(Axis(field=name, values=(as_path(str(folder)),)))
    if len(found) > len(_AXES):
        raise RequestError("More than three things are varied.", "Leave one of them out.")
    return dict(zip(_AXES, found, strict=False))


def request_of(values: Mapping[str, object], catalogue: Catalogue) -> GenerationRequest:
    """What the command line asks for; files are named by their whole paths from here on."""
    values = dict(values)
    low_memory = low_memory_of(values)
    given = {
        name: as_path(str(value)) if name in _FILES else value
        for name, value in values.items()
        if value is not None
    }
    request = request_from(given, catalogue)
    return request.model_copy(update={"memory": request.memory.over(low_memory)})


def axis_of(text: str) -> Axis:
    """An axis as the command line has it, `steps=10,20,30`; files by their whole paths.

    Raises:
        RequestError: When it is none.
    """
    axis = Axis.typed(text)
    if axis.field not in _FILES:
        return axis
    return Axis(field=axis.field, values=tuple(map(as_path, listed(str(axis.values)))))


def as_path(name: str) -> str:
    """The whole path of what is named by a file beside us; else the name itself."""
    path = Path(name).expanduser()
    return str(path.absolute()) if path.exists() else name


def _text_of(file: Path) -> str:
    try:
        return file.expanduser().read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise NotFoundError(f"There is no file {file}.", "Look at the name.") from error
    except (OSError, UnicodeDecodeError) as error:
        raise RequestError(
            f"{file.name} cannot be read as text.", "Save it as UTF-8 text."
        ) from error
