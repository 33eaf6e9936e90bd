"""A field of the request as an option of the command line."""

import click

from backend.schema.fields import FieldSpec

_OTHER_FLAGS = {"checkpoint": "--model"}
"""Second spellings of fields' flags, by short name."""


UNITS_NOTE = (
    "ControlNet 2 to 5 have the flags of ControlNet 1: --control2-picture and so on. Without a "
    "picture of its own, a unit is steered by that of --init; a folder makes a picture for each "
    "one in it."
)
"""At the end of the help, which lists the flags of the first unit alone."""


def field_option(spec: FieldSpec) -> click.Option:
    """The option of a field; without it, the field is left open."""
    setting = spec.setting
    kind = {"integer": click.INT, "number": click.FLOAT}.get(spec.kind, click.STRING)
    words = f"{setting.label}: {setting.help}"
    if setting.minimum is not None and setting.maximum is not None:
        words += f" From {setting.minimum:.12g} to {setting.maximum:.12g}."
    if spec.default not in {None, ""}:
        words += f" Usually {spec.default}."
    other = _OTHER_FLAGS.get(setting.short_name)
    names = [spec.flag, *([other] if other else []), setting.short_name]
    values = click.Choice(list(setting.options)) if setting.options else kind
    return click.Option(names, type=values, help=words, hidden=spec.number > 1)
