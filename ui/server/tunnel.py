"""The public link through Gradio's tunnel."""

import io
import secrets
from contextlib import redirect_stdout, suppress
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from backend.schema.errors import EaselError


class NoTunnelError(EaselError):
    """There is no public link."""

    code = "no_tunnel"


def open_tunnel(port: int) -> str:
    """Have a public link to a port of this machine; downloads Gradio's tunnel program if need be.

    Returns:
        The link, an `https://` address.

    Raises:
        NoTunnelError: When there is none.
    """
    from gradio import networking, tunneling  # noqa: PLC0415  takes seconds
    from gradio.exceptions import (  # noqa: PLC0415
        ChecksumMismatchError,
        ShareCertificateWriteError,
    )

    try:
        return networking.setup_tunnel("127.0.0.1", port, secrets.token_urlsafe(32), None, None)
    except ChecksumMismatchError as error:
        with suppress(OSError):  # else it would be started the next time
            Path(tunneling.BINARY_PATH).unlink()
        raise _no_tunnel("the tunnel program was changed on its way") from error
    except (
        ShareCertificateWriteError,
        OSError,
        RuntimeError,
        ValueError,
        httpx.HTTPError,
    ) as error:
        close_tunnels()  # it may have started and then said nothing
        raise _no_tunnel(_reason(error)) from error


def tunnel_name(link: str) -> str:
    """The host name in a link."""
    return urlsplit(link).hostname or ""


def close_tunnels() -> None:
    """End the links that were opened."""
    from gradio import tunneling  # noqa: PLC0415

    with redirect_stdout(io.StringIO()):  # it would tell its own story
        for tunnel in tunneling.CURRENT_TUNNELS:
            tunnel.kill()


def _no_tunnel(reason: str) -> NoTunnelError:
    return NoTunnelError(
        f"There is no public link: {reason}.", "Easel goes on without it; --listen needs no tunnel."
    )


def _reason(error: Exception) -> str:
    cause = error.__cause__ or error
    if isinstance(cause, httpx.TransportError):
        return "Gradio's server cannot be reached"
    if isinstance(cause, httpx.HTTPStatusError):
        return f"the tunnel program cannot be downloaded ({cause.response.status_code})"
    words = str(cause) or type(cause).__name__
    return f"the tunnel did not open ({words.splitlines()[0]})"
