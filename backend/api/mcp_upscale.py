"""The tool that enlarges a picture."""

from collections.abc import Mapping

from backend.api.mcp_schema import description
from backend.schema.errors import OutOfRangeError, RequestError
from backend.schema.fields import Scalar
from backend.schema.upscaling import UPSCALE_FIELDS, UpscaleRequest

TOOL = "upscale-image"
DESCRIPTION = description(
    TOOL, "Make a larger version of a picture; the picture is kept.", UPSCALE_FIELDS, "picture"
)


def request_from(arguments: Mapping[str, object]) -> UpscaleRequest:
    """The request that a call's arguments make.

    Raises:
        RequestError: When the picture is missing, or an argument makes no sense.
    """
    if not isinstance(arguments.get("picture"), str) or not arguments["picture"]:
        raise RequestError(
            "The argument “picture” is missing.", "Give the id of a picture of the gallery."
        )
    values: dict[str, Scalar] = {}
    for name, value in arguments.items():
        if isinstance(value, bool) or not isinstance(value, str | int | float | None):
            raise OutOfRangeError(
                f"The argument “{name}” cannot be {value!r}.", "Give one number or text.", name
            )
        values[name] = value
    return UpscaleRequest.from_short_names(values)
