"""Where pictures are made: one form, of which two tabs show what their kind of picture needs."""

import gradio as gr

from ui.binding import Bound, in_order
from ui.elements import element
from ui.facts import PageFacts
from ui.panels import prompt, results, settings, stage

_GENERATE = "(...values) => { window.easel.generate(values); }"
_CHANGED = "(...values) => { window.easel.changed(values); }"
_WANTED = "() => window.easel.wanted()"


def build(facts: PageFacts, checkpoint: Bound) -> tuple[Bound, ...]:
    """Arrange the panels and wire them.

    It stands below the tabs, in none of them: “Text to image” and “Image to image” are two views
    of it, so that nothing is there twice and switching loses nothing. The handlers run in the
    browser: they hand the form's values, in the order of its fields, to our own code, which
    submits them and keeps them for the next visit.

    Returns:
        The form's fields, in the order in which the page's code gets their values.
    """
    with gr.Row(elem_id="workbench"):
        panel = settings.build(facts)
        with gr.Column(elem_id="centre"):
            words = prompt.build(facts)
            stage.build()
            _splitter("settings", "Width of the settings")
            _splitter("results", "Width of the results")
        results.build()
        setter = gr.Button("Set the form", elem_id="set-form", elem_classes="wire")
    fields = in_order((checkpoint, *words.fields, *panel.fields))
    components = [field.component for field in fields]
    words.generate.click(None, components, None, js=_GENERATE, queue=False)
    gr.on(
        [component.change for component in components],
        None,
        components,
        None,
        js=_CHANGED,
        queue=False,
    )
    # Each time: Gradio would pass over a click while the one before it is under way.
    setter.click(None, None, components, js=_WANTED, queue=False, trigger_mode="multiple")
    return fields


def _splitter(pane: str, label: str) -> None:
    """The edge of a pane, which is dragged to make it wider."""
    element(
        "splitter",
        content="",
        pane=pane,
        role="separator",
        tabindex="0",
        title="Drag to resize, double click to fold",
        aria_label=label,
        aria_orientation="vertical",
    )
