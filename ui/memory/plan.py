"""How the form's picture fits, as it stands above Generate."""

from collections.abc import Iterator

from backend.memory.estimate import GIB
from backend.schema.base import Frozen
from backend.schema.memory import PlanView
from ui.memory.fits import PlanState, state_of
from ui.memory.words import about, gigabytes

_KINDS = {
    "Text encoders": "text",
    "Denoising network": "network",
    "ControlNet": "control",
    "VAE": "vae",
    "Adapters": "adapters",
    "Activations": "activations",
    "Reserve": "reserve",
}
"""How each piece of a plan is coloured."""


class Stripe(Frozen):
    """One piece of a bar."""

    kind: str
    label: str
    size: str
    percent: float


class ShownPlan(Frozen):
    """A plan with all that is drawn of it."""

    state: PlanState
    words: str
    """The sentence, as far as it may be cut where there is little room."""
    end: str
    """The rest, which is always seen: how much slower, and how long it takes."""
    hint: str
    why: tuple[str, ...]
    stripes: tuple[Stripe, ...]
    limit: float | None
    """Where the budget ends on the bar, in percent, where more is needed."""


def shown(view: PlanView, batches: int) -> ShownPlan:
    """What is drawn of a plan.

    Args:
        view: The plan of one batch.
        batches: How many are made.
    """
    there = view.budget.device_bytes
    if view.budget.shared:
        there = min(there, view.budget.ram_bytes)
    whole = max(there, view.peak_bytes)
    words, end = _sentence(view, there)
    time = f"Takes {about(view.seconds * batches)}." if view.seconds and view.fits else ""
    return ShownPlan(
        state=state_of(view),
        words=words,
        end=f"{end} {time}".strip(),
        hint=view.hint,
        why=view.why,
        stripes=tuple(_stripes(view, whole)),
        limit=100 * there / whole if whole > there else None,
    )


def _sentence(view: PlanView, there: int) -> tuple[str, str]:
    """What may be cut, and what may not; shorter than the plan's where there is nothing to tell."""
    if not view.fits:
        return view.sentence, ""
    if view.slow_down == 1:
        return f"Needs {view.peak_bytes / GIB:.1f} of {gigabytes(there)}, at full speed.", ""
    words, _, slower = view.sentence.rpartition(", ")
    return f"{words},", slower


def _stripes(view: PlanView, whole: int) -> Iterator[Stripe]:
    for piece in view.pieces:
        yield Stripe(
            kind=_KINDS[piece.label],
            label=piece.label,
            size=gigabytes(piece.bytes),
            percent=100 * piece.bytes / whole,
        )
