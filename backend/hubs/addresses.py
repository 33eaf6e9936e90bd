"""Which addresses may be asked at all: the hubs' own, over https, on the public internet."""

import ipaddress
import socket
from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import fnmatchcase

import httpx

from backend.hubs.settings import HubSettings
from backend.schema.errors import HubAddressError, HubUnreachableError
from backend.schema.hubs import HubName

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolver = Callable[[str, int], tuple[IPAddress, ...]]
"""Host and port to its addresses."""

_PORTS = {"https": 443, "http": 80}
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_ELSEWHERE = "Only addresses of Hugging Face and CivitAI are opened."


@dataclass(frozen=True)
class Destination:
    """Where an address leads."""

    hub: HubName
    host: str
    port: int
    is_own: bool
    """Whether it is the hub's own origin, which a token may go to, not a host of its files."""
    is_loopback: bool
    """Whether the settings name it, and it is this machine."""


def destination(url: httpx.URL, settings: HubSettings) -> Destination:
    """Where an address leads.

    Raises:
        HubAddressError: When it is no hub's, not encrypted, or carries a name and password.
    """
    if url.userinfo:
        raise HubAddressError("The address carries a password.", "Take the link from the page.")
    host = url.host.removesuffix(".").casefold()
    port = url.port or _PORTS.get(url.scheme, 0)
    for hub in HubName:
        addresses = settings.of(hub)
        own = httpx.URL(addresses.address)
        is_own = (own.host, own.port or _PORTS.get(own.scheme, 0)) == (host, port)
        if not is_own and not any(_matches(each, host, port) for each in addresses.content):
            continue
        is_loopback = _is_loopback(host)
        if url.scheme != "https" and not (url.scheme == "http" and is_loopback):
            raise HubAddressError(
                f"{host} would be asked without encryption.", "Take the link from the page."
            )
        return Destination(hub, host, port, is_own, is_loopback)
    raise HubAddressError(f"“{host}” is no address of a hub of models.", _ELSEWHERE)


def resolve(host: str, port: int) -> tuple[IPAddress, ...]:
    """The addresses of a host, as the system's resolver gives them.

    Raises:
        HubUnreachableError: When the host has none.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise HubUnreachableError(
            f"{host} was not found on the internet.", "Is this machine connected to it?"
        ) from error
    return tuple(ipaddress.ip_address(str(entry[4][0]).partition("%")[0]) for entry in found)


def checked(host: str, addresses: tuple[IPAddress, ...]) -> tuple[IPAddress, ...]:
    """The addresses of a host, all of them public.

    Raises:
        HubAddressError: When one of them lies in the local network or on this machine.
    """
    for address in addresses:
        if not is_public(address):
            raise HubAddressError(
                f"{host} leads to {address}, an address in the local network.",
                "It is not opened. If a proxy or a VPN does this, name the proxy in HTTPS_PROXY.",
            )
    return addresses


def is_public(address: IPAddress) -> bool:
    """Whether an address is on the public internet, what it carries inside it included."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if address in _NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(inner)
        if address.teredo is not None or address.is_site_local:
            return False
    return address.is_global and not address.is_multicast


def _matches(entry: str, host: str, port: int) -> bool:
    """Whether a host of the settings, such as `*.hf.co` or `127.0.0.1:8000`, is this one."""
    pattern, _, own_port = entry.partition(":")
    return fnmatchcase(host, pattern.casefold()) and port == int(own_port or _PORTS["https"])


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
