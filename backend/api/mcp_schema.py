"""The JSON schema of a tool's arguments, derived from the fields of its request."""

from collections.abc import Iterable

from backend.schema.fields import FieldSpec

USUAL_SECONDS = 600.0
_TYPES = {"text": "string", "choice": "string", "integer": "integer", "number": "number"}


def description(
    name: str, words: str, fields: Iterable[FieldSpec], required: str
) -> dict[str, object]:
    """A tool that makes pictures, as lists of tools have it.

    Args:
        name: What it is called.
        words: What it does.
        fields: The fields of its request.
        required: The argument that a call cannot be without.
    """
    properties = properties_of(fields)
    properties["base64"] = {
        "type": "boolean",
        "default": False,
        "description": "Whether the answer carries the pictures themselves, as base64.",
    }
    properties["timeout"] = {
        "type": "number",
        "default": USUAL_SECONDS,
        "exclusiveMinimum": 0,
        "description": "Seconds to wait for the pictures; afterwards the job goes on alone.",
    }
    return {
        "name": name,
        "description": words,
        "inputSchema": {
            "type": "object",
            "properties": properties,
            "required": [required],
            "additionalProperties": False,
        },
    }


def properties_of(fields: Iterable[FieldSpec]) -> dict[str, object]:
    """The arguments that fields make, by their names."""
    return {spec.setting.short_name: _property(spec) for spec in fields}


def _property(spec: FieldSpec) -> dict[str, object]:
    setting, kind = spec.setting, _TYPES[spec.kind]
    limits = {
        "minimum": setting.minimum,
        "maximum": setting.maximum,
        "default": spec.default,
    }
    known: dict[str, object] = {key: value for key, value in limits.items() if value is not None}
    description = f"{setting.label}: {setting.help}"
    return {"type": [kind, "null"], "description": description, **known}
