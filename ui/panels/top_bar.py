"""The top bar: what draws, on what, what waits, and how the page looks."""

from dataclasses import dataclass

import gradio as gr

from ui.binding import Bound, bind
from ui.elements import element
from ui.facts import PageFacts


@dataclass(frozen=True)
class TopBar:
    """The panel's components, for tabs to wire."""

    checkpoint: Bound


def build(facts: PageFacts) -> TopBar:
    """Lay the bar out."""
    with gr.Row(elem_id="top-bar", elem_classes="bar"):
        element("brand")
        checkpoint = bind(
            "model.checkpoint",
            facts.starting_value("model.checkpoint"),
        )
        element("model")
        element("device")
        element("queue-menu")
        element("view-switch")
    return TopBar(checkpoint)
