"""The settings pane: a few in the Simple view, every field of the request in All settings."""

from dataclasses import dataclass

import gradio as gr

from ui.binding import Bound, bind
from ui.elements import element
from ui.facts import PageFacts

_GROUPS = (
    ("Source", "strength", ("source.picture", "source.strength")),
    (
        "Mask",
        "mask-heading",
        ("mask.picture", "mask.area", "mask.blur", "mask.fill", "mask.paints", "mask.padding"),
    ),
    ("Size", "shape", ("size.width", "size.height", "source.fit", "size.seamless")),
    ("Pictures", "pictures", ("batch.count", "batch.size")),
    (
        "Outpainting",
        "outpainting-heading",
        ("outpaint.left", "outpaint.right", "outpaint.top", "outpaint.bottom"),
    ),
    (
        "High resolution",
        "",
        (
            *("hires.factor", "hires.strength", "hires.upscaler", "hires.steps", "hires.passes"),
            *("hires.tile", "hires.sampler", "hires.schedule", "hires.prompt", "hires.negative"),
        ),
    ),
    ("LoRA", "loras", ()),
    ("ControlNet", "controls", ()),
    (
        "Sampling",
        "",
        ("sampling.steps", "sampling.cfg_scale", "sampling.cfg_rescale", "sampling.guidance"),
    ),
    ("Method", "", ("sampling.sampler", "sampling.schedule", "sampling.terminal_noise")),
    ("Seed", "seed", ("seed.value",)),
    ("Variation", "", ("seed.variation_strength", "seed.variation", "seed.noise")),
    ("Parts", "", ("model.vae", "model.clip_skip", "model.clip_l", "model.clip_g", "model.t5xxl")),
    ("Refiner", "", ("refiner.checkpoint", "refiner.switch_at")),
    (
        "Memory",
        "memory-heading",
        (
            "memory.placement",
            "memory.text_placement",
            "memory.vae_placement",
            "memory.precision",
            "memory.tiling",
        ),
    ),
    ("Output", "", ("output.format", "output.quality", "output.sidecar")),
)
"""Heading, own control (`<easel-…>`) above the fields, fields."""


@dataclass(frozen=True)
class SettingsPanel:
    """The panel's components, for tabs to wire."""

    fields: tuple[Bound, ...]


def build(facts: PageFacts) -> SettingsPanel:
    """Lay the pane out; which fields are hidden in the Simple view is said by the fields."""
    fields: list[Bound] = []
    with gr.Column(elem_id="settings"):
        element("view-switch", sheet="")
        element("checkpoint-card")
        for heading, control, ids in _GROUPS:
            with gr.Column(elem_classes=["group", "group-" + heading.casefold().replace(" ", "-")]):
                if control:
                    element(control)
                fields.extend(_fields(ids, facts))
        element("changed")
        element("plan", sheet="")
    return SettingsPanel(tuple(fields))


def _fields(ids: tuple[str, ...], facts: PageFacts) -> list[Bound]:
    bound: list[Bound] = []
    for field_id in ids:
        choices = facts.choices_of(field_id)
        bound.append(bind(field_id, facts.starting_value(field_id), choices))
    return bound
