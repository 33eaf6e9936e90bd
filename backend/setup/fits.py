"""Which families of models fit a machine, from what they are known to need."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from backend.setup.probe import Probe

GIB = 2**30
MIB_IN_GIB = 1024
SHARED = 0.75
"""The part of a Mac's memory that its graphics may take."""
CATALOGUE = Path(__file__).parents[1] / "schema" / "catalogue.json"


@dataclass(frozen=True)
class Need:
    """What a family of models needs, in GB."""

    label: str
    family: str
    """Its id in the catalogue."""
    card: int
    """The card's memory with which it works."""
    comfortable: int
    """The card's memory with which it works at full speed."""
    memory: int
    """The machine's memory with which it draws on the processor."""


NEEDS = (
    Need("SD 1.5", "sd15", 4, 6, 8),
    Need("SD 2.x", "sd2", 6, 8, 8),
    Need("SDXL, Pony", "sdxl", 8, 12, 16),
    Need("SD 3, SD 3.5", "sd3", 16, 24, 32),
    Need("FLUX", "flux", 16, 24, 64),
)


@dataclass(frozen=True)
class Verdict:
    """Whether a family fits, in words."""

    label: str
    fits: bool
    words: str


def judge(probe: Probe, *, on_card: bool) -> Sequence[Verdict]:
    """The verdict on each family.

    Args:
        probe: The machine.
        on_card: Whether PyTorch computes on its card.
    """
    known = known_families()
    memory = round(probe.memory_bytes / GIB)
    card = card_memory(probe) if on_card else 0
    verdicts = [Verdict("starter model", fits=True, words="fits, and draws within seconds")]
    for need in NEEDS:
        verdict = _on_card(need, card) if card else _on_processor(need, memory)
        if need.family not in known:
            verdict = Verdict(
                verdict.label, verdict.fits, f"{verdict.words} (Easel does not draw with it yet)"
            )
        verdicts.append(verdict)
    return verdicts


def card_memory(probe: Probe) -> int:
    """The memory of the best card in GB; 0 where there is none or it is not known."""
    if probe.system == "Darwin":
        return round(probe.memory_bytes / GIB * SHARED)
    sizes = [card.memory_mib for card in probe.nvidia_cards] or [probe.amd_memory_mib]
    return round(max(sizes) / MIB_IN_GIB)


def known_families() -> frozenset[str]:
    """The ids of the families that Easel draws with."""
    catalogue = json.loads(CATALOGUE.read_text(encoding="utf-8"))
    return frozenset(family["id"] for family in catalogue["families"])


def _on_card(need: Need, card: int) -> Verdict:
    if card >= need.comfortable:
        return Verdict(need.label, fits=True, words="fits well")
    if card >= need.card:
        return Verdict(need.label, fits=True, words="fits, at its usual picture size")
    return Verdict(need.label, fits=False, words=f"needs a card with {need.card} GB")


def _on_processor(need: Need, memory: int) -> Verdict:
    if memory >= need.memory:
        return Verdict(need.label, fits=True, words="fits, but takes minutes on the processor")
    return Verdict(need.label, fits=False, words=f"needs {need.memory} GB of memory, or a card")
