"""From the arguments of an API or the command line to a request, with every name understood."""

from collections.abc import Iterable, Mapping

from backend.metadata.catalogue import Named, find_named
from backend.schema.catalogue import Catalogue
from backend.schema.errors import OutOfRangeError
from backend.schema.fields import Scalar
from backend.schema.generation import GENERATION_FIELDS, GenerationRequest


def request_from(arguments: Mapping[str, object], catalogue: Catalogue) -> GenerationRequest:
    """Build a request from flat names such as `cfg_scale`; an empty value means "choose for me".

    Raises:
        OutOfRangeError: When an argument is unknown, of the wrong kind or out of range; names it.
    """
    values: dict[str, Scalar] = {}
    for name, value in arguments.items():
        if isinstance(value, bool) or not isinstance(value, str | int | float | None):
            raise OutOfRangeError(
                f"The argument “{name}” cannot be {value!r}.", "Give one number or text.", name
            )
        values[name] = value
    values |= _known_id("sampler", values, catalogue.samplers)
    values |= _known_id("scheduler", values, catalogue.schedules)
    choices = {spec.setting.short_name for spec in GENERATION_FIELDS if spec.kind == "choice"}
    return GenerationRequest.from_short_names(
        {name: None if name in choices and value == "" else value for name, value in values.items()}
    )


def _known_id(
    name: str, values: Mapping[str, Scalar], entries: Iterable[Named]
) -> dict[str, Scalar]:
    """The argument by its id, whichever of its names was given; nothing where it was not given."""
    wanted = values.get(name)
    if wanted is None or wanted == "":
        return {}
    found = find_named(entries, str(wanted))
    if found is None:
        raise OutOfRangeError(
            f"The argument “{name}” cannot be “{wanted}”.",
            f"Choose one of: {', '.join(entry.id for entry in entries)}.",
            name,
        )
    return {name: found.id}
