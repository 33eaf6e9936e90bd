"""The tool that makes a map of a picture, to steer drawings with."""

import base64
from collections.abc import Mapping

from backend.api.mcp_schema import description
from backend.api.verbs import Verbs
from backend.schema.errors import OutOfRangeError, RequestError
from backend.schema.fields import Scalar
from backend.schema.jobs import Actor, JobView
from backend.schema.maps import MAP_FIELDS, MapWish

TOOL = "make-map"
DESCRIPTION = description(
    TOOL,
    "Make a map of a picture, such as its outlines, that steers drawings: use its id as the "
    "picture of a unit of ControlNet.",
    MAP_FIELDS,
    "picture",
)


def submit(
    studio: Verbs, actor: Actor, arguments: Mapping[str, object]
) -> tuple[JobView, tuple[str, ...]]:
    """Queue a map from a call's arguments.

    Raises:
        RequestError: When the picture is missing, or an argument makes no sense.
    """
    if not isinstance(arguments.get("picture"), str) or not arguments["picture"]:
        raise RequestError("The argument “picture” is missing.", "Give the id of a picture.")
    values: dict[str, Scalar] = {}
    for name, value in arguments.items():
        if isinstance(value, bool) or not isinstance(value, str | int | float | None):
            raise OutOfRangeError(
                f"The argument “{name}” cannot be {value!r}.", "Give one number or text.", name
            )
        values[name] = value
    return studio.maps.submit(actor, MapWish.from_short_names(values)), ()


def result(
    studio: Verbs,
    actor: Actor,
    view: JobView,
    base_url: str,
    with_base64: bool,  # noqa: FBT001 - from the call
) -> dict[str, object]:
    """What a call is told of the map that a job made."""
    made = view.map
    if made is None:
        raise RequestError("The job made no map.", "Ask for it again.")
    path = studio.inputs.file(actor, made.id)
    told: dict[str, object] = {
        "id": made.id,
        "path": str(path),
        "url": f"{base_url}api/inputs/{made.id}",
        "width": made.width,
        "height": made.height,
    }
    if with_base64:
        told["base64"] = base64.b64encode(path.read_bytes()).decode()
    return {"map": told, "job_id": view.id}
