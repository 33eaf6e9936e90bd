"""Settings that are known to be wrong for a model, each with the change that sets it right.

Sources: what the models' makers publish beside them, and what users report again and again. A
warning never keeps anybody from drawing.
"""

from collections.abc import Callable, Iterator

from backend.advice.case import Case
from backend.schema.advice import Advice

Warn = Callable[[Case], Advice | None]

_FEWEST_STEPS, _MOST_STEPS = 8, 50
_LOOSEST_CFG, _STRICTEST_CFG = 2.0, 15.0
_LEAST_GUIDANCE, _MOST_GUIDANCE = 1.0, 10.0
_CALLS_OF_SDE = 15
"""Samplers that add noise at each step have to take it away again in as many calls at least."""
_MANY_CONTROLS = 3

_LEAST_OF_LATENT = 0.55
"""Of a second pass on enlarged latents, as A1111's users advise."""


def warnings_of(case: Case) -> tuple[Advice, ...]:
    """What is wrong with a request, the worst first; nothing where all is well."""
    return tuple(_told(case))


def _told(case: Case) -> Iterator[Advice]:
    for warn in WARNINGS:
        advice = warn(case)
        if advice is not None:
            yield advice


def burning_cfg(case: Case) -> Advice | None:
    """CFG on a model that draws without, or with hardly any."""
    scale, most = case.wanted.sampling.cfg_scale, case.usual.cfg_scale[1]
    best = case.best
    if best.guidance is not None and scale > most:
        return Advice(
            sentence=f"{case.label} takes distilled guidance in place of CFG: CFG scale {scale:g} "
            "burns the picture and takes twice as long.",
            remedy=case.change({"sampling.cfg_scale": best.cfg_scale}),
        )
    if case.usual.quick and scale > max(most, _LOOSEST_CFG):
        return Advice(
            sentence=f"{case.label} is made for CFG scale {_up_to(most)}: {scale:g} burns colours.",
            remedy=case.change({"sampling.cfg_scale": best.cfg_scale}),
        )
    return None


def strict_cfg(case: Case) -> Advice | None:
    """CFG so high that any model burns."""
    scale = case.wanted.sampling.cfg_scale
    if case.usual.quick or case.usual.cfg_scale[1] <= 1 or scale < _STRICTEST_CFG:
        return None
    return Advice(
        sentence=f"CFG scale {scale:g} burns colours and hardens edges.",
        remedy=case.change({"sampling.cfg_scale": case.best.cfg_scale}),
    )


def loose_cfg(case: Case) -> Advice | None:
    """CFG so low that the prompt is hardly followed."""
    scale = case.wanted.sampling.cfg_scale
    if case.usual.cfg_scale[0] <= _LOOSEST_CFG or scale >= _LOOSEST_CFG:
        return None
    return Advice(
        sentence=f"At CFG scale {scale:g} the prompt is hardly followed.",
        remedy=case.change({"sampling.cfg_scale": case.best.cfg_scale}),
    )


def unheard_negative(case: Case) -> Advice | None:
    """A negative prompt that has no effect."""
    if case.wanted.sampling.cfg_scale > 1 or not case.wanted.prompt.negative.strip():
        return None
    return Advice(
        sentence="With CFG scale 1 the negative prompt has no effect.",
        remedy=case.change({"prompt.negative": ""}, "Empty it"),
    )


def odd_guidance(case: Case) -> Advice | None:
    """Distilled guidance outside of what the model learned."""
    guidance, best = case.wanted.sampling.guidance, case.best.guidance
    if guidance is None or best is None:
        return None
    if _LEAST_GUIDANCE <= guidance <= max(_MOST_GUIDANCE, best):
        return None
    effect = "burns the picture" if guidance > best else "hardly follows the prompt"
    return Advice(
        sentence=f"Distilled guidance {guidance:g} {effect}.",
        remedy=case.change({"sampling.guidance": best}),
    )


def too_many_steps(case: Case) -> Advice | None:
    """More steps than a model makes anything of."""
    steps, most = case.wanted.sampling.steps, case.usual.steps[1]
    remedy = case.change({"sampling.steps": case.best.steps})
    if case.usual.quick and steps > 2 * most:
        sentence = f"{case.label} draws in up to {most} steps: {steps} take longer and look worse."
        return Advice(sentence=sentence, remedy=remedy)
    if not case.usual.quick and steps > _MOST_STEPS:
        sentence = f"{steps} steps take long; beyond {_MOST_STEPS} hardly anything changes."
        return Advice(sentence=sentence, remedy=remedy)
    return None


def too_few_steps(case: Case) -> Advice | None:
    """Fewer steps than a model that was not distilled needs."""
    steps = case.wanted.sampling.steps
    if case.usual.quick or steps >= _FEWEST_STEPS:
        return None
    return Advice(
        sentence=f"{_counted(steps)} leave{'s' if steps == 1 else ''} the picture blurred: "
        f"{case.label} needs {_FEWEST_STEPS} at least.",
        remedy=case.change({"sampling.steps": case.best.steps}),
    )


