"""From the form's values to a request, and back; what a family has no use for is left unheeded."""

from collections.abc import Mapping

from backend.schema.errors import OutOfRangeError
from backend.schema.fields import Scalar
from backend.schema.generation import GENERATION_FIELDS, GenerationRequest


def asked(values: Mapping[str, Scalar]) -> GenerationRequest:
    """The request for what the form holds, by dotted id.

    Raises:
        OutOfRangeError: When a value is outside its range or the prompt is empty; names the field.
    """
    request = GenerationRequest.from_fields(values)
    if not request.prompt.positive.strip():
        raise OutOfRangeError(
            "The prompt is empty.", "Say what the picture should show.", "prompt.positive"
        )
    return request


def held(request: GenerationRequest) -> dict[str, Scalar]:
    """What the form is to hold to ask for the same.

    Lists that nothing was chosen from are told too, and all of each unit of ControlNet: else one
    that the form has would stay.
    """
    listed = {spec.id for spec in GENERATION_FIELDS if spec.kind == "choice" or spec.number}
    return {
        field_id: value
        for field_id, value in request.to_fields().items()
        if value is not None or field_id in listed
    }
