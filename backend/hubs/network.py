"""The one way to the hubs: every search, picture and file comes through here.

No cookies, no .netrc, no log lines with links in them: links to files are signed, so that who
reads one has what it opens. Each redirect is looked at as if it were asked for.
"""

import json
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager

import httpx
from pydantic import SecretStr

from backend.hubs.addresses import Destination, Resolver, destination, resolve
from backend.hubs.refusals import broken, raise_for_status, wants_login
from backend.hubs.settings import HubSettings
from backend.hubs.transport import PinnedTransport
from backend.schema.errors import HubAddressError, HubAnswerError, HubUnreachableError
from backend.schema.hubs import HubName
from backend.version import VERSION

TokenOf = Callable[[HubName], SecretStr | None]
Parameters = Mapping[str, str | int | tuple[str, ...]]

LARGEST_ANSWER = 16 * 1024**2
"""Bytes of JSON; a page of a hundred models with their pictures takes about two million."""
LARGEST_TEXT = 1024**2
LARGEST_PICTURE = 16 * 1024**2
LONGEST_SECONDS = 60.0
"""For an answer that is read whole; files take as long as they take."""
MOST_REDIRECTS = 8
_PATIENCE = httpx.Timeout(connect=10.0, read=20.0, write=20.0, pool=20.0)


class Network:
    """Opens addresses of the hubs, and no others. Safe to use from several threads."""

    def __init__(
        self, settings: HubSettings, token_of: TokenOf, resolver: Resolver = resolve
    ) -> None:
        """Make it without connecting anywhere.

        Args:
            settings: Where the hubs are.
            token_of: The token that a hub is shown, on its own origin alone.
            resolver: How the addresses of a host are found.
        """
        self._settings = settings
        self._token_of = token_of
        self._transport = PinnedTransport(resolver)

    @contextmanager
    def open(self, url: str, headers: Mapping[str, str] | None = None) -> Generator[httpx.Response]:
        """Ask for an address and follow it to where it leads; the body is yet to be read.

        An answer with status 416 (a range beyond the end) is an answer too.

        Args:
            url: An address of a hub or of a host of its files.
            headers: Such as `Range`; none of them may hold a secret.

        Raises:
            HubAddressError: When it, or where it leads, is no hub's or lies in the local network.
            HubError: When the hub refuses or fails; while the body is read, too.
        """
        with _translated(url):
            response = self._followed(_parsed(url), dict(headers or {}))
            try:
                raise_for_status(response)
                yield response
            finally:
                response.close()

    def json(self, url: str, parameters: Parameters | None = None) -> tuple[object, httpx.Response]:
        """What an address answers, and the (closed) answer for its headers.

        Raises:
            HubError: When it refuses, fails, or answers with something else than JSON.
        """
        full = str(_parsed(url).copy_merge_params(_flat(parameters))) if parameters else url
        headers = {"Accept": "application/json", "Accept-Encoding": "gzip"}
        with self.open(full, headers) as response:
            content = _read(response, LARGEST_ANSWER)
        try:
            return json.loads(content), response
        except (ValueError, RecursionError) as error:
            raise HubAnswerError(
                f"{response.url.host} answered with something else than data.",
                "It may be down for maintenance, or a network's log-in page is in between. "
                "Open it in a browser, then try again.",
            ) from error

    def text(self, url: str) -> str:
        """The text at an address, whatever its encoding.

        Raises:
            HubError: When the hub refuses or fails, or it is too large.
        """
        with self.open(url) as response:
            return _read(response, LARGEST_TEXT).decode(errors="replace")

    def picture(self, url: str) -> bytes:
        """The bytes of a picture.

        Raises:
            HubError: When the hub refuses or fails, or the picture is too large.
        """
        with self.open(url, {"Accept": "image/webp,image/png,image/jpeg"}) as response:
            return _read(response, LARGEST_PICTURE)

    def close(self) -> None:
        """Close all connections."""
        self._transport.close()

    def _followed(self, url: httpx.URL, headers: dict[str, str]) -> httpx.Response:
        """The answer at the end of all redirects, its body unread."""
        for _ in range(MOST_REDIRECTS + 1):
            where = destination(url, self._settings)
            request = httpx.Request(
                "GET",
                url,
                headers=self._headers(where) | headers,
                extensions={"timeout": _PATIENCE.as_dict()},
            )
            response = self._transport.send(request, where)
            response.request = request
            if not response.has_redirect_location:
                return response
            response.close()
            url = url.join(_parsed(response.headers["Location"]))
            if where.is_own:
                wants_login(where.hub, url)
        raise HubAnswerError("The hub sends us round in circles.", "Try again later.")

    def _headers(self, where: Destination) -> dict[str, str]:
        headers = {"User-Agent": f"Easel/{VERSION}", "Accept-Encoding": "identity"}
        token = self._token_of(where.hub) if where.is_own else None
        if token is not None:
            headers["Authorization"] = f"Bearer {token.get_secret_value()}"
        return headers


def _parsed(url: str) -> httpx.URL:
    try:
        return httpx.URL(url)
    except httpx.InvalidURL as error:
        raise HubAddressError("That is no address.", "Take the link from the page.") from error


def _flat(parameters: Parameters) -> list[tuple[str, str | int | float | bool | None]]:
    """Pairs; one with several values comes several times."""
    return [
        (name, each)
        for name, value in parameters.items()
        for each in (value if isinstance(value, tuple) else (value,))
    ]


@contextmanager
def _translated(url: str) -> Generator[None]:
    """Say what broke in words."""
    try:
        yield
    except httpx.RequestError as error:
        raise broken(httpx.URL(url).host, error) from error


def _read(response: httpx.Response, most: int) -> bytes:
    """The whole body.

    Raises:
        HubAnswerError: When it is larger than `most` bytes.
        HubUnreachableError: When it takes too long.
    """
    ends = time.monotonic() + LONGEST_SECONDS
    content = bytearray()
    for chunk in response.iter_bytes():
        content += chunk
        if len(content) > most:
            raise HubAnswerError(f"{response.url.host} sent far too much.", "Try again later.")
        if time.monotonic() > ends:
            raise HubUnreachableError(f"{response.url.host} is too slow.", "Try again later.")
    return bytes(content)
