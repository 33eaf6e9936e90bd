"""The whole application as it runs: every route, behind the guard, with the page at `/`."""

import asyncio

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from backend.access.access import Access
from backend.access.guard import refuse_json
from backend.api.app import create_app
from backend.api.verbs import Verbs
from ui.main import mount_page

_CLOSED = (
    # Gradio would fetch an address for whoever asks; no request leaves this machine unasked.
    "/gradio_api/proxy={address:path}",
    "/gradio_api/file=http{address:path}",
    "/gradio_api/file/http{address:path}",
    # A stream without end that looks for changes in the code.
    "/gradio_api/dev/reload",
)
"""Routes of Gradio's that Easel does not offer."""


def full_app(studio: Verbs, access: Access) -> FastAPI:
    """Everything that one running Easel answers on its page's port."""

    async def build() -> FastAPI:
        app = create_app(studio, access)
        for path in _CLOSED:  # before the page: the first route that fits answers
            app.add_route(path, _refuse, methods=["GET", "HEAD"])
        return mount_page(app, studio)

    return asyncio.run(build())  # where no event loop runs, Gradio makes some and closes none


async def _refuse(_request: Request) -> Response:
    return refuse_json(404, "not_found", "Easel does not do that.", "")
