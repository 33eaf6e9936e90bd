"""The tab with every picture."""

import gradio as gr

from ui.elements import element


def build() -> None:
    """Lay the tab out; our own element draws it from the pictures' route."""
    with gr.Column(elem_id="gallery"):
        element("results", tab="")
