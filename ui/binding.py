"""A field of the request ↔ a component of the page; label, help and range come from the field."""

from collections.abc import Iterable
from dataclasses import dataclass

import gradio as gr

from backend.schema.fields import FieldSpec, Scalar, Setting
from backend.schema.generation import GENERATION_FIELDS

_SLIDER_STOPS = 600
"""A slider with more stops than this cannot be set by hand; the field becomes a number."""

Choices = tuple[tuple[str, str], ...]
AUTOMATIC = ("Automatic", "")
"""What a list begins with where the choice may be left to Easel."""

FieldComponent = gr.Textbox | gr.Dropdown | gr.Slider | gr.Number


@dataclass(frozen=True)
class Bound:
    """A field and the component that shows it."""

    spec: FieldSpec
    component: FieldComponent


@dataclass(frozen=True)
class Look:
    """What differs between two components of the same kind."""

    lines: int = 1
    grows_to: int = 0
    """With so many lines a text is shown in full; without, it keeps its lines."""
    placeholder: str = ""
    show_label: bool = True


def bind(field_id: str, value: Scalar, choices: Choices = (), look: Look | None = None) -> Bound:
    """Make the component of one field.

    Args:
        field_id: Its dotted id, such as `sampling.steps`.
        value: What it shows at first.
        choices: Label and value of what can be chosen, for a field that chooses.
        look: How it differs from the usual component of its kind.
    """
    spec = field_spec(field_id)
    look = look or Look()
    classes = ["field", "simple" if spec.setting.simple else "advanced"]
    if spec.setting.picture:  # shown by its slot
        component = _wire(spec, value, classes)
    elif spec.kind == "text":
        component = _text(spec, value, look, classes)
    elif spec.setting.choices == "checkpoints":  # our own picker shows it
        component = _wire(spec, value, classes)
    elif spec.kind == "choice":
        component = gr.Dropdown(
            choices=list(choices) or [AUTOMATIC],
            value=value or "",
            label=spec.setting.label,
            info=spec.setting.help,
            elem_id=element_id(field_id),
            elem_classes=classes,
            filterable=False,
            interactive=True,
        )
    else:
        component = _number(spec, value, classes)
    return Bound(spec, component)


def element_id(field_id: str) -> str:
    """The DOM id of a field's component: `field-sampling-steps`."""
    return "field-" + field_id.replace(".", "-").replace("_", "-")


def in_order(bound: Iterable[Bound]) -> tuple[Bound, ...]:
    """The form's fields in the order of the request's, which is the order of their values."""
    places = [spec.id for spec in GENERATION_FIELDS]
    return tuple(sorted(bound, key=lambda one: places.index(one.spec.id)))


def field_spec(field_id: str) -> FieldSpec:
    """The field of this dotted id.

    Raises:
        KeyError: When the request has no such field.
    """
    for spec in GENERATION_FIELDS:
        if spec.id == field_id:
            return spec
    raise KeyError(field_id)


def _wire(spec: FieldSpec, value: Scalar, classes: list[str]) -> gr.Textbox:
    """Hold a value that is set by other means, and not seen."""
    return gr.Textbox(
        value=str(value or ""),
        label=spec.setting.label,
        elem_id=element_id(spec.id),
        elem_classes=[*classes, "wire"],
    )


def _text(spec: FieldSpec, value: Scalar, look: Look, classes: list[str]) -> gr.Textbox:
    return gr.Textbox(
        value=str(value or ""),
        label=spec.setting.label,
        show_label=look.show_label,
        placeholder=look.placeholder or spec.setting.help,
        lines=look.lines,
        max_lines=look.grows_to or look.lines,
        elem_id=element_id(spec.id),
        elem_classes=classes,
        interactive=True,
    )


def _number(spec: FieldSpec, value: Scalar, classes: list[str]) -> gr.Slider | gr.Number:
    setting = spec.setting
    if _stops(setting) <= _SLIDER_STOPS:
        return gr.Slider(
            minimum=setting.minimum or 0,
            maximum=setting.maximum or 0,
            step=setting.step,
            value=float(value or 0) if spec.kind == "number" else int(value or 0),
            label=setting.label,
            info=setting.help,
            elem_id=element_id(spec.id),
            elem_classes=classes,
            buttons=[],
            interactive=True,
        )
    return gr.Number(
        value=None if value is None else float(value),
        precision=0 if spec.kind == "integer" else None,
        label=setting.label,
        info=setting.help,
        elem_id=element_id(spec.id),
        elem_classes=classes,
        interactive=True,
    )


def _stops(setting: Setting) -> float:
    if setting.minimum is None or setting.maximum is None or not setting.step:
        return float("inf")
    return (setting.maximum - setting.minimum) / setting.step
