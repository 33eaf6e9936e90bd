"""Taking ports, so that nobody else answers there."""

import errno
import os
import socket

from backend.schema.errors import EaselError

LOOPBACK, EVERYWHERE = "127.0.0.1", "0.0.0.0"  # noqa: S104  for `--listen`, with a password
_TRIES = 100
_HIGHEST_PORT = 65535
_IN_USE = {errno.EADDRINUSE, errno.EACCES}  # Windows answers EACCES for a port taken exclusively


class NoPortError(EaselError):
    """No port could be taken."""

    code = "no_port"


def take_port(host: str, port: int) -> socket.socket | None:
    """Take exactly this port; None when somebody else has it or it needs an administrator.

    Raises:
        NoPortError: When this machine has no such address.
    """
    taken = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    # Elsewhere the option only skips the wait for old connections; Windows would share the port.
    option = "SO_EXCLUSIVEADDRUSE" if os.name == "nt" else "SO_REUSEADDR"
    taken.setsockopt(socket.SOL_SOCKET, getattr(socket, option), 1)
    try:
        taken.bind((host, port))
        taken.listen()
    except OSError as error:
        taken.close()
        if error.errno in _IN_USE:
            return None
        raise NoPortError(
            f"Easel cannot listen on {host}, port {port} ({error.strerror}).",
            "Try another one with --port.",
        ) from error
    return taken


def take_next_free(host: str, wanted: int) -> socket.socket:
    """Take the wanted port, or the first one after it that is free.

    Raises:
        NoPortError: When there is none.
    """
    last = min(wanted + _TRIES - 1, _HIGHEST_PORT)
    for port in range(wanted, last + 1):
        taken = take_port(host, port)
        if taken is not None:
            return taken
    raise NoPortError(f"No port from {wanted} to {last} is free.", "Name another one with --port.")


def port_of(taken: socket.socket) -> int:
    """The port that was taken."""
    return int(taken.getsockname()[1])
