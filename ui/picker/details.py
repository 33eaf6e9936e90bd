"""All that is known of one model, for the pane beside the list."""

from backend.api.verbs import Models, Verbs
from backend.schema.base import Frozen
from backend.schema.catalogue import CheckpointInfo
from backend.schema.jobs import Actor, Role
from backend.schema.library import LibraryEntry, SideCar
from backend.schema.models import ModelFile, Need, Part, Problem
from backend.schema.sizes import readable_bytes
from ui.memory.fits import Fit, fit_of
from ui.picker.previews import version_of
from ui.picker.words import amount, capital, prediction, role, source

_MISSING = Problem(
    code="missing",
    sentence="It lacks parts that are in files of their own.",
    hint="Put them into the folders below, then press Rescan.",
)


class ShownFact(Frozen):
    """A line of the table."""

    label: str
    value: str
    known: str = ""
    """How it is known."""
    copied: str = ""
    """What its button copies; empty where it has none."""


class ShownNeed(Frozen):
    """A part that is missing, and where to put it."""

    label: str
    folder: str
    optional: bool


class ShownPart(Frozen):
    """A part that is inside."""

    label: str
    parameters: str
    size: str
    precision: str


class Details(Frozen):
    """Everything that the pane shows."""

    id: str
    name: str
    mine: bool
    """Whether the person may see paths and write notes."""
    preview: str
    """What changes with the picture; empty where there is none."""
    able: bool
    """Whether it can be chosen."""
    refiner: bool
    problem: Problem | None
    convertible: bool
    needs: tuple[ShownNeed, ...]
    notes: tuple[str, ...]
    description: str
    words: tuple[str, ...]
    fit: Fit | None
    facts: tuple[ShownFact, ...]
    parts: tuple[ShownPart, ...]
    note: str


def details_of(studio: Verbs, actor: Actor, model_id: str) -> Details:
    """Gather what is known.

    Raises:
        NotFoundError: When the library has no such model.
    """
    models = studio.models
    entry = models.entry(actor, model_id)
    model, card = entry.model, entry.card or SideCar()
    info = next((one for one in models.checkpoints(actor) if one.id == model_id), None)
    problem = _MISSING if info and info.missing else info.problem if info else entry.problem
    mine = actor.role is Role.OWNER
    words = (*(model.trigger_words if model else ()), *card.trigger_words)
    return Details(
        id=entry.id,
        name=info.name if info else entry.name,
        mine=mine,
        preview=version_of(card),
        able=info is not None and not problem and not info.refiner,
        refiner=info is not None and info.refiner,
        problem=problem,
        convertible=mine and problem is not None and problem.code == "pickle",
        needs=_needs(info, models, actor) if mine else (),
        notes=_notes(info, model),
        description=card.description,
        words=tuple(dict.fromkeys(words)),
        fit=fit_of(studio.memory, actor, info) if info else None,
        facts=tuple(fact for fact in _facts(entry, info, mine=mine) if fact.value),
        parts=tuple(map(_part, model.parts)) if model else (),
        note=studio.notes.get(actor, model_id) if mine else "",
    )


def _needs(info: CheckpointInfo | None, models: Models, actor: Actor) -> tuple[ShownNeed, ...]:
    """What must be added; for a checkpoint that can draw, what it would draw better with."""
    if info is None:
        return ()
    there = models.parts_for(actor, info)
    optional = (need for need in info.needs if need.optional and need.role not in there)
    home = models.folders(actor)[0].path
    needs = info.missing if info.problem else tuple(optional)
    return tuple(_need(need, home) for need in needs)


def _need(need: Need, home: str) -> ShownNeed:
    return ShownNeed(label=need.label, folder=f"{home}/{need.folder}", optional=need.optional)


def _notes(info: CheckpointInfo | None, model: ModelFile | None) -> tuple[str, ...]:
    notes = (info.note if info else "", *(model.notes if model else ()))
    return tuple(dict.fromkeys(note for note in notes if note))


def _facts(entry: LibraryEntry, info: CheckpointInfo | None, *, mine: bool) -> list[ShownFact]:
    card = entry.card or SideCar()
    size = ShownFact(label="Size", value=readable_bytes(entry.bytes))
    path = entry.path if mine else entry.id
    file = ShownFact(label="File", value=path, copied=path if mine else "")
    source_page = ShownFact(label="Source", value=card.source)
    base = ShownFact(label="Trained on", value=card.base_model)
    about = _facts_of(entry.model, info) if entry.model else []
    return [*about, size, base, _hash(entry), source_page, file]


def _facts_of(model: ModelFile, info: CheckpointInfo | None) -> list[ShownFact]:
    variants = (
        ShownFact(label="Variant", value=capital(fact.value), known=source(fact))
        for fact in model.variants
    )
    predicted = model.prediction
    if predicted:
        told = ShownFact(
            label="Predicts", value=prediction(predicted.value), known=source(predicted)
        )
    else:
        told = ShownFact(label="Predicts", value=prediction(info.prediction) if info else "")
    return [
        ShownFact(label="Kind", value=capital(model.kind.label)),
        ShownFact(label="Family", value=model.family_label),
        *variants,
        told,
        ShownFact(label="Precision", value=model.precision.label),
        ShownFact(label="Parameters", value=amount(model.parameters)),
        ShownFact(label="Author", value=model.author),
        ShownFact(label="Licence", value=model.license or "not told by the file"),
    ]


def _hash(entry: LibraryEntry) -> ShownFact:
    if entry.hashes is None:
        return ShownFact(label="Hash", value="being worked out")
    return ShownFact(label="Hash", value=entry.hashes.short, copied=entry.hashes.sha256)


def _part(part: Part) -> ShownPart:
    return ShownPart(
        label=role(part.role),
        parameters=amount(part.parameters),
        size=readable_bytes(part.bytes),
        precision=part.precision,
    )
