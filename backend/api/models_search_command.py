"""`models search`: what the hubs have."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import get_args

import click

from backend.api.hub_verbs import Hubs
from backend.api.model_view import printable, readable_size
from backend.schema.hubs import LONGEST_SEARCH, HubCard, HubName, HubSearch, Period, Sort
from backend.schema.jobs import OWNER
from backend.schema.models import Family, ModelKind

OpenHubs = Callable[[], AbstractContextManager[Hubs]]

_COLUMNS = ("ID", "KIND", "FAMILY", "SIZE", "DOWNLOADS", "LICENCE", "NAME")
_FAMILIES = [family.value for family in Family if family not in (Family.OTHER, Family.UNKNOWN)]
_LONGEST_NAME = 60


def search_command(open_hubs: OpenHubs) -> click.Command:
    """The command; `open_hubs` opens the hubs."""

    def search(text: str, *, as_json: bool, **asked: str | bool | None) -> None:
        given = {name: value for name, value in asked.items() if value is not None}
        wanted = HubSearch.model_validate({"text": text, **given})
        with open_hubs() as hubs:
            page = hubs.search(OWNER, wanted)
        if as_json:
            click.echo(page.model_dump_json(indent=2))
            return
        if not page.cards:
            click.echo(f"{wanted.hub.label} has nothing like that.")
            return
        rows = [_COLUMNS, *map(_row, page.cards)]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        for row in rows:
            cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
            click.echo("  ".join(cells).rstrip())
        if page.next_page:
            click.echo(f"There are more: --page {printable(page.next_page)}")

    return click.Command(
        "search",
        params=[click.Argument(["text"], default="", callback=_short_enough), *_options()],
        callback=search,
        help="Look for models called TEXT on a hub.",
    )


def _options() -> list[click.Parameter]:
    hub = click.Choice([hub.value for hub in HubName])
    kinds = click.Choice([kind.value for kind in ModelKind if kind is not ModelKind.UNKNOWN])
    return [
        click.Option(["--hub"], type=hub, help="Where to look; CivitAI by default."),
        click.Option(["--kind"], type=kinds, help="Only models of this kind."),
        click.Option(["--family"], type=click.Choice(_FAMILIES), help="Only for this family."),
        click.Option(["--sort"], type=click.Choice(get_args(Sort)), help="What comes first."),
        click.Option(["--period"], type=click.Choice(get_args(Period)), help="Liked in this time."),
        click.Option(["--licence"], help="Only with this licence, such as apache-2.0."),
        click.Option(["--commercial"], is_flag=True, help="Only for commercial use."),
        click.Option(["--mature"], is_flag=True, help="What is for adults, too."),
        click.Option(["--page"], help="Where to go on, as the page before said."),
        click.Option(["--json", "as_json"], is_flag=True, help="Print JSON."),
    ]


def _short_enough(_context: click.Context, _parameter: click.Parameter, text: str) -> str:
    if len(text) > LONGEST_SEARCH:
        raise click.BadParameter(f"at most {LONGEST_SEARCH} characters.")
    return text


def _row(card: HubCard) -> tuple[str, ...]:
    name = card.name if card.hub is HubName.CIVITAI else ""
    about = f"{name} by {card.author}" if name else card.author
    more = ", needs a log-in" if card.gated else ""
    cells = (
        card.id,
        card.kind.value,
        card.family_label,
        readable_size(card.bytes) if card.bytes is not None else "",
        f"{card.downloads:,}",
        card.licence,
        about[:_LONGEST_NAME] + more,
    )
    return tuple(map(printable, cells))
