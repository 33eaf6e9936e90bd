"""What the page's own code knows of the form: fields, choices, examples, and how it looks."""

from backend.api.verbs import Models
from backend.schema.base import Frozen
from backend.schema.catalogue import Catalogue
from backend.schema.fields import FieldSpec, Kind, Scalar, Setting
from backend.schema.generation import GENERATION_FIELDS
from backend.schema.hires_settings import LATENT
from backend.schema.jobs import Actor
from backend.schema.library import LibraryEntry
from backend.schema.models import ModelKind
from backend.schema.upscaling import LANCZOS, LANCZOS_LABEL, STARTER_UPSCALER
from backend.version import VERSION
from ui.binding import AUTOMATIC, Choices, element_id
from ui.examples import load_examples
from ui.library import LibraryFacts, library_facts

CHECKPOINT = "model.checkpoint"


class FieldFacts(Frozen):
    """One field, as the page's code checks, stores and resets it."""

    id: str
    element: str
    kind: Kind
    label: str
    help: str
    simple: bool
    default: Scalar
    minimum: float | None
    maximum: float | None
    step: float | None
    multiple_of: int | None
    choices: str
    number: int
    """Of its unit of ControlNet, which the page's own code draws; 0 for fields that Gradio does."""
    picture: bool
    """Whether it refers to a picture, which its slot shows."""
    role: str
    """The part of a model that the field chooses; empty for other fields."""
    lacking: str
    """What is said of a family that does not use the field; empty where every family does."""


class PageFacts(Frozen):
    """Everything, handed over in the page's head."""

    version: str
    fields: tuple[FieldFacts, ...]
    choices: dict[str, Choices]
    """Of the lists that are the same for every checkpoint; those of one field by its id."""
    library: LibraryFacts
    example: str
    """The prompt that a first visit starts with."""

    def choices_of(self, field_id: str) -> Choices:
        """Label and value of what a field offers; nothing where the checkpoint decides."""
        field = next(field for field in self.fields if field.id == field_id)
        return self.choices.get(field.choices, ())

    def starting_value(self, field_id: str) -> Scalar:
        """What the field shows before anybody touched it."""
        first = self.library.first
        if field_id == CHECKPOINT:
            return first.id if first else None
        field = next(field for field in self.fields if field.id == field_id)
        return self.library.start(first).fields.get(field_id, field.default)


def page_facts(models: Models, actor: Actor) -> PageFacts:
    """Gather the facts as they are now; a checkpoint added since the last visit is among them."""
    catalogue = models.catalogue()
    return PageFacts(
        version=VERSION,
        fields=tuple(_field(spec) for spec in GENERATION_FIELDS),
        choices={
            "samplers": tuple((sampler.label, sampler.id) for sampler in catalogue.samplers),
            "schedules": tuple((schedule.label, schedule.id) for schedule in catalogue.schedules),
        }
        | {spec.id: _options(spec) for spec in GENERATION_FIELDS if spec.setting.options}
        | _that_may_be_left_open(catalogue)
        | {"hires.upscaler": _upscalers(models, actor)},
        library=library_facts(models, actor),
        example=load_examples()[0].prompt,
    )


def _field(spec: FieldSpec) -> FieldFacts:
    setting = spec.setting
    return FieldFacts(
        id=spec.id,
        element=element_id(spec.id),
        kind=spec.kind,
        label=setting.label,
        help=setting.help,
        simple=setting.simple,
        default=spec.default,
        minimum=setting.minimum,
        maximum=setting.maximum,
        step=setting.step,
        multiple_of=setting.multiple_of,
        choices=spec.id if setting.options or setting.unset else setting.choices,
        number=spec.number,
        picture=setting.picture,
        role=_last(spec.id) if setting.choices in ("vaes", "text_encoders") else "",
        lacking=_lacking(spec.id, setting) if setting.special else "",
    )


def _that_may_be_left_open(catalogue: Catalogue) -> dict[str, Choices]:
    """The lists of samplers and schedules in which an empty value has a name of its own."""
    lists = {"samplers": catalogue.samplers, "schedules": catalogue.schedules}
    return {
        spec.id: (
            (spec.setting.unset, ""),
            *((entry.label, entry.id) for entry in lists[spec.setting.choices]),
        )
        for spec in GENERATION_FIELDS
        if spec.setting.unset and spec.setting.choices in lists
    }


def _upscalers(models: Models, actor: Actor) -> Choices:
    """What may enlarge pictures while they are drawn."""
    there = ((entry.name, entry.id) for entry in models.library(actor) if _enlarges(entry))
    plain = ((LATENT.capitalize(), LATENT), (LANCZOS_LABEL, LANCZOS))
    return (AUTOMATIC, *plain, ("Starter upscaler", STARTER_UPSCALER), *there)


def _enlarges(entry: LibraryEntry) -> bool:
    model = entry.model
    return model is not None and model.kind is ModelKind.UPSCALER and not entry.problem


def _options(spec: FieldSpec) -> Choices:
    given = ((label, value) for value, label in spec.setting.options.items())
    return (AUTOMATIC, *given) if spec.optional else tuple(given)


def _lacking(field_id: str, setting: Setting) -> str:
    label = setting.label
    if setting.choices == "text_encoders":
        return f"takes no separate {label}"
    if field_id.startswith("refiner."):
        return "takes no refiner"
    return f"takes no {label if label.split()[0].isupper() else label.lower()}"


def _last(field_id: str) -> str:
    return field_id.rpartition(".")[2]
