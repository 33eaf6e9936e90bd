"""Places on the page for the custom elements that our own code (`ui/static`) draws."""

import html

import gradio as gr


def element(tag: str, **attributes: str) -> gr.HTML:
    """A place for `<tag>`; it fills itself from the feed, so the server never updates it."""
    shown = "".join(f' {name}="{html.escape(value)}"' for name, value in attributes.items())
    return gr.HTML(
        f"<{tag}{shown}></{tag}>",
        js_on_load=None,
        apply_default_css=False,
        elem_classes=["place", f"place-{tag.removeprefix('easel-')}"],
    )
