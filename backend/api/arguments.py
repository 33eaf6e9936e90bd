"""From the arguments of an API or the command line to a request, with every name understood."""

from collections.abc import Mapping

from backend.metadata.catalogue import find_named
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
    for name, entries in (("sampler", catalogue.samplers), ("scheduler", catalogue.schedules)):
        wanted = values.get(name)
        if isinstance(wanted, str) and wanted:
            known = {entry.id for entry in entries}
            found = (
                find_named(catalogue.samplers, wanted)
                if name == "sampler"
                else find_named(catalogue.schedules, wanted)
            )
            if found is None:
                raise OutOfRangeError(
                    f"The argument “{name}” cannot be “{wanted}”.",
                    f"Choose one of: {', '.join(sorted(known))}.",
                    name,
                )
            values[name] = found.id
    choices = {spec.setting.short_name for spec in GENERATION_FIELDS if spec.setting.choices}
    return GenerationRequest.from_short_names(
        {name: None if name in choices and value == "" else value for name, value in values.items()}
    )
