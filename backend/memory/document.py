"""The tables of `docs/memory.md`: `python -m backend.memory.document` writes them anew."""

import re
import sys
from pathlib import Path

from backend.memory.estimate import GIB, MIB, READERS, SCALE, Parts
from backend.memory.plan import needs, plan
from backend.memory.published import published
from backend.memory.tables import load_tables
from backend.schema.memory import Budget, PlanView, Workload
from backend.schema.memory_settings import MemorySettings, Placement

PATH = Path(__file__).resolve().parents[2] / "docs" / "memory.md"
BUDGETS = (4, 6, 8, 12, 16, 24)
"""GB of a card, of 2³⁰ bytes."""
RAM = 32
_PLACEMENTS: tuple[Placement, ...] = ("resident", "model", "group", "leaf")
_SHORT: dict[Placement, str] = {
    "resident": "all resident",
    "model": "model offload",
    "group": "group offload",
    "leaf": "leaf offload",
}


def plans_table() -> str:
    """Family × budget → what is done, the peak, and how much slower it is."""
    rows = [_row(["", *(f"{size} GB" for size in BUDGETS)]), _row(["-"] * (len(BUDGETS) + 1))]
    for _, label, workload in published():
        budgets = (
            Budget(device="cuda", device_bytes=size * GIB, ram_bytes=RAM * GIB) for size in BUDGETS
        )
        cells = [_cell(plan(workload, budget), workload.prompts) for budget in budgets]
        side = f"{workload.width}²" if workload.width == workload.height else ""
        rows.append(_row([f"**{label}**, {side}", *cells]))
    return "\n".join(rows)


def _cell(view: PlanView, prompts: int) -> str:
    size = f"{view.peak_bytes / GIB:.1f}"
    if not view.fits:
        return f"needs {size}"
    words = [_SHORT[view.placement]]
    if view.placement == "model":
        network = next(part for part in view.parts if part.role == "diffusion_model")
        words = ["text encoders wait" if network.placement == "resident" else "model offload"]
    if any(part.storage == "fp8" for part in view.parts):
        words.append("fp8")
    if any(part.placement in ("group", "leaf") for part in view.parts if part.role in READERS):
        words.append("T5 in blocks")
    if view.prompts_at_once < prompts:
        words.append("CFG in turn")
    if view.vae_tile:
        words.append("tiled VAE")
    return f"{', '.join(words)}; {size}; ×{view.slow_down:.2f}"


def placements_table() -> str:
    """Family → parameters, activations and the peak of each placement while it draws."""
    head = ["", "network, parameters", "weights, 16 bits", "draws", "decodes", *_SHORT.values()]
    rows = [_row(head), _row(["-"] * len(head))]
    for _, label, workload in published():
        if not label.endswith("16 bits"):
            continue
        ways = (MemorySettings(placement=each, precision="exact") for each in _PLACEMENTS)
        peaks = [f"{needs(workload, 'cuda', way).draw_bytes / GIB:.2f}" for way in ways]
        network = next(part for part in workload.parts if part.role == "diffusion_model")
        rows.append(
            _row(
                [
                    f"**{label.removesuffix(', 16 bits')}**, {workload.width}²",
                    f"{network.parameters:,}",
                    f"{sum(part.bytes for part in workload.parts) / GIB:.2f}",
                    f"{_activations(workload, 'diffusion_model'):,}",
                    f"{_activations(workload, 'vae'):,}",
                    *peaks,
                ]
            )
        )
    return "\n".join(rows)


def _activations(workload: Workload, role: str) -> int:
    """In MiB, on a card."""
    parts = Parts.of(workload, "cuda", load_tables())
    pixels = workload.width * workload.height // SCALE**2
    if role == "vae":
        return parts.vae.activations(pixels) // MIB
    return parts.network.activations(pixels, workload.prompts) // MIB


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def written(document: str) -> str:
    """The document with its tables as they are now."""
    for name, table in (("plans", plans_table()), ("placements", placements_table())):
        pattern = rf"(<!-- {name} -->\n).*?(<!-- end of {name} -->)"
        filled = rf"\g<1>{table}\n\g<2>"
        document = re.sub(pattern, filled, document, flags=re.DOTALL)
    return document


def main() -> None:
    """Write the file."""
    PATH.write_text(written(PATH.read_text(encoding="utf-8")), encoding="utf-8")
    sys.stdout.write(f"{PATH.name} is current.\n")


if __name__ == "__main__":
    main()
