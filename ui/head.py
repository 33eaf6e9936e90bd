"""What our page has in its head: title, palette and code, there before Gradio draws anything."""

import hashlib
import html
from collections.abc import Callable
from pathlib import Path

from anyio import to_thread
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from backend.schema.jobs import Actor
from ui.elements import copied_markup
from ui.facts import PageFacts

_STYLES = (
    "palette",
    "gradio",
    "fields",
    "layout",
    "parts",
    "bar",
    "composer",
    "panes",
    "stage",
    "models",
    "memory",
    "narrow",
)
"""In order: a later one may change what an earlier one said."""
_BEFORE = b"<base "


def static_version(folder: Path) -> str:
    """A name for the folder's present contents, so that browsers never keep old files."""
    together = hashlib.sha256()
    for file in sorted(file for file in folder.rglob("*") if file.is_file()):
        together.update(file.name.encode() + file.read_bytes())
    return together.hexdigest()[:12]


def head_html(facts: PageFacts, static: str) -> str:
    """The tags; `static` is the address of the folder with our files."""
    styles = "".join(f'<link rel="stylesheet" href="{static}/{name}.css">' for name in _STYLES)
    body = facts.model_dump_json().replace("<", "\\u003c")
    return (
        "<title>Easel</title>"
        f'<link rel="icon" type="image/svg+xml" href="{static}/icon.svg">'
        '<meta name="color-scheme" content="dark light">'
        f'<script src="{static}/theme.js"></script>{styles}'
        f'<script type="application/json" id="easel-facts">{body}</script>'
        f"{copied_markup()}"
        f'<script type="module" src="{html.escape(static)}/main.js"></script>'
    )


class PageHead:
    """ASGI middleware that puts our tags into the head of the page at `/`.

    Gradio adds its `head` and `css` only after its own code has run: the page would flash in its
    colours first.
    """

    def __init__(self, app: ASGIApp, facts: Callable[[Actor], PageFacts], static: str) -> None:
        """Stand around `app`, which knows the actor by the time it answers."""
        self._app = app
        self._facts = facts
        self._static = static

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass everything on, the page with our head."""
        if scope["type"] == "http" and scope["path"] == "/" and scope["method"] == "GET":
            send = self._with_head(scope, send)
        await self._app(scope, receive, send)

    def _with_head(self, scope: Scope, send: Send) -> Send:
        start: Message = {}
        body = bytearray()

        async def rewrite(message: Message) -> None:
            if message["type"] == "http.response.start":
                start.update(message)
                return
            if message["type"] != "http.response.body":
                await send(message)
                return
            body.extend(message.get("body", b""))
            if message.get("more_body", False):
                return
            content = bytes(body)
            actor: object = scope.get("state", {}).get("actor")
            if start["status"] == 200 and isinstance(actor, Actor):  # noqa: PLR2004
                facts = await to_thread.run_sync(self._facts, actor)
                content = _insert(content, head_html(facts, self._static))
            headers = MutableHeaders(raw=start["headers"])
            headers["content-length"] = str(len(content))
            headers["cache-control"] = "no-store"
            await send(start)
            await send({"type": "http.response.body", "body": content})

        return rewrite


def _insert(page: bytes, tags: str) -> bytes:
    """Our tags come first, so that our code has run when Gradio's calls it."""
    before, base, after = page.partition(_BEFORE)
    return before + tags.encode() + base + after
