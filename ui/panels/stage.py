"""The stage: the large picture, what is happening, and what can be done with it."""

import gradio as gr

from ui.elements import element


def build() -> None:
    """Lay the panel out; our own elements draw it from the feed."""
    with gr.Column(elem_id="stage"):
        element("stage")
        element("guide", content="", first="", hidden="")
