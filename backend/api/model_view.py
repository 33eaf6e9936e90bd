"""A model as the command line tells it: as JSON, as a row of a table, as a page of facts."""

from collections.abc import Iterable, Mapping

from backend.schema.base import Frozen
from backend.schema.catalogue import CheckpointInfo, ComponentInfo
from backend.schema.library import Hashes, LibraryEntry, SideCar
from backend.schema.models import ModelFile, Need, Part, Problem, Role

COLUMNS = ("KIND", "FAMILY", "VARIANT", "PRECISION", "SIZE", "NAME", "STATE")
_UNITS = ("bytes", "KB", "MB", "GB", "TB")
_THOUSAND = 1000


class NeedView(Frozen):
    """A part that a model does not hold, and the file that is chosen for it."""

    role: Role
    label: str
    optional: bool
    chosen: str | None
    """The library's id of the file; null where there is none."""


class ModelView(Frozen):
    """Everything that is known of a model without loading it."""

    id: str
    path: str
    name: str
    kind: str
    """`unknown` where it is no model that Easel knows."""
    format: str
    family: str
    family_label: str
    fits: tuple[str, ...]
    variants: tuple[str, ...]
    control: tuple[str, ...]
    """What maps a control model follows."""
    precision: str
    prediction: str
    bytes: int
    parameters: int
    parts: tuple[Part, ...]
    needs: tuple[NeedView, ...]
    problem: Problem | None
    card: SideCar | None
    hashes: Hashes | None

    @property
    def state(self) -> str:
        """Whether it can be used, in words."""
        if self.problem:
            return self.problem.sentence
        if self.kind in ("checkpoint", "diffusion_model"):
            return "ready"
        return f"for {self.family_label}" if self.fits else "identified"

    @property
    def row(self) -> tuple[str, ...]:
        """What stands under `COLUMNS`."""
        family = self.family_label if self.family != "unknown" or self.fits else ""
        variants = ", ".join(self.variants)
        size = readable_size(self.bytes)
        cells = (self.kind, family, variants, self.precision, size, self.name, self.state)
        return tuple(map(printable, cells))


def view_of(
    entry: LibraryEntry,
    checkpoint: CheckpointInfo | None,
    chosen: Mapping[Role, ComponentInfo],
) -> ModelView:
    """All that is known of an entry.

    Args:
        entry: The file or folder.
        checkpoint: It as the picker offers it; None where it is nothing to draw with.
        chosen: The files for the parts that it does not hold.
    """
    model = entry.model
    return ModelView(
        id=entry.id,
        path=entry.path,
        name=checkpoint.name if checkpoint else entry.name,
        kind=model.kind.value if model else "unknown",
        format=model.format if model else "",
        family=model.family.value if model else "unknown",
        family_label=model.family_label if model else "",
        fits=model.fits if model else (),
        variants=tuple(fact.value for fact in model.variants) if model else (),
        control=tuple(each.value for each in model.control) if model else (),
        precision=model.precision.label if model else "",
        prediction=model.prediction.value if model and model.prediction else "",
        bytes=entry.bytes,
        parameters=model.parameters if model else 0,
        parts=model.parts if model else (),
        needs=tuple(_need(need, chosen) for need in _needs(model)),
        problem=checkpoint.problem if checkpoint else entry.problem,
        card=entry.card,
        hashes=entry.hashes,
    )


def facts(view: ModelView) -> Iterable[tuple[str, str]]:
    """What `models show` prints: a label and a text for each thing that is known."""
    hashes = view.hashes
    told = (
        ("Path", view.path),
        ("Kind", view.kind.replace("_", " ")),
        ("Family", view.family_label),
        ("Variants", ", ".join(view.variants)),
        ("Follows", ", ".join(each.replace("_", " ") for each in view.control)),
        ("Precision", view.precision),
        ("Predicts", view.prediction),
        ("Size", readable_size(view.bytes)),
        ("Inside", ", ".join(f"{part.role} ({part.precision})" for part in view.parts)),
        *((f"Needs {need.role}", _answer(need)) for need in view.needs),
        ("SHA-256", hashes.sha256 if hashes else ""),
        ("Short hash", hashes.short if hashes else ""),
        ("AutoV3", hashes.tensors if hashes else ""),
        ("State", view.state),
        ("Next", view.problem.hint if view.problem else ""),
    )
    return ((label, printable(text)) for label, text in told if text)


def readable_size(count: float) -> str:
    """Bytes in short: “2.1 GB”."""
    for unit in _UNITS[:-1]:
        if count < _THOUSAND:
            return f"{count:.0f} {unit}" if unit in _UNITS[:2] else f"{count:.1f} {unit}"
        count /= _THOUSAND
    return f"{count:.1f} {_UNITS[-1]}"


def printable(text: str) -> str:
    """The text on one line, without what would steer a terminal."""
    if text.isprintable():
        return text
    return "".join(sign if sign.isprintable() else "�" for sign in text)


def _needs(model: ModelFile | None) -> tuple[Need, ...]:
    return model.needs if model else ()


def _need(need: Need, chosen: Mapping[Role, ComponentInfo]) -> NeedView:
    found = chosen.get(need.role)
    return NeedView(
        role=need.role,
        label=need.label,
        optional=need.optional,
        chosen=found.id if found else None,
    )


def _answer(need: NeedView) -> str:
    if need.chosen:
        return need.chosen
    return f"{need.label}, {'optional, ' if need.optional else ''}in no models folder"
