"""`models`: what is installed, what a file is, and where models come from."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

import click
from pydantic import TypeAdapter

from backend.api.model_view import COLUMNS, ModelView, facts, printable, view_of
from backend.api.running import run_command
from backend.api.verbs import Models
from backend.schema.errors import ModelMissingError
from backend.schema.jobs import OWNER
from backend.schema.library import LibraryEntry
from backend.schema.models import ModelKind

OpenModels = Callable[[], AbstractContextManager[Models]]
_AS_JSON = click.Option(["--json", "as_json"], is_flag=True, help="Print JSON.")
_KINDS = click.Choice([kind.value for kind in ModelKind])
_VIEWS = TypeAdapter(tuple[ModelView, ...])


def run(argv: Sequence[str], open_models: OpenModels, more: Sequence[click.Command] = ()) -> int:
    """Run `models` with its arguments and return the exit code: 0 done, 1 failed, 2 misused.

    Args:
        argv: The arguments.
        open_models: Opens what is installed.
        more: Commands of `models` that need something else.
    """
    return run_command(_command(open_models, more), argv)


def _command(open_models: OpenModels, more: Sequence[click.Command]) -> click.Command:
    def listing(kind: str | None, *, as_json: bool) -> None:
        if click.get_current_context().invoked_subcommand is None:
            with open_models() as models:
                _list(models, kind, as_json=as_json)

    kind = click.Option(["--kind"], type=_KINDS, help="Only models of this kind.")
    group = click.Group(
        "models",
        callback=listing,
        params=[kind, _AS_JSON],
        invoke_without_command=True,
        help="List the models that are installed. Nothing is loaded.",
    )
    own = (_show(open_models), *_folder_commands(open_models), _rescan(open_models))
    for command in (*own, *more):
        group.add_command(command)
    return group


def _list(models: Models, kind: str | None, *, as_json: bool) -> None:
    views = [_view(models, entry) for entry in models.library(OWNER)]
    chosen = [view for view in views if kind in (None, view.kind)]
    if as_json:
        click.echo(_VIEWS.dump_json(tuple(chosen), indent=2))
        return
    if not chosen:
        click.echo("No model is installed." if kind is None else f"No {kind} is installed.")
    else:
        _print_table([COLUMNS, *(view.row for view in chosen)])


def _print_table(rows: Sequence[Sequence[str]]) -> None:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = (
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )
    click.echo("\n".join(lines))


def _view(models: Models, entry: LibraryEntry) -> ModelView:
    checkpoint = models.described(OWNER, entry)
    chosen = models.parts_for(OWNER, checkpoint) if checkpoint else {}
    return view_of(entry, checkpoint, chosen)


def _show(open_models: OpenModels) -> click.Command:
    def show(file: str, *, as_json: bool, with_hash: bool) -> None:
        with open_models() as models:
            entry = _meant(models, file)
            if with_hash:
                hashes = models.hashes(OWNER, Path(entry.path))
                entry = entry.model_copy(update={"hashes": hashes})
            view = _view(models, entry)
        if as_json:
            click.echo(view.model_dump_json(indent=2))
            return
        click.echo(printable(view.name))
        for label, text in facts(view):
            click.echo(f"  {label:<12} {text}")

    hashed = click.Option(
        ["--hash", "with_hash"], is_flag=True, help="Read all of the file for its hashes."
    )
    return click.Command(
        "show",
        params=[click.Argument(["file"]), _AS_JSON, hashed],
        callback=show,
        help="Tell what FILE is: a path, or the name of an installed model. Only its header is "
        "read.",
    )


def _meant(models: Models, file: str) -> LibraryEntry:
    """The entry of a path, or else of an installed model of that name."""
    try:
        return models.look(OWNER, Path(file).expanduser())
    except ModelMissingError:
        wanted = file.casefold()
        for entry in models.library(OWNER):
            names = (entry.id, entry.name, Path(entry.path).name)
            if wanted in {name.casefold() for name in names}:
                return entry
        raise


def _folder_commands(open_models: OpenModels) -> Iterable[click.Command]:
    def folders(*, as_json: bool) -> None:
        with open_models() as models:
            there = models.folders(OWNER)
        if as_json:
            click.echo(f"[{', '.join(folder.model_dump_json() for folder in there)}]")
            return
        for folder in there:
            click.echo(printable(f"{folder.path}  ({folder.program})  {folder.problem}").rstrip())

    def add(path: str) -> None:
        with open_models() as models:
            folder = models.add_folder(OWNER, str(Path(path).expanduser().absolute()))
            click.echo(f"{printable(folder.path)} ({folder.program}) is looked through from now.")
            click.echo(models.rescan(OWNER).sentence)

    def remove(path: str) -> None:
        with open_models() as models:
            models.remove_folder(OWNER, path)
        click.echo("It is looked through no more; nothing in it was changed.")

    where: list[click.Parameter] = [click.Argument(["path"])]
    yield click.Command(
        "folders", params=[_AS_JSON], callback=folders, help="List the folders models come from."
    )
    yield click.Command(
        "add-folder",
        params=where,
        callback=add,
        help="Use the models in PATH too, without copying: a ComfyUI, AUTOMATIC1111 or Forge "
        "folder, or any other.",
    )
    yield click.Command(
        "remove-folder", params=where, callback=remove, help="Use the models in PATH no more."
    )


def _rescan(open_models: OpenModels) -> click.Command:
    def rescan(*, as_json: bool) -> None:
        with open_models() as models:
            found = models.rescan(OWNER)
        if as_json:
            click.echo(found.model_dump_json(indent=2))
            return
        click.echo(found.sentence)
        for word, ids in (("new", found.new), ("changed", found.changed), ("gone", found.gone)):
            for each in ids:
                click.echo(f"  {word}: {printable(each)}")

    return click.Command(
        "rescan", params=[_AS_JSON], callback=rescan, help="Look through all folders again."
    )
