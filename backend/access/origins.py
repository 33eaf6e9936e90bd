"""Which requests are our own page's, and which another site sends through a visitor's browser.

A page on another site can make a browser call 127.0.0.1, and with DNS rebinding even under that
site's own name. `Host` names what the browser thinks it talks to, `Origin`, `Referer` and
`Sec-Fetch-Site` where the call came from; all are set by the browser, not by the page.
"""

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}
_NO_HOST = re.compile(r"[^\w.:\[\]-]")
_READING = {"GET", "HEAD"}
_OWN_SITE = {"", "same-origin", "none"}


@dataclass(frozen=True)
class Call:
    """What a request says about where it goes and where it comes from."""

    method: str
    headers: Mapping[str, str]
    """Lower-case names."""
    server: str
    """The address of this machine that the connection reached."""

    @property
    def host(self) -> SplitResult:
        """The `Host` header, split; nothing where it is more than a name and a port."""
        text = self.headers.get("host", "")
        return _split("" if _NO_HOST.search(text) else f"//{text}")

    @property
    def name(self) -> str:
        """The host name under which the caller knows us; empty when it is none."""
        return _name(self.host)


def has_own_host(call: Call, names: frozenset[str]) -> bool:
    """Whether the call is addressed to us: loopback, the address it reached, or one of `names`."""
    reached = call.server if _is_address(call.server) else ""
    return bool(call.name) and call.name in _LOOPBACK | names | {reached}


def comes_from_elsewhere(call: Call, trusted: frozenset[str]) -> bool:
    """Whether another site sent the call; following a link to us is no such call.

    Args:
        call: The request.
        trusted: Names under which a tunnel shows our own page, whatever `Host` it passes on.
    """
    origin = call.headers.get("origin")
    if origin is None and call.method not in _READING:
        origin = call.headers.get("referer")
    if origin is not None and not _is_own(_split(origin), call, trusted):
        return True
    if call.headers.get("sec-fetch-site", "") in _OWN_SITE:
        return False
    mode, target = call.headers.get("sec-fetch-mode"), call.headers.get("sec-fetch-dest")
    return (call.method, mode, target) != ("GET", "navigate", "document")


def _is_own(origin: SplitResult, call: Call, trusted: frozenset[str]) -> bool:
    name = _name(origin)
    usual = _PORTS.get(origin.scheme)
    if not name or usual is None:
        return False
    same = (name, _port(origin) or usual) == (call.name, _port(call.host) or usual)
    return same or name in trusted


def _split(text: str) -> SplitResult:
    try:
        return urlsplit(text)
    except ValueError:
        return SplitResult("", "", "", "", "")


def _name(place: SplitResult) -> str:
    if "@" in place.netloc:
        return ""
    return (place.hostname or "").rstrip(".")


def _port(place: SplitResult) -> int | None:
    try:
        return place.port
    except ValueError:
        return -1


def _is_address(text: str) -> bool:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    return not address.is_unspecified
