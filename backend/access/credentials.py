"""What a request shows to be let in."""

import base64
from collections.abc import Mapping

COOKIE = "easel_session"


def session_token(headers: Mapping[str, str]) -> str:
    """The session's token in the cookies; empty without one.

    Other programs on this machine share our cookies, and the standard library's parser would let
    go of all of them at the first strange one.
    """
    cookies = (cookie.strip().partition("=") for cookie in headers.get("cookie", "").split(";"))
    return next((value for name, _, value in cookies if name == COOKIE), "")


def shown_password(headers: Mapping[str, str]) -> str | None:
    """The password that an API client shows, in any of the three usual ways; None without one.

    `Authorization: Bearer <password>`, `Authorization: Basic` with any user name, or `X-API-Key`.
    """
    scheme, _, value = headers.get("authorization", "").partition(" ")
    match scheme.lower():
        case "bearer":
            return value.strip()
        case "basic":
            return _basic_password(value)
        case _:
            return headers.get("x-api-key")


def _basic_password(value: str) -> str | None:
    try:
        text = base64.b64decode(value, validate=True).decode("utf-8")
    except ValueError:  # not base64, or not text
        return None
    return text.partition(":")[2]