def short_sde(case: Case) -> Advice | None:
    """A sampler that renews the noise, with too few steps to remove it again."""
    sampler, steps = case.sampler, case.wanted.sampling.steps
    calls = steps * sampler.calls_per_step
    if "_sde" not in sampler.id or case.usual.quick or calls >= _CALLS_OF_SDE:
        return None
    if steps < _FEWEST_STEPS:  # said of every sampler
        return None
    return Advice(
        sentence=f"{sampler.label} leaves noise behind with {steps} steps.",
        remedy=case.change({"sampling.steps": case.best.steps}),
    )


def unsuited_sampler(case: Case) -> Advice | None:
    """A sampler that the model was not made for."""
    sampler, best = case.sampler, case.best.sampler
    if sampler.id == best:
        return None
    remedy = case.change({"sampling.sampler": best})
    if sampler.id == "lcm" and not case.usual.quick:
        sentence = f"The sampler LCM is for LCM models and LCM LoRAs: {case.label} draws blurred."
        return Advice(sentence=sentence, remedy=remedy)
    if best == "lcm" and not sampler.stochastic:
        sentence = f"{case.label} expects new noise at each step, which {sampler.label} lacks."
        return Advice(sentence=sentence, remedy=remedy)
    if case.flows and sampler.stochastic:
        sentence = f"{sampler.label} adds noise at each step, which makes {case.label} draw softly."
        return Advice(sentence=sentence, remedy=remedy)
    return None


def rounded_size(case: Case) -> Advice | None:
    """A size that the family cannot draw, so that another one is drawn."""
    asked, drawn = case.asked, case.wanted.size
    wanted = (asked.width or drawn.width, asked.height or drawn.height)
    if wanted == (drawn.width, drawn.height):
        return None
    multiple = case.family.size_multiple
    return Advice(
        sentence=f"{case.label} draws in steps of {multiple} pixels: {wanted[0]} × {wanted[1]} "
        f"becomes {_size(case)}.",
        remedy=case.change({"size.width": drawn.width, "size.height": drawn.height}, _size(case)),
    )


def small_size(case: Case) -> Advice | None:
    """Far fewer pixels than the model learned."""
    if case.area >= case.usual.area[0]:
        return None
    return Advice(
        sentence=f"{case.label} draws best at about {_native(case)}: {_size(case)} looks blurred "
        "or cut off.",
        remedy=case.change(case.native_size()),
    )


def large_size(case: Case) -> Advice | None:
    """Far more pixels than the model learned."""
    if case.area <= case.usual.area[1]:
        return None
    return Advice(
        sentence=f"{case.label} learned pictures of about {_native(case)}: at {_size(case)} it "
        "repeats objects.",
        remedy=case.change(case.native_size()),
    )


def weak_latent(case: Case) -> Advice | None:
    """Enlarged latents that are not drawn anew enough to lose their blur."""
    hires = case.wanted.hires
    if hires is None or hires.method != "latent" or hires.strength >= _LEAST_OF_LATENT:
        return None
    return Advice(
        sentence=f"Enlarged latents are blurred, and strength {hires.strength:g} leaves them so.",
        remedy=case.change({"hires.strength": _LEAST_OF_LATENT}),
    )


def many_controls(case: Case) -> Advice | None:
    """So many units that each step takes several times as long."""
    units = case.wanted.controls
    if len(units) < _MANY_CONTROLS:
        return None
    last = units[-1].number
    return Advice(
        sentence=f"{len(units)} units of ControlNet pull at once: each makes every step longer, "
        "and together they leave the prompt little say.",
        remedy=case.change({f"control{last}.on": "off"}, f"Turn off ControlNet {last}"),
    )


def strange_map(case: Case) -> Advice | None:
    """A map of a kind that the control model never saw."""
    for control in case.wanted.controls:
        shows, known = control.type, control.model.types
        if shows and known and not any(shows.resembles(each) for each in known):
            follows = " or ".join(each.label.lower() for each in known)
            unit = f"control{control.number}"
            return Advice(
                sentence=f"ControlNet {control.number}: “{control.model.name}” learned to follow "
                f"{follows}, not {shows.label.lower()}.",
                remedy=case.change(
                    {f"{unit}.preprocessor": None, f"{unit}.type": None}, "Use what it expects"
                ),
            )
    return None


WARNINGS: tuple[Warn, ...] = (
    burning_cfg,
    strict_cfg,
    loose_cfg,
    too_many_steps,
    too_few_steps,
    rounded_size,
    small_size,
    large_size,
    unsuited_sampler,
    short_sde,
    odd_guidance,
    unheard_negative,
    weak_latent,
    strange_map,
    many_controls,
)
"""A new warning is a function and its place here."""


def _native(case: Case) -> str:
    return f"{case.best.width} × {case.best.height}"


def _size(case: Case) -> str:
    return f"{case.wanted.size.width} × {case.wanted.size.height}"


def _up_to(most: float) -> str:
    return f"1 to {most:g}" if most > 1 else "1"


def _counted(steps: int) -> str:
    return "1 step" if steps == 1 else f"{steps} steps"
