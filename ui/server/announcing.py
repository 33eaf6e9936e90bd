"""What the terminal says once the page is there, and what happens then."""

import os
import sys
import threading
import webbrowser
from dataclasses import dataclass

import click

from backend.access.access import Access
from ui.server.addresses import network_address
from ui.server.options import ServeOptions
from ui.server.tunnel import NoTunnelError, open_tunnel, tunnel_name


@dataclass(frozen=True)
class Welcome:
    """Tells the person where the page is, and opens it."""

    options: ServeOptions
    access: Access
    password: str | None
    port: int

    def __call__(self) -> None:
        """Say where the page is; whatever takes time goes on beside the servers."""
        click.echo(f"Easel runs at {self.address} (Ctrl+C ends it).")
        if self.options.listen:
            click.echo(self._network_line())
        if self.password is not None:
            click.echo(f"Password: {self.password} (shown only now; each start makes a new one)")
        if self.options.share:
            click.echo("Opening a public link …")
            threading.Thread(target=self._share, name="tunnel", daemon=True).start()
        if self.options.browser:
            show(self.address)

    @property
    def address(self) -> str:
        """Where this machine's own browser finds the page."""
        return f"http://127.0.0.1:{self.port}"

    def _network_line(self) -> str:
        address = network_address()
        if address is None:
            return "This machine is in no network now; others cannot reach it."
        return f"From other machines in your network: http://{address}:{self.port}"

    def _share(self) -> None:
        try:
            link = open_tunnel(self.port)
        except NoTunnelError as error:
            click.echo(str(error), err=True)
            return
        self.access.add_tunnel(tunnel_name(link))
        click.echo(f"Public link: {link} (for everybody who knows the password)")


def show(address: str) -> None:
    """Open the page in the browser, where that is a window; waits for nothing."""
    if _has_screen():
        threading.Thread(
            target=webbrowser.open, args=[address], name="browser", daemon=True
        ).start()


def _has_screen() -> bool:
    """Whether a browser would be a window of its own; a text browser would take the terminal."""
    if sys.platform in {"win32", "darwin"}:
        return True
    return any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "WSL_DISTRO_NAME"))
