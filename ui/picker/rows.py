"""The list of checkpoints, searched and page by page."""

from collections.abc import Callable, Sequence
from pathlib import PurePath

from backend.api.verbs import Models
from backend.schema.base import Frozen
from backend.schema.catalogue import CheckpointInfo
from backend.schema.jobs import Actor
from backend.schema.sizes import readable_bytes
from ui.memory.fits import Fit
from ui.picker.previews import version_of
from ui.picker.words import capital, lacking

FitOf = Callable[[CheckpointInfo], Fit | None]
PAGE = 60
"""Rows that are drawn at a time: enough for any screen, and quick with thousands of models."""


class Row(Frozen):
    """One checkpoint in the list."""

    id: str
    name: str
    cover: str
    """What stands in place of a picture."""
    line: str
    variants: tuple[str, ...]
    problem: str
    able: bool
    """Whether it can be chosen."""
    preview: str
    """What changes with the picture; empty where there is none."""
    fit: Fit | None
    heading: str = ""
    """Of the rows that begin with this one."""


class Rows(Frozen):
    """A page of the list."""

    rows: tuple[Row, ...]
    offset: int
    more: int = 0
    """Where the next page begins; 0 where there is none."""
    nothing: str = ""
    """What is said when there is no row at all."""


def rows_of(models: Models, actor: Actor, search: str, offset: int, fit: FitOf) -> Rows:
    """The rows from `offset` on that have every word of `search`, each with its badge."""
    there = models.checkpoints(actor)
    words = search.casefold().split()
    found = [info for info in there if all(word in _text(info) for word in words)]
    page = found[offset : offset + PAGE]
    rows = tuple(
        _row(info, models, actor).model_copy(
            update={"heading": _heading(found, offset + place), "fit": fit(info)}
        )
        for place, info in enumerate(page)
    )
    more = offset + PAGE if len(found) > offset + PAGE else 0
    return Rows(rows=rows, offset=offset, more=more, nothing=_nothing(models, actor, search))


def _text(info: CheckpointInfo) -> str:
    variants = " ".join(info.variants)
    return f"{info.name} {info.id} {info.family_label} {info.precision} {variants}".casefold()


def _row(info: CheckpointInfo, models: Models, actor: Actor) -> Row:
    card = models.entry(actor, info.id).card
    facts = (info.family_label, readable_bytes(info.bytes), info.precision)
    return Row(
        id=info.id,
        name=info.name,
        cover=info.family_label or PurePath(info.path).suffix,
        line=" · ".join(fact for fact in facts if fact),
        variants=("Refiner",) if info.refiner else tuple(map(capital, info.variants)),
        problem=lacking(info.missing) or (info.problem.sentence if info.problem else ""),
        able=not info.problem and not info.refiner,
        preview=version_of(card),
        fit=None,
    )


def _heading(found: Sequence[CheckpointInfo], place: int) -> str:
    """Only lists with both kinds have headings."""
    able = sum(info.problem is None for info in found)
    if 0 < able < len(found) and place in (0, able):
        return "Ready to draw" if place == 0 else "Cannot draw yet"
    return ""


def _nothing(models: Models, actor: Actor, search: str) -> str:
    if models.state(actor).scanning:
        return "Looking through the folders. This takes a moment the first time."
    if search:
        return f"No model has “{search}” in its name, family or file."
    return "There is no model yet. Put one into the models folder and press Rescan."
