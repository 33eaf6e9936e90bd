"""What a hub's refusal means, and what a person can do about it.

Sources: Hugging Face's `X-Error-Code` header (`GatedRepo`, `RepoNotFound`, `RevisionNotFound`,
`EntryNotFound`), as huggingface_hub reads it, and its 401 for repositories that are not there, too;
CivitAI's errors (developer.civitai.com/site/guide/errors) and its redirect to `/login` where a
download needs an account.
"""

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus

import httpx

from backend.schema.errors import (
    EaselError,
    HubAnswerError,
    HubBusyError,
    HubError,
    HubGoneError,
    HubLicenceError,
    HubLoginError,
    HubUnreachableError,
)
from backend.schema.hubs import HubName

TOKEN_PAGES = {
    HubName.HUGGING_FACE: "https://huggingface.co/settings/tokens",
    HubName.CIVITAI: "https://civitai.com/user/account",
}
_REPOSITORY = re.compile(r"^/(?:api/models/)?(?P<id>[\w.-]+/[\w.-]+)")
_GONE = (HTTPStatus.NOT_FOUND, HTTPStatus.GONE)
_LATER = "Try again in a few minutes."


def raise_for_status(response: httpx.Response) -> None:
    """Do nothing where the answer is what was asked for.

    Raises:
        HubError: Where it is a refusal.
    """
    status = response.status_code
    if response.is_success or status == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
        return
    response.close()
    host = response.url.host
    has_token = "Authorization" in response.request.headers
    kind = response.headers.get("X-Error-Code", "")
    if kind == "GatedRepo":
        raise _gated(response.url, has_token=has_token)
    if kind in ("RepoNotFound", "RevisionNotFound", "EntryNotFound") or status in _GONE:
        raise HubGoneError(
            f"{host} does not have that, or not any more.",
            "Search for it by its name; it may have moved, or be private.",
        )
    raise _by_status(status, host, response, has_token=has_token)


def wants_login(hub: HubName, url: httpx.URL) -> None:
    """Do nothing where a redirect leads to what was asked for.

    Raises:
        HubLoginError: Where it leads to a page for logging in.
    """
    if url.path.rstrip("/") in ("/login", "/join"):
        raise _login(hub.label, url.host, has_token=False)


def broken(host: str, error: httpx.RequestError) -> HubError:
    """What a broken connection means."""
    if isinstance(error, httpx.TimeoutException):
        return HubUnreachableError(f"{host} does not answer in time.", _LATER)
    if isinstance(error, httpx.ConnectError | httpx.ProxyError):
        return HubUnreachableError(
            f"{host} cannot be reached.", "Is this machine connected to the internet?"
        )
    return HubUnreachableError(f"The connection to {host} broke.", "Try again.")


def waiting_seconds(response: httpx.Response) -> float:
    """How long a hub asks to wait; 0 where it does not say.

    Sources: `Retry-After` in seconds or as a date (RFC 9110, 10.2.3), and the seconds until the
    window ends in Hugging Face's `RateLimit: "api";r=0;t=123`.
    """
    after = response.headers.get("Retry-After", "").strip()
    if after.isdecimal():
        return float(after)
    window = re.search(r"[;\s]t=(\d+)", response.headers.get("RateLimit", ""))
    if window:
        return float(window[1])
    try:
        until = parsedate_to_datetime(after)
    except ValueError:
        return 0.0
    return max(0.0, (until.replace(tzinfo=until.tzinfo or UTC) - datetime.now(UTC)).total_seconds())


def _by_status(status: int, host: str, response: httpx.Response, *, has_token: bool) -> EaselError:
    if status == HTTPStatus.UNAUTHORIZED:
        return _login(host, host, has_token=has_token)
    if status == HTTPStatus.FORBIDDEN:
        return HubLicenceError(
            f"{host} does not let us have that: a licence has to be accepted there, or it is not "
            "open to everybody.",
            "Open its page, and see what it asks for.",
        )
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        seconds = waiting_seconds(response)
        hint = f"Try again in {_in_words(seconds)}." if seconds else _LATER
        return HubBusyError(f"{host} had too many requests from here.", hint, seconds=seconds)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return HubUnreachableError(f"{host} is out of order at the moment ({status}).", _LATER)
    return HubAnswerError(f"{host} did not understand us ({status}).", "Is Easel up to date?")


def _login(name: str, host: str, *, has_token: bool) -> HubLoginError:
    page = next((page for page in TOKEN_PAGES.values() if host in page), "")
    where = f" at {page}" if page else ""
    if has_token:
        return HubLoginError(
            f"{name} does not take the token that is kept here.",
            f"Make a new one{where}, and give it to Easel.",
        )
    return HubLoginError(
        f"{name} gives this only to people who are logged in, or it is not there.",
        f"Make a token{where}, and give it to Easel.",
    )


def _gated(url: httpx.URL, *, has_token: bool) -> HubLicenceError:
    repository = _REPOSITORY.match(url.path)
    page = f"{url.scheme}://{url.netloc.decode()}/{repository['id']}" if repository else ""
    then = "" if has_token else " Then make a token, and give it to Easel."
    return HubLicenceError(
        "Its licence has to be accepted first, with a log-in.",
        f"Open {page or 'its page'} and accept it.{then}",
        page=page,
    )


def _in_words(seconds: float) -> str:
    minutes = round(seconds / 60)
    if minutes < 1:
        return f"{max(1, round(seconds))} seconds"
    return f"{minutes} minute{'' if minutes == 1 else 's'}"
