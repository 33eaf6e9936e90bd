"""Disappointments, each with what helps against it, in the order in which to try it."""

from dataclasses import dataclass

from backend.advice import lora_rungs, rungs
from backend.advice.case import Case
from backend.advice.rungs import Rung
from backend.schema.advice import Ladder


@dataclass(frozen=True)
class Symptom:
    """What may be wrong with a picture."""

    id: str
    label: str
    rungs: tuple[Rung, ...]
    """A new one is a function and its place here."""


SYMPTOMS: tuple[Symptom, ...] = (
    Symptom(
        "blurry",
        "Blurry",
        (rungs.more_steps, rungs.other_sampler, rungs.native_size, rungs.sharp_words),
    ),
    Symptom(
        "composition",
        "Wrong composition",
        (rungs.subject_first, rungs.other_seeds, rungs.follow_words),
    ),
    Symptom(
        "artefacts",
        "Artefacts",
        (
            rungs.lower_cfg,
            rungs.suited_sampler,
            rungs.enough_steps,
            rungs.native_size,
            lora_rungs.calmer_loras,
            rungs.other_seeds,
        ),
    ),
    Symptom(
        "style",
        "Style does not match",
        (
            lora_rungs.stronger_loras,
            lora_rungs.trigger_words,
            lora_rungs.weighted_words,
            rungs.follow_words,
            lora_rungs.model_of_the_style,
        ),
    ),
    Symptom(
        "anatomy",
        "Repeated objects, anatomy",
        (rungs.usual_cfg, rungs.not_larger, rungs.named_limbs, rungs.other_seeds),
    ),
    Symptom("colours", "Colours are off", (rungs.own_vae, rungs.lower_cfg, rungs.coloured_words)),
    Symptom(
        "slow",
        "Too slow",
        (
            rungs.fewer_steps,
            rungs.single_calls,
            rungs.device,
            rungs.stays_resident,
            rungs.distilled,
        ),
    ),
    Symptom(
        "memory",
        "Out of memory",
        (
            rungs.drawn_in_tiles,
            rungs.eight_bits,
            rungs.smaller_size,
            rungs.one_at_a_time,
            rungs.comes_and_goes,
            rungs.in_tiles,
            rungs.other_programs,
        ),
    ),
)


def ladders_of(case: Case) -> tuple[Ladder, ...]:
    """What helps a picture with these settings; symptoms without anything are left out."""
    found = (_ladder(symptom, case) for symptom in SYMPTOMS)
    return tuple(ladder for ladder in found if ladder.rungs)


def _ladder(symptom: Symptom, case: Case) -> Ladder:
    told = (rung(case) for rung in symptom.rungs)
    steps = tuple(advice for advice in told if advice is not None)
    return Ladder(id=symptom.id, label=symptom.label, rungs=steps)
