"""What the page's own code knows of the form: fields, choices, checkpoints, examples."""

from backend.api.verbs import Models
from backend.schema.base import Frozen
from backend.schema.catalogue import CheckpointInfo, FamilyDefaults
from backend.schema.fields import FieldSpec, Kind, Scalar
from backend.schema.generation import GENERATION_FIELDS
from backend.schema.jobs import Actor
from backend.version import VERSION
from ui.binding import Choices, element_id
from ui.examples import Example, load_examples


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


class CheckpointFacts(Frozen):
    """One checkpoint, with the values that its fields start from."""

    id: str
    name: str
    family: str
    note: str
    defaults: dict[str, Scalar]


class PageFacts(Frozen):
    """Everything, handed over in the page's head."""

    version: str
    fields: tuple[FieldFacts, ...]
    choices: dict[str, Choices]
    checkpoints: tuple[CheckpointFacts, ...]
    fallback: dict[str, Scalar]
    """What the fields start from while no checkpoint is installed."""
    examples: tuple[Example, ...]

    def starting_value(self, field_id: str) -> Scalar:
        """What the field shows before anybody touched it."""
        if field_id == "model.checkpoint":
            return self.checkpoints[0].id if self.checkpoints else None
        defaults = self.checkpoints[0].defaults if self.checkpoints else self.fallback
        field = next(field for field in self.fields if field.id == field_id)
        return defaults.get(field_id, field.default)


def page_facts(models: Models, actor: Actor) -> PageFacts:
    """Gather the facts as they are now; a checkpoint added since the last visit is among them."""
    catalogue = models.catalogue()
    families = {family.id: family.label for family in catalogue.families}
    checkpoints = models.checkpoints(actor)
    return PageFacts(
        version=VERSION,
        fields=tuple(_field(spec) for spec in GENERATION_FIELDS),
        choices={
            "checkpoints": tuple((info.name, info.id) for info in checkpoints),
            "samplers": tuple((sampler.label, sampler.id) for sampler in catalogue.samplers),
            "schedules": tuple((schedule.label, schedule.id) for schedule in catalogue.schedules),
        },
        checkpoints=tuple(_checkpoint(info, families) for info in checkpoints),
        fallback=_by_field(catalogue.families[0].defaults),
        examples=load_examples(),
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
        choices=setting.choices,
    )


def _checkpoint(info: CheckpointInfo, families: dict[str, str]) -> CheckpointFacts:
    return CheckpointFacts(
        id=info.id,
        name=info.name,
        family=families.get(info.family, info.family),
        note=info.note,
        defaults=_by_field(info.defaults),
    )


def _by_field(defaults: FamilyDefaults) -> dict[str, Scalar]:
    """Defaults by dotted id; a family names them by the last part."""
    known: dict[str, Scalar] = defaults.model_dump()
    names = {spec.id: spec.id.rpartition(".")[2] for spec in GENERATION_FIELDS if spec.optional}
    return {field_id: known[name] for field_id, name in names.items() if name in known}
