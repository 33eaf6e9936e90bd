"""The tool that draws a grid."""

from collections.abc import Mapping
from typing import cast

from backend.api.arguments import request_from
from backend.api.mcp_schema import description
from backend.api.verbs import Verbs
from backend.schema.errors import RequestError
from backend.schema.generation import GENERATION_FIELDS
from backend.schema.jobs import Actor, JobView
from backend.schema.series import LINES, Axis, SeriesRequest

TOOL = "generate-grid"
_AXES = {"x": "from left to right", "y": "from top to bottom", "z": "from sheet to sheet"}


def tool_description() -> dict[str, object]:
    """The tool, with the JSON schema of its arguments: those of a picture, and what is varied."""
    words = (
        "Make a picture for each combination of some settings' values, and a labelled sheet of "
        "them, which is the last picture."
    )
    told = description(TOOL, words, GENERATION_FIELDS, "prompt")
    schema = cast("dict[str, object]", told["inputSchema"])
    properties = cast("dict[str, object]", schema["properties"])
    properties |= {
        name: {
            "type": ["string", "null"],
            "description": f"What is varied {where}: an argument and its values, such as "
            "steps=10,20,30; prompt=red,green puts words in the place of the first.",
        }
        for name, where in _AXES.items()
    }
    properties[LINES] = {
        "type": ["string", "null"],
        "description": "Prompts, one a line, in the place of the y axis.",
    }
    schema["properties"] = properties
    schema["required"] = []
    return told


def submit(studio: Verbs, actor: Actor, arguments: Mapping[str, object]) -> JobView:
    """Queue the grid that a call asks for.

    Raises:
        RequestError: When an argument makes no sense.
    """
    given = dict(arguments)
    texts = {name: _text(name, given.pop(name, None)) for name in (*_AXES, LINES)}
    axes = {name: Axis.typed(texts[name]) for name in _AXES if texts[name]}
    if texts[LINES]:
        axes["y"] = Axis(field=LINES, values=texts[LINES])
    base = request_from(given, studio.models.catalogue())
    if not texts[LINES] and not base.prompt.positive.strip():
        raise RequestError("The argument “prompt” is missing.", "Say what the pictures show.")
    return studio.series.submit(actor, SeriesRequest(base=base, **axes, sheet=True))


def _text(name: str, value: object) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    raise RequestError(f"The argument “{name}” cannot be {value!r}.", "Write it as a text.")
