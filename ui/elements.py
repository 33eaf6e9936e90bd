"""Places for the custom elements that our own code (`static`) keeps live, and their markup.

A template in `templates` is HTML in which `{name}` is an icon and `[name]` another template. Parts
that the code looks for carry `data-part`.
"""

import html
import json
import re
from pathlib import Path

import gradio as gr

_HERE = Path(__file__).parent
_TEMPLATES = _HERE / "templates"
_ICONS = _TEMPLATES / "icons.json"
_COPIED = ("chip", "day", "failure", "imaging", "job", "note", "reason", "remedy", "thumb")
"""Templates that the code itself makes copies of."""


def element(tag: str, *, content: str | None = None, **attributes: str) -> gr.HTML:
    """A place for `<easel-tag>`; it follows the feed, so the server never updates it.

    Args:
        tag: Its name, which is that of its template too.
        content: The HTML inside; that of its template unless told otherwise.
        attributes: What differs between two elements of this name.
    """
    named = {name.replace("_", "-"): value for name, value in attributes.items()}
    shown = "".join(f' {name}="{html.escape(value)}"' for name, value in named.items())
    inside = markup(tag) if content is None else content
    return gr.HTML(
        f"<easel-{tag}{shown}>{inside}</easel-{tag}>",
        js_on_load=None,
        apply_default_css=False,
        elem_classes=["place", f"place-{tag}"],
    )


def markup(name: str) -> str:
    """The HTML of a template, with its icons and the templates that it names.

    Raises:
        OSError: When there is no such template.
        KeyError: When it names an icon that does not exist.
    """
    text = (_TEMPLATES / f"{name}.html").read_text(encoding="utf-8")
    return with_icons(re.sub(r"\[([a-z-]+)\]", lambda found: markup(found[1]), text))


def with_icons(text: str) -> str:
    """HTML in which each `{name}` became that icon.

    Raises:
        KeyError: When there is no such icon.
    """
    icons: dict[str, str] = json.loads(_ICONS.read_text(encoding="utf-8"))
    return re.sub(r"\{([a-z-]+)\}", lambda found: _icon(found[1], icons[found[1]]), text)


def copied_markup() -> str:
    """`<template>` elements for the head of the page."""
    return "".join(f'<template id="easel-{name}">{markup(name)}</template>' for name in _COPIED)


def _icon(name: str, outline: str) -> str:
    return (
        f'<svg class="icon icon-{name}" viewBox="0 0 16 16" width="16" height="16" '
        f'aria-hidden="true"><path d="{outline}"/></svg>'
    )
