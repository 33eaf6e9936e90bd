"""From the form's values to a request, and back."""

from collections.abc import Mapping

from backend.api.verbs import Models
from backend.schema.errors import OutOfRangeError
from backend.schema.fields import Scalar
from backend.schema.generation import GENERATION_FIELDS, GenerationRequest
from backend.schema.jobs import Actor

Values = Mapping[str, Scalar]
"""By dotted id."""


def asked(models: Models, actor: Actor, values: Values) -> GenerationRequest:
    """The request for what the form holds, without what its checkpoint has no use for.

    Raises:
        OutOfRangeError: When a value is outside its range; names the field.
    """
    unused = _unused(models, actor, values.get("model.checkpoint"))
    return GenerationRequest.from_fields(
        {field_id: value for field_id, value in values.items() if field_id not in unused}
    )


def with_words(request: GenerationRequest) -> GenerationRequest:
    """The request, if it says what the picture should show.

    Raises:
        OutOfRangeError: When the prompt is empty; names the field.
    """
    if not request.prompt.positive.strip():
        raise OutOfRangeError(
            "The prompt is empty.", "Say what the picture should show.", "prompt.positive"
        )
    return request


def held(request: GenerationRequest) -> dict[str, Scalar]:
    """What the form is to hold to ask for the same; lists that nothing was chosen from too."""
    listed = {spec.id for spec in GENERATION_FIELDS if spec.kind == "choice"}
    return {
        field_id: value
        for field_id, value in request.to_fields().items()
        if value is not None or field_id in listed
    }


def _unused(models: Models, actor: Actor, checkpoint: Scalar) -> set[str]:
    """The fields that the checkpoint's family does not use."""
    family = next((each.family for each in models.checkpoints(actor) if each.id == checkpoint), "")
    known = next((each for each in models.catalogue().families if each.id == family), None)
    special = {spec.id for spec in GENERATION_FIELDS if spec.setting.special}
    return special - set(known.uses) if known else set()
