"""The tab where a map is made of a picture, corrected and kept."""

import gradio as gr

from ui.elements import element


def build() -> None:
    """Lay the tab out; its code and its HTML come with the first look at it."""
    with gr.Column(elem_id="controlnet"):
        element("mapping", content='<p class="muted empty-note">Looking at the maps</p>')
