"""The parts of `docs/models.md` that are made of what the program knows, and the whole of it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from string import Template

from backend.library.identify.needs import needs_of
from backend.metadata.catalogue import load_catalogue
from backend.schema.catalogue import FamilyDefaults
from backend.schema.models import Family, ModelKind

DOCUMENT = Path(__file__).resolve().parent.parent / "docs" / "models.md"
TEMPLATE = Path(__file__).resolve().parent / "models_template.md"
_MEASURED = "<!-- measured -->\n"


@dataclass(frozen=True)
class Row:
    """What was measured of one kind of checkpoint."""

    family: str
    """As people name it, like the rest."""
    layout: str
    precision: str
    difference: float
    """The largest of any step from diffusers' pipeline; a row is there because it loads."""
    draws: bool = True

    @property
    def cells(self) -> tuple[str, ...]:
        """The row in words."""
        draws = "yes" if self.draws else "no"
        return (self.layout, self.precision, "yes", draws, f"{self.difference:.0e}")


def document(measured: str) -> str:
    """The whole text.

    Args:
        measured: What was measured, by `measured_tables` or kept from an older text.
    """
    template = Template(TEMPLATE.read_text(encoding="utf-8"))
    return template.substitute(
        defaults=defaults_table(),
        parts=parts_table(),
        folders=folders_table(),
        measured=measured,
    )


def kept_measurements(text: str) -> str:
    """What was measured when a text was written."""
    return text.partition(_MEASURED)[2].strip()


def measured_tables(rows: Sequence[Row], machine: str) -> str:
    """A table for each family, below the day and the machine."""
    head = ("layout", "precision", "loads", "draws", "largest difference")
    names = dict.fromkeys(row.family for row in rows)
    tables = (
        f"### {name}\n\n" + table(head, (row.cells for row in rows if row.family == name))
        for name in names
    )
    return "\n\n".join((f"{machine}.", *tables))


def measured_in(text: str) -> list[tuple[str, str, str]]:
    """The family, layout and precision of each row of a document's measured tables."""
    found: list[tuple[str, str, str]] = []
    family = ""
    for line in kept_measurements(text).splitlines():
        if line.startswith("### "):
            family = line.removeprefix("### ")
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if family and line.startswith("| ") and cells[0] != "layout":
            found.append((family, cells[0], cells[1]))
    return found


def defaults_table() -> str:
    """What each family and variant draws best with."""
    head = ("family", "size", "steps", "CFG scale", "sampler", "schedule", "guidance", "remarks")
    offered = load_catalogue()
    labels = {each.id: each.label for each in (*offered.samplers, *offered.schedules)}
    rows: list[tuple[str, ...]] = []
    for family in offered.families:
        rows.append((family.label, *_settings(family.defaults, labels), ""))
        rows += [
            (f"{family.label}, {each.label}", *_settings(each.defaults, labels), each.note)
            for each in family.variants
        ]
    return table(head, rows)


def _settings(usual: FamilyDefaults, labels: Mapping[str, str]) -> tuple[str, ...]:
    return (
        f"{usual.width} × {usual.height}",
        str(usual.steps),
        f"{usual.cfg_scale:g}",
        labels[usual.sampler],
        labels[usual.schedule],
        "" if usual.guidance is None else f"{usual.guidance:g}",
    )


def parts_table() -> str:
    """What a network alone needs beside it."""
    rows = [
        (
            Family(family.id).label,
            need.label.partition(" (")[0] + (", may be missing" if need.optional else ""),
            f"`{need.usual}`" if need.usual else "",
            f"`models/{need.folder}`",
        )
        for family in load_catalogue().families
        for need in needs_of(ModelKind.DIFFUSION_MODEL, Family(family.id), ())
    ]
    return table(("family", "part", "usual name", "folder"), rows)


def folders_table() -> str:
    """Where each kind of file belongs."""
    rows = [(kind.label, f"`models/{kind.folder}`") for kind in ModelKind if kind.folder]
    return table(("kind", "folder"), rows)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [f"| {' | '.join(cells)} |" for cells in (head, *rows)]
    return "\n".join((lines[0], "|-" * len(head) + "|", *lines[1:]))
