"""A reading as the page shows it: settings with their labels, models with what can be done."""

from collections.abc import Iterator, Mapping

from backend.api.verbs import Models
from backend.schema.base import Frozen
from backend.schema.catalogue import Catalogue
from backend.schema.fields import FieldSpec, Scalar
from backend.schema.generation import GENERATION_FIELDS
from backend.schema.jobs import Actor
from backend.schema.readings import FoundModel, PictureReading

_OWN_PART = "The checkpoint's own"
_FEWEST_DIGITS = 8


class ShownSetting(Frozen):
    """A setting that can be taken over, or why it cannot."""

    id: str
    label: str
    value: Scalar
    words: str
    why: str = ""
    """Why it cannot be taken over; empty where it can."""


class ShownModel(Frozen):
    """A model that the file names."""

    use: str
    name: str
    facts: str
    installed: str
    """What the library calls it; empty where it is not here."""
    hash: str
    """For looking for it; empty where that is of no use."""


def shown_reading(
    reading: PictureReading, models: Models, actor: Actor, picture: str = ""
) -> Iterator[tuple[str, object]]:
    """The values of the dialog's template.

    Args:
        reading: What was read.
        models: What can be chosen.
        actor: Who looks.
        picture: The picture's id, where it is one of the gallery.
    """
    catalogue = models.catalogue()
    names = {entry.id: entry.name for entry in models.library(actor)}
    yield "program", reading.program
    yield "size", f"{reading.width} × {reading.height}" if reading.width else ""
    yield (
        "settings",
        [
            _setting(spec, reading.fields[spec.id], catalogue, names)
            for spec in GENERATION_FIELDS
            if spec.id in reading.fields
        ],
    )
    yield "models", [_model(model, names) for model in reading.models]
    yield "unused", reading.unused
    yield "text", reading.text
    yield "picture", picture


def _setting(
    spec: FieldSpec, value: Scalar, catalogue: Catalogue, names: Mapping[str, str]
) -> ShownSetting:
    setting = spec.setting
    listed = {"samplers": catalogue.samplers, "schedules": catalogue.schedules}
    labels = {entry.id: entry.label for entry in listed.get(setting.choices, ())}
    labels |= setting.options
    names_model = setting.choices != "" and setting.choices not in listed
    missing = names_model and value is not None and value not in names
    plain = f"{value:g}" if isinstance(value, float) else str(value)
    words = labels.get(plain, names.get(plain, plain))
    return ShownSetting(
        id=spec.id,
        label=setting.label,
        value=value,
        words=_OWN_PART if value is None else words,
        why="not installed" if missing else "",
    )


def _model(model: FoundModel, names: Mapping[str, str]) -> ShownModel:
    facts = [model.weight and f"weight {model.weight}", model.hash[:12]]
    return ShownModel(
        use=f"{model.use[:1].upper()}{model.use[1:]}" if model.use != "vae" else "VAE",
        name=model.name,
        facts=" · ".join(fact for fact in facts if fact),
        installed=names.get(model.installed, model.installed),
        hash=model.hash if len(model.hash) >= _FEWEST_DIGITS else "",
    )
