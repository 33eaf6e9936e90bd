"""What the page's own code knows of the library: small enough for its head."""

from collections.abc import Mapping
from math import log, sqrt
from pathlib import PurePath

from pydantic import Field

from backend.advice.usual import Usual
from backend.api.verbs import Models
from backend.schema.base import Frozen
from backend.schema.catalogue import (
    CheckpointInfo,
    ComponentInfo,
    FamilyDefaults,
    FamilyInfo,
    VariantInfo,
)
from backend.schema.fields import FieldSpec, Scalar
from backend.schema.generation import GENERATION_FIELDS
from backend.schema.jobs import Actor
from backend.schema.picture_settings import nearest_side

SHAPES = ("1:1", "3:4", "4:3", "9:16", "16:9")
"""What the page offers; `templates/shape.html` has them, too."""


class Start(Frozen):
    """Where the form starts with a checkpoint."""

    told: str
    """In words: “Settings for SDXL Turbo: 512 × 512, 4 steps, CFG 1”."""
    fields: dict[str, Scalar]
    """By dotted id."""
    usual: dict[str, tuple[float, float]]
    """From where to where settings give good pictures, by dotted id."""
    shapes: dict[str, tuple[int, int]]
    """The width and height that it draws best, by about their proportions."""
    prompt: str = ""
    """Words that its makers have every prompt begin with."""
    negative: str = ""


class FamilyFacts(Frozen):
    """A family; `starts` are its own, under the empty name, and those of its variants."""

    id: str
    label: str
    uses: tuple[str, ...]
    size_multiple: int
    starts: dict[str, Start]


class CheckpointFacts(Frozen):
    """One checkpoint; many thousands may be told, so that it holds only what differs."""

    id: str
    name: str
    family: str
    variant: str = ""
    """The one of its family's starts that is its own."""
    start: Start | None = None
    """In place of that, where a side-car tells other settings."""
    note: str = ""
    problem: str = ""
    """Why it cannot draw, in words."""
    refiner: bool = False
    automatic: Mapping[str, str] = Field(default_factory=dict)
    """By role, the separate file that is taken where none is chosen."""


class ComponentFacts(Frozen):
    """A VAE or text encoder that can be chosen."""

    id: str
    name: str
    role: str
    fits: tuple[str, ...]


class LibraryFacts(Frozen):
    """All that can be chosen, those that can draw first."""

    families: tuple[FamilyFacts, ...]
    checkpoints: tuple[CheckpointFacts, ...]
    components: tuple[ComponentFacts, ...]
    revision: int
    """Grows with each change."""

    @property
    def first(self) -> CheckpointFacts | None:
        """The checkpoint that a first visit starts with; None where none can draw."""
        able = (each for each in self.checkpoints if not each.problem and not each.refiner)
        return next(able, None)

    def start(self, checkpoint: CheckpointFacts | None) -> Start:
        """Where the form starts with this checkpoint, or with none."""
        if checkpoint is None:
            return self.families[0].starts[""]
        family = next(each for each in self.families if each.id == checkpoint.family)
        return checkpoint.start or family.starts[checkpoint.variant]


def library_facts(models: Models, actor: Actor) -> LibraryFacts:
    """The library as it is now."""
    revision = models.state(actor).revision  # first: what changes meanwhile is told next time
    families = {family.id: family for family in models.catalogue().families}
    checkpoints = [
        info for info in models.checkpoints(actor) if info.family in families or info.refiner
    ]
    return LibraryFacts(
        families=tuple(family_facts(family) for family in families.values()),
        checkpoints=tuple(
            _checkpoint(info, families.get(info.family), _automatic(info, models, actor))
            for info in checkpoints
        ),
        components=tuple(_component(info) for info in models.components(actor)),
        revision=revision,
    )


