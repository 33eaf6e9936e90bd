"""Logging in and out."""

from urllib.parse import parse_qs

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from backend.access.access import Access
from backend.access.credentials import COOKIE, session_token
from backend.access.login_page import STYLE_PATH, login_style, own_path, render_login_page
from backend.access.sessions import LIFETIME
from backend.schema.errors import NotAllowedError

_LARGEST_FORM = 8192


def login_router(access: Access) -> APIRouter:
    """The log-in page, its style and what its form does."""
    router = APIRouter()

    @router.api_route("/login", methods=["GET", "HEAD"])
    def show() -> HTMLResponse:
        return HTMLResponse(render_login_page())

    @router.api_route(STYLE_PATH, methods=["GET", "HEAD"])
    def style() -> Response:
        return Response(login_style(), media_type="text/css")

    @router.post("/login")
    async def log_in(request: Request) -> Response:
        form = await _form(request)
        goal = own_path(form.get("goal", "/"))
        try:
            right = await access.check_password(form.get("password", ""))
        except NotAllowedError as error:
            return HTMLResponse(render_login_page(str(error), goal), 429)
        if not right:
            return HTMLResponse(render_login_page("That is not the password.", goal), 401)
        answer = RedirectResponse(goal, 303)
        answer.set_cookie(
            COOKIE,
            access.sessions.begin(),
            max_age=LIFETIME,
            httponly=True,
            samesite="lax",
            secure=request.url.hostname in access.tunnels,
        )
        return answer

    @router.post("/logout")
    def log_out(request: Request) -> Response:
        access.sessions.end(session_token(request.headers))
        answer = RedirectResponse("/login", 303)
        answer.delete_cookie(COOKIE, httponly=True, samesite="lax")
        return answer

    return router


async def _form(request: Request) -> dict[str, str]:
    content = b""
    async for part in request.stream():
        content += part
        if len(content) > _LARGEST_FORM:
            return {}
    fields = parse_qs(content.decode("utf-8", "replace"), keep_blank_values=True)
    return {name: values[0] for name, values in fields.items()}
