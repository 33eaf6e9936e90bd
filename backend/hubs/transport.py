"""Connections that go to the very address that was looked at before."""

import ssl
import threading
import urllib.request

import httpx

from backend.hubs.addresses import Destination, Resolver, checked

_CONNECTIONS = httpx.Limits(max_connections=32, max_keepalive_connections=8)


class PinnedTransport:
    """Sends requests; a name is looked up once, checked, and its address connected to.

    Looking a name up twice, for the check and for the connection, would let it change between.
    """

    def __init__(self, resolver: Resolver) -> None:
        self._resolver = resolver
        self._encryption: ssl.SSLContext | None = None  # it takes a while, and is seldom needed
        self._transports: dict[tuple[str, int], httpx.HTTPTransport] = {}
        self._lock = threading.Lock()

    def send(self, request: httpx.Request, where: Destination) -> httpx.Response:
        """Send a request, and return once the head of its answer is there.

        Raises:
            HubAddressError: When the name leads into the local network.
            HubUnreachableError: When the name is not known.
            httpx.TransportError: When the connection cannot be made, or breaks.
        """
        proxy = None if where.is_loopback else _proxy(where.host)
        transport = self._transport(where, proxy)
        if where.is_loopback or proxy:  # a proxy that the owner set looks the name up itself
            return transport.handle_request(request)
        *others, last = checked(where.host, self._resolver(where.host, where.port))
        for address in others:
            try:
                return transport.handle_request(_pinned(request, where.host, str(address)))
            except (httpx.ConnectError, httpx.ConnectTimeout):
                continue
        return transport.handle_request(_pinned(request, where.host, str(last)))

    def close(self) -> None:
        """Close all connections."""
        with self._lock:
            for transport in self._transports.values():
                transport.close()
            self._transports.clear()

    def _transport(self, where: Destination, proxy: str | None) -> httpx.HTTPTransport:
        """One for each host: hosts that share an address must not share connections."""
        with self._lock:
            key = (where.host, where.port)
            if key not in self._transports:
                self._encryption = self._encryption or httpx.create_ssl_context()
                self._transports[key] = httpx.HTTPTransport(
                    verify=self._encryption, limits=_CONNECTIONS, proxy=proxy, trust_env=False
                )
            return self._transports[key]


def _pinned(request: httpx.Request, host: str, address: str) -> httpx.Request:
    """The request to an address; the certificate has to be the host's all the same."""
    literal = f"[{address}]" if ":" in address else address
    return httpx.Request(
        request.method,
        request.url.copy_with(host=literal),
        headers=request.headers,
        stream=request.stream,
        extensions={**request.extensions, "sni_hostname": host},
    )


def _proxy(host: str) -> str | None:
    """The proxy that the system or the environment sets for https, where it speaks HTTP."""
    if urllib.request.proxy_bypass(host):
        return None
    proxy = urllib.request.getproxies().get("https", "")
    if proxy and "://" not in proxy:
        proxy = f"http://{proxy}"
    return proxy if proxy.startswith(("http://", "https://")) else None
