"""The door itself: ASGI middleware that every request and WebSocket passes."""

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from backend.access.access import Access
from backend.access.credentials import session_token, shown_password
from backend.access.login_page import STYLE_PATH, render_login_page
from backend.access.origins import Call, comes_from_elsewhere, has_own_host
from backend.schema.errors import NotAllowedError
from backend.schema.jobs import OWNER

OPEN_PATHS = {
    "/login": frozenset({"GET", "HEAD", "POST"}),
    STYLE_PATH: frozenset({"GET", "HEAD"}),
}
"""What a visitor without the password may see, and how they may ask for it."""

_SAFETY = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "frame-ancestors 'self'",
    "Referrer-Policy": "same-origin",
}


class Guard:
    """Let a request in with an actor in `scope["state"]["actor"]`, or answer why not.

    A foreign `Host` or a call that another site sends is refused with 403, password or not. With a
    password, everything but `OPEN_PATHS` needs credentials and is otherwise answered with 401.
    """

    def __init__(self, app: ASGIApp, access: Access) -> None:
        """Stand in front of `app`."""
        self._app = app
        self._access = access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request, WebSocket or life-span message on, or refuse it."""
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        call = _call_of(scope)
        refusal = await self._refusal(scope, call)
        if refusal is not None:
            await _refuse(refusal, scope, receive, send)
            return
        scope.setdefault("state", {})["actor"] = OWNER
        if call.name in self._access.tunnels and scope["type"] == "http":
            scope["scheme"] = "https"  # as its visitors see it: addresses in answers are for them
        await self._app(scope, receive, _with_safety_headers(send))

    async def _refusal(self, scope: Scope, call: Call) -> Response | None:
        headers = Headers(scope=scope)
        if _repeats(headers) or not has_own_host(call, self._access.names):
            return refuse_json(
                403,
                "foreign_host",
                "Easel does not answer under this name.",
                "Open it under the address that it showed when it started.",
            )
        if comes_from_elsewhere(call, self._access.tunnels):
            return refuse_json(
                403, "foreign_origin", "Another site may not use Easel.", "Open Easel itself."
            )
        if scope.get("method") in OPEN_PATHS.get(scope["path"], ()):
            return None
        return await self._without_credentials(scope, headers)

    async def _without_credentials(self, scope: Scope, headers: Headers) -> Response | None:
        if not self._access.needs_password or self._access.sessions.holds(session_token(headers)):
            return None
        password = shown_password(headers)
        try:
            if password is not None and await self._access.check_password(password):
                return None
        except NotAllowedError as error:
            return refuse_json(429, error.code, error.sentence, error.hint)
        if scope.get("method") == "GET" and "text/html" in headers.get("accept", ""):
            query = scope.get("query_string", b"").decode("ascii", "replace")
            goal = scope["path"] + (f"?{query}" if query else "")
            return HTMLResponse(render_login_page(goal=goal), 401)
        return refuse_json(
            401,
            "password_needed",
            "This needs the password that Easel showed when it started.",
            "Send it as “Authorization: Bearer …” or “X-API-Key: …”, or log in at /login.",
            {"WWW-Authenticate": 'Bearer realm="Easel"'},
        )


def refuse_json(
    status: int, code: str, sentence: str, hint: str, headers: dict[str, str] | None = None
) -> JSONResponse:
    """An answer that says no, in the form that both the page's and the MCP routes use."""
    error = {"code": code, "sentence": sentence, "hint": hint}
    content = {"success": False, "result": None, "error": error}
    return JSONResponse(content, status, headers=headers)


def _call_of(scope: Scope) -> Call:
    server: tuple[str, int | None] = scope.get("server") or ("", None)
    return Call(scope.get("method", "GET"), Headers(scope=scope), server[0])


def _repeats(headers: Headers) -> bool:
    """Whether a header that decides is there twice, so that others might read the other one."""
    return any(len(headers.getlist(name)) > 1 for name in ("host", "origin", "sec-fetch-site"))


async def _refuse(answer: Response, scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008, "reason": "refused"})
        return
    await answer(scope, receive, _with_safety_headers(send))


def _with_safety_headers(send: Send) -> Send:
    async def send_with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in _SAFETY.items():
                headers.setdefault(name, value)
        await send(message)

    return send_with_headers
