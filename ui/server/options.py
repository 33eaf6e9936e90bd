"""What the page's command line says."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import click

from backend.api.low_memory import low_memory_of, low_memory_options
from backend.schema.memory_settings import MemorySettings

USUAL_PORT = 7860
_HIGHEST_PORT = 65535


@dataclass(frozen=True)
class ServeOptions:
    """How the server is to run."""

    port: int = USUAL_PORT
    browser: bool = True
    listen: bool = False
    share: bool = False
    tool_ports: tuple[int, ...] = ()
    memory: MemorySettings = field(default_factory=MemorySettings)
    """How memory is used in this run, where a request decides nothing else."""

    @property
    def reachable_from_outside(self) -> bool:
        """Whether others than this machine can reach the server, so that it needs a password."""
        return self.listen or self.share


class PortList(click.ParamType[tuple[int, ...]]):
    """Ports with commas between them, such as `8005,8189`."""

    name = "ports"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, ...]:
        """Read the ports; each counts once."""
        words = [word.strip() for word in str(value).split(",") if word.strip()]
        ports = [int(word) if word.isascii() and word.isdigit() else 0 for word in words]
        if not all(1 <= port <= _HIGHEST_PORT for port in ports):
            self.fail(f"“{value}” are no ports; write them like 8005,8189.", param, ctx)
        return tuple(dict.fromkeys(ports))


def parse(argv: Sequence[str], serve: Callable[[ServeOptions], int]) -> int:
    """Read the command line and run `serve` with it.

    Returns:
        What `serve` returned; 0 after `--help`, 2 when the command line makes no sense.
    """
    command = _command(serve)
    try:
        code: object = command.main(list(argv), prog_name="app.py", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    return code if isinstance(code, int) else 0


def _command(serve: Callable[[ServeOptions], int]) -> click.Command:
    def run(port: int, *, mcp_ports: tuple[int, ...], **flags: object) -> int:
        options = ServeOptions(
            port=port,
            browser=not flags["no_browser"],
            listen=bool(flags["listen"]),
            share=bool(flags["share"]),
            tool_ports=mcp_ports,
            memory=low_memory_of(flags),
        )
        return serve(options)

    parameters: list[click.Parameter] = [
        click.Option(
            ["--port"],
            type=click.IntRange(1, _HIGHEST_PORT),
            default=USUAL_PORT,
            help="The page's port; one that is in use is stepped over.",
            show_default=True,
        ),
        click.Option(["--no-browser"], is_flag=True, help="Do not open a browser."),
        click.Option(
            ["--listen"],
            is_flag=True,
            help="Be reachable from your network, with a password made on the spot.",
        ),
        click.Option(
            ["--share"],
            is_flag=True,
            help="Have a public link through Gradio's tunnel, with a password made on the spot.",
        ),
        click.Option(
            ["--mcp-ports"],
            type=PortList(),
            default="",
            help="Answer tool calls on these ports as well, such as 8005,8189.",
        ),
        *low_memory_options(),
    ]
    text = "Show Easel's page in the browser."
    return click.Command("app.py", params=parameters, callback=run, help=text)
