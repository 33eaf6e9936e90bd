"""The tab where models are found, got and kept."""

import gradio as gr

from ui.elements import element


def build() -> None:
    """Lay the tab out; its code and its HTML come with the first look at it."""
    with gr.Column(elem_id="models"):
        element("browser", content='<p class="muted empty-note">Looking at the models</p>')