def family_facts(family: FamilyInfo) -> FamilyFacts:
    """What the form needs of a family."""
    variants = {
        each.id: _start(each.defaults, _variant_label(family, each), family)
        for each in family.variants
    }
    return FamilyFacts(
        id=family.id,
        label=family.label,
        uses=family.uses,
        size_multiple=family.size_multiple,
        starts={"": _start(family.defaults, family.label, family)} | variants,
    )


def _automatic(info: CheckpointInfo, models: Models, actor: Actor) -> dict[str, str]:
    """Only a checkpoint that does not hold all its parts takes some from elsewhere."""
    if not info.needs or info.problem:
        return {}
    chosen = models.parts_for(actor, info)
    return {role: PurePath(component.path).name for role, component in chosen.items()}


def _checkpoint(
    info: CheckpointInfo, family: FamilyInfo | None, automatic: Mapping[str, str]
) -> CheckpointFacts:
    variants = family.variants if family else ()
    variant = next((each for each in variants if each.id in info.variants), None)
    usual = family.defaults_for(info.variants) if family else None
    return CheckpointFacts(
        id=info.id,
        name=info.name,
        family=info.family,
        variant=variant.id if variant else "",
        start=None if info.defaults == usual else _start(info.defaults, info.name, family),
        note=info.note or (variant.note if variant else ""),
        problem=info.problem.sentence if info.problem else "",
        refiner=info.refiner,
        automatic=automatic,
    )


def _component(info: ComponentInfo) -> ComponentFacts:
    return ComponentFacts(id=info.id, name=info.name, role=info.role, fits=info.fits)


def _variant_label(family: FamilyInfo, variant: VariantInfo) -> str:
    label = variant.label
    return label if label.startswith(family.label) else f"{family.label} {label}"


def _start(defaults: FamilyDefaults, label: str, family: FamilyInfo | None) -> Start:
    """A family names its settings by the last part of their fields' ids."""
    known: dict[str, Scalar] = defaults.model_dump(exclude={"prompt", "negative"})
    names = {
        spec.id: spec.id.rpartition(".")[2] for spec in GENERATION_FIELDS if _is_a_default(spec)
    }
    usual = Usual.of(defaults)
    return Start(
        told=_told(defaults, label),
        usual={"sampling.steps": usual.steps, "sampling.cfg_scale": usual.cfg_scale},
        shapes={shape: _shaped(shape, defaults, family) for shape in SHAPES},
        fields={field_id: known[name] for field_id, name in names.items() if name in known},
        prompt=defaults.prompt,
        negative=defaults.negative,
    )


def _is_a_default(spec: FieldSpec) -> bool:
    """Whether a field may be a family's to choose; a later pass is as the first one."""
    return spec.optional and not spec.setting.unset


def _shaped(shape: str, defaults: FamilyDefaults, family: FamilyInfo | None) -> tuple[int, int]:
    """The size of about these proportions that is drawn best.

    One that the family learned; where the checkpoint learned another one, or the family any, as
    many pixels as the checkpoint draws best with.
    """
    across, down = (int(side) for side in shape.split(":"))
    sizes = family.sizes if family else ()
    if (defaults.width, defaults.height) in sizes:
        wide = max(across / down, down / across)
        long, short = min(sizes, key=lambda size: abs(log(size[0] / size[1] / wide)))
        return (long, short) if across >= down else (short, long)
    multiple = family.size_multiple if family else 8
    area = defaults.width * defaults.height
    sides = (sqrt(area * across / down), sqrt(area * down / across))
    width, height = (nearest_side(int(side), multiple) for side in sides)
    return width, height


def _told(defaults: FamilyDefaults, label: str) -> str:
    size = f"{defaults.width} × {defaults.height}"
    steps = "1 step" if defaults.steps == 1 else f"{defaults.steps} steps"
    strength = f"CFG {defaults.cfg_scale:g}"
    if defaults.guidance is not None:
        strength += f", guidance {defaults.guidance:g}"
    return f"Settings for {label}: {size}, {steps}, {strength}"
