"""What waits and what was made, newest first."""

import gradio as gr

from ui.elements import element


def build() -> None:
    """Lay the pane out; our own elements draw it from the feed."""
    with gr.Column(elem_id="results"):
        element("queue")
        element("results")
