"""The page's program: from the command line to a running server, and to its end."""

import socket
from collections.abc import Sequence
from contextlib import ExitStack

import click

from backend.access.access import Access
from backend.access.passwords import make_password
from backend.api.app import create_mcp_app
from backend.places import Places, default_places
from backend.schema.errors import AlreadyRunningError, EaselError
from backend.services.studio import open_studio
from ui.server.address_note import known_address, noted_address
from ui.server.addresses import own_names
from ui.server.announcing import Welcome, show
from ui.server.gradio_start import settle_gradio, without_stubs
from ui.server.log import log_to
from ui.server.options import ServeOptions, parse
from ui.server.ports import EVERYWHERE, LOOPBACK, port_of, take_next_free, take_port
from ui.server.running import Door, Life
from ui.server.tunnel import close_tunnels


def main(argv: Sequence[str]) -> int:
    """Serve the page until Ctrl+C and return the exit code: 0 done, 1 failed, 2 misused."""
    return parse(argv, serve)


def serve(options: ServeOptions) -> int:
    """Serve the page as asked until a signal ends it, and return the exit code."""
    places = default_places()
    with Life() as life:
        try:
            _serve(options, places, life)
        except AlreadyRunningError as error:
            click.echo(str(error), err=True)
            _show_the_other(options, places)
            return 1
        except EaselError as error:
            click.echo(str(error), err=True)
            return 1
        except KeyboardInterrupt:  # there was no page yet
            return 0
    return 0


def _serve(options: ServeOptions, places: Places, life: Life) -> None:
    with ExitStack() as open_things:
        studio = open_things.enter_context(open_studio(places, memory_settings=options.memory))
        log_to(places.data / "logs" / "page.log")
        host = EVERYWHERE if options.listen else LOOPBACK
        page = open_things.enter_context(_page_socket(host, options.port))
        tools = [
            open_things.enter_context(taken)
            for taken in (_tool_socket(host, port) for port in options.tool_ports)
            if taken is not None
        ]
        password = make_password() if options.reachable_from_outside else None
        access = Access(password, own_names() if options.listen else ())

        settle_gradio(places)
        with without_stubs():
            from ui.server.application import full_app  # noqa: PLC0415  Gradio takes seconds

        doors = [Door(full_app(studio, access), [page])]
        if tools:
            doors.append(Door(create_mcp_app(studio, access), tools))
        if options.share:
            open_things.callback(close_tunnels)
        welcome = Welcome(options, access, password, port_of(page))
        open_things.enter_context(noted_address(places, welcome.address))
        life.serve(doors, welcome)


def _show_the_other(options: ServeOptions, places: Places) -> None:
    """A second start by a double click means the page that is there already."""
    address = known_address(places)
    if address:
        click.echo(f"Its page is at {address}.", err=True)
        if options.browser:
            show(address)


def _page_socket(host: str, wanted: int) -> socket.socket:
    taken = take_next_free(host, wanted)
    if port_of(taken) != wanted:
        click.echo(f"Port {wanted} is in use; Easel takes {port_of(taken)} instead.")
    return taken


def _tool_socket(host: str, port: int) -> socket.socket | None:
    taken = take_port(host, port)
    if taken is None:
        click.echo(f"Port {port} is in use; tool calls are not answered there.", err=True)
    return taken
