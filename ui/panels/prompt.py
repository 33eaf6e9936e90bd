"""The words and the one button."""

from dataclasses import dataclass

import gradio as gr

from ui.binding import Bound, Look, bind
from ui.elements import element
from ui.facts import PageFacts


@dataclass(frozen=True)
class PromptPanel:
    """The panel's components, for tabs to wire."""

    fields: tuple[Bound, ...]
    generate: gr.Button


def build(facts: PageFacts) -> PromptPanel:
    """Lay the panel out; the prompt already holds the first example."""
    with gr.Column(elem_id="composer"):
        with gr.Row(elem_id="composer-row"):
            positive = bind(
                "prompt.positive",
                facts.examples[0].prompt,
                look=Look(lines=2, show_label=False, placeholder="Describe the picture"),
            )
            generate = gr.Button("Generate", variant="primary", elem_id="generate")
        negative = bind("prompt.negative", "", look=Look(lines=1))
        element("composer-links")
        element("hints")
        element("notice")
        element("banner", empty=True)
    return PromptPanel((positive, negative), generate)
