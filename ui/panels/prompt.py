"""The words and the one button."""

from dataclasses import dataclass

import gradio as gr

from ui.binding import Bound, Look, bind
from ui.elements import element, markup
from ui.examples import load_examples
from ui.facts import PageFacts
from ui.fragments import Fragments


@dataclass(frozen=True)
class PromptPanel:
    """The panel's components, for tabs to wire."""

    fields: tuple[Bound, ...]
    generate: gr.Button


def build(facts: PageFacts) -> PromptPanel:
    """Lay the panel out; the prompt already holds the first example."""
    with gr.Column(elem_id="composer"):
        element("plan")
        with gr.Row(elem_id="composer-row"):
            positive = bind(
                "prompt.positive",
                facts.example,
                look=Look(lines=2, show_label=False, placeholder="Describe the picture"),
            )
            generate = gr.Button("Generate", variant="primary", elem_id="generate")
            element("forever")
        negative = bind("prompt.negative", "", look=Look(lines=1, grows_to=3))
        element("composer-links", content=markup("composer-links") + _writing() + _ideas())
        element("hints")
        element("effects", content="", hidden="", role="status")
        element("forever-line", hidden="")
        element("warnings", content="", hidden="")
        element("notice")
        element("banner", content="")
    return PromptPanel((positive, negative), generate)


def _writing() -> str:
    """What helps while somebody types; its code comes after the first paint."""
    return f"<easel-writing>{markup('writing')}</easel-writing>"


def _ideas() -> str:
    return Fragments().draw("ideas", {"ideas": load_examples()})
