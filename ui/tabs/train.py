"""The tab where a checkpoint is taught something new."""

import gradio as gr

from ui.elements import element


def build() -> None:
    """Lay the tab out; its code and its HTML come with the first look at it."""
    with gr.Column(elem_id="train"):
        element("train", content='<p class="muted empty-note">Looking at the trainings</p>')
