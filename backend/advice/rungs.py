"""What may help a picture that disappoints: rules, each with what it changes."""

from collections.abc import Callable

from backend.advice.case import AS_LCM, Case
from backend.advice.warnings import unsuited_sampler
from backend.schema.advice import Advice
from backend.schema.fields import Scalar

Rung = Callable[[Case], Advice | None]

_CLEAR_STEPS, _ENOUGH_STEPS, _QUICK_STEPS = 35, 30, 20
_CFG_STEP = 2.0
_HIGH_GUIDANCE, _LOW_GUIDANCE = 5.0, 2.5
_NEAR = (0.75, 1.3)
"""Shares of the area that a model draws best at which size is not to blame."""
_BODY = "extra fingers, extra limbs, deformed hands"
_SEEDS = 4
_SMALLER = 3 / 4


def more_steps(case: Case) -> Advice | None:
    """Steps that settle detail."""
    steps = case.wanted.sampling.steps
    more = case.usual.steps[1] if case.usual.quick else _CLEAR_STEPS
    if steps >= (more if case.usual.quick else _ENOUGH_STEPS):
        return None
    sentence = "More steps settle details."
    return Advice(sentence=sentence, remedy=case.change({"sampling.steps": more}))


def other_sampler(case: Case) -> Advice | None:
    """The sampler that the model draws best with, or another good one."""
    others = () if case.usual.quick else ("dpmpp_2m", "euler" if case.flows else "dpmpp_2m_sde")
    now = case.wanted.sampling.sampler
    another = next((each for each in (case.best.sampler, *others) if each != now), None)
    if another is None:
        return None
    sentence = "Another sampler comes to other details."
    return Advice(sentence=sentence, remedy=case.change({"sampling.sampler": another}))


def suited_sampler(case: Case) -> Advice | None:
    """A sampler that suits the model, where this one does not."""
    return unsuited_sampler(case)


def native_size(case: Case) -> Advice | None:
    """The size that the model learned, where it was drawn at another."""
    best = case.best.width * case.best.height
    least, most = (best * share for share in _NEAR)
    if least <= case.area <= most:
        return None
    what = "repeats objects" if case.area > most else "blurs and cuts off"
    best_size = f"{case.best.width} × {case.best.height}"
    sentence = f"{case.label} draws best at about {best_size}; far from it, it {what}."
    return Advice(sentence=sentence, remedy=case.change(case.native_size()))


def not_larger(case: Case) -> Advice | None:
    """The size that the model learned, where it was drawn larger."""
    return native_size(case) if case.area > case.best.width * case.best.height else None


def sharp_words(case: Case) -> Advice | None:
    """Words for sharpness."""
    words = f"{case.wanted.prompt.positive} {case.wanted.prompt.negative}".lower()
    if "sharp" in words or "blur" in words:
        return None
    more = _joined(case.wanted.prompt.positive, "sharp focus, detailed")
    sentence = "Models heed words about sharpness."
    return Advice(
        sentence=sentence,
        remedy=case.change({"prompt.positive": more}, "Add “sharp focus, detailed”"),
    )


def subject_first(case: Case) -> Advice | None:
    """The order of the prompt's words."""
    del case
    return Advice(
        sentence="Name the subject first, then what is around it and where: “a red apple on a "
        "table, a window on the left”."
    )


def other_seeds(case: Case) -> Advice | None:
    """The same with other noise."""
    fields: dict[str, Scalar] = {"seed.value": -1, "batch.count": _SEEDS, "batch.size": 1}
    sentence = "Every seed composes anew; one of a few is often right."
    return Advice(sentence=sentence, remedy=case.change(fields, f"{_SEEDS} other seeds"))


def follow_words(case: Case) -> Advice | None:
    """More guidance, so that the prompt counts more."""
    sampling = case.wanted.sampling
    if sampling.guidance is not None:
        field_id, now, most = "sampling.guidance", sampling.guidance, _HIGH_GUIDANCE
        more = min(most, now + 1)
    else:
        field_id, now, most = "sampling.cfg_scale", sampling.cfg_scale, case.usual.cfg_scale[1]
        more = min(most, now + _CFG_STEP)
    if more <= now:
        return None
    sentence = "Higher, the prompt is taken more literally."
    return Advice(sentence=sentence, remedy=case.change({field_id: more}))


def lower_cfg(case: Case) -> Advice | None:
    """Less guidance, which burns and breaks less."""
    sampling, usual = case.wanted.sampling, case.usual.cfg_scale
    sentence = "Lower, colours and edges are softer."
    if sampling.cfg_scale > usual[0]:
        less = max(usual[0], min(case.best.cfg_scale, sampling.cfg_scale - _CFG_STEP))
        return Advice(sentence=sentence, remedy=case.change({"sampling.cfg_scale": less}))
    if sampling.guidance is not None and sampling.guidance > _LOW_GUIDANCE:
        less = max(_LOW_GUIDANCE, min(case.best.guidance or 1, sampling.guidance - 1))
        return Advice(sentence=sentence, remedy=case.change({"sampling.guidance": less}))
    return None


def usual_cfg(case: Case) -> Advice | None:
    """The guidance that the model draws best with, where it was higher."""
    if case.wanted.sampling.cfg_scale <= case.best.cfg_scale:
        return None
    sentence = "At its usual CFG scale it draws calmer shapes."
    return Advice(
        sentence=sentence, remedy=case.change({"sampling.cfg_scale": case.best.cfg_scale})
    )


def enough_steps(case: Case) -> Advice | None:
    """The model's usual steps, where there were fewer."""
    if case.wanted.sampling.steps >= case.usual.steps[0]:
        return None
    sentence = "With few steps, noise is left."
    return Advice(sentence=sentence, remedy=case.change({"sampling.steps": case.best.steps}))


def named_limbs(case: Case) -> Advice | None:
    """What bodies should not have, in the negative prompt."""
    negative = case.wanted.prompt.negative
    if case.wanted.sampling.cfg_scale <= 1 or _BODY in negative:
        return None
    more = _joined(negative, _BODY)
    sentence = "The negative prompt keeps away what is named in it."
    return Advice(
        sentence=sentence, remedy=case.change({"prompt.negative": more}, f"Add “{_BODY}”")
    )


def own_vae(case: Case) -> Advice | None:
    """The checkpoint's own VAE in place of a chosen one, or the other way round."""
    if any(need.role == "vae" for need in case.checkpoint.needs):
        return None
    if case.wanted.model.component("vae"):
        sentence = "A VAE of another model shifts colours, or draws black."
        return Advice(sentence=sentence, remedy=case.change({"model.vae": None}, "Its own VAE"))
    vae = case.around.vae
    if vae is None:
        return None
    sentence = "Some checkpoints hold a pale VAE."
    return Advice(sentence=sentence, remedy=case.change({"model.vae": vae.id}, f"VAE {vae.name}"))


def coloured_words(case: Case) -> Advice | None:
    """Colours beside what has them."""
    del case
    return Advice(sentence="Put each colour right before what has it: “a red apple, a blue plate”.")


def fewer_steps(case: Case) -> Advice | None:
    """Steps that are not needed."""
    steps = case.wanted.sampling.steps
    most = case.usual.steps[1] if case.usual.quick else _ENOUGH_STEPS
    fewer = case.best.steps if steps > most else _QUICK_STEPS
    if steps <= fewer:
        return None
    sentence = "Time grows with the steps; beyond 30 little changes."
    return Advice(sentence=sentence, remedy=case.change({"sampling.steps": fewer}))


def single_calls(case: Case) -> Advice | None:
    """A sampler that asks the model once for each step."""
    if case.sampler.calls_per_step == 1:
        return None
    once = "euler" if case.flows else "dpmpp_2m"
    sentence = f"{case.sampler.label} asks the model {case.sampler.calls_per_step} times a step."
    return Advice(sentence=sentence, remedy=case.change({"sampling.sampler": once}))


def device(case: Case) -> Advice | None:
    """What computes."""
    if not case.around.device:
        return None
    if case.around.on_processor:
        return Advice(
            sentence=f"It draws on the processor ({case.around.device}); a graphics card is many "
            "times as quick. “python3 app.py doctor” says why none is used."
        )
    return Advice(sentence=f"It draws on {case.around.device}, as it should.")


def stays_resident(case: Case) -> Advice | None:
    """Weights that stay, where they were told to come and go."""
    settings = case.wanted.memory.settings
    chosen: dict[str, Scalar] = {
        f"memory.{name}": None
        for name in ("placement", "text_placement", "vae_placement", "tiling")
        if getattr(settings, name) not in (None, "resident", "whole")
    }
    if not chosen:
        return None
    sentence = "Weights that stay on the device are not fetched again; Easel keeps what fits."
    return Advice(sentence=sentence, remedy=case.change(chosen, "Let Easel choose the placement"))


def distilled(case: Case) -> Advice | None:
    """A LoRA or checkpoint that draws in few steps, where one is installed."""
    lora, checkpoint = case.around.quick_lora, case.around.quick_checkpoint
    if case.usual.quick:
        return None
    if lora:
        words = f"{case.wanted.prompt.positive} <lora:{lora}:1>".strip()
        as_fields: dict[str, Scalar] = {f"sampling.{key}": AS_LCM[key] for key in AS_LCM}
        change = case.change({"prompt.positive": words, **as_fields}, f"Draw with {lora}")
        return Advice(sentence="An LCM LoRA draws in 4 to 8 steps.", remedy=change)
    if checkpoint is None:
        return Advice(
            sentence="Models that are called LCM, Turbo or Lightning draw in 1 to 8 steps: look "
            f"in Models for one of {case.family.label}."
        )
    best = checkpoint.defaults
    fields: dict[str, Scalar] = {
        "model.checkpoint": checkpoint.id,
        "sampling.steps": best.steps,
        "sampling.cfg_scale": best.cfg_scale,
        "sampling.sampler": best.sampler,
        "sampling.schedule": best.schedule,
    }
    sentence = f"{checkpoint.name} draws in {best.steps} steps."
    return Advice(sentence=sentence, remedy=case.change(fields, f"Draw with {checkpoint.name}"))


def eight_bits(case: Case) -> Advice | None:
    """Weights in half the room."""
    if case.wanted.memory.settings.precision == "fp8":
        return None
    sentence = "Weights in eight bits take half the room and change the picture a little."
    remedy = case.change({"memory.precision": "fp8"}, "Keep weights in eight bits")
    return Advice(sentence=sentence, remedy=remedy)


def smaller_size(case: Case) -> Advice | None:
    """Fewer pixels: what the model draws best where it was more, else three quarters."""
    if case.area > case.best.width * case.best.height:
        size = case.native_size()
    else:
        multiple, wanted = max(case.family.size_multiple, 8), case.wanted.size
        sides = (
            int(side * _SMALLER) // multiple * multiple for side in (wanted.width, wanted.height)
        )
        width, height = (max(multiple, side) for side in sides)
        size = {"size.width": width, "size.height": height}
    sentence = "A smaller picture takes less memory, also while it is decoded."
    return Advice(sentence=sentence, remedy=case.change(size))


def one_at_a_time(case: Case) -> Advice | None:
    """Pictures one after the other instead of several at once."""
    batch = case.wanted.batch
    if batch.size == 1:
        return None
    fields: dict[str, Scalar] = {"batch.size": 1, "batch.count": min(100, batch.pictures)}
    sentence = "Pictures that are drawn one after the other take the memory of one."
    return Advice(sentence=sentence, remedy=case.change(fields, "One at a time"))


def comes_and_goes(case: Case) -> Advice | None:
    """Weights that wait elsewhere while they are not needed."""
    placement = case.wanted.memory.settings.placement
    if placement == "leaf":
        return None
    finer = "leaf" if placement == "group" else "group"
    words = "layer by layer" if finer == "leaf" else "block by block"
    remedy = case.change({"memory.placement": finer}, f"Bring the model {words}")
    return Advice(sentence="Weights can wait in RAM, and come when they work.", remedy=remedy)


def drawn_in_tiles(case: Case) -> Advice | None:
    """A second pass in parts of the size that the model draws best."""
    hires = case.wanted.hires
    side = round((case.best.width * case.best.height) ** 0.5)
    if hires is None or (hires.tile is not None and hires.tile <= side):
        return None
    remedy = case.change({"hires.tile": side // 64 * 64}, "Draw the larger picture in tiles")
    return Advice(sentence="In tiles, a large picture takes the memory of one.", remedy=remedy)


def in_tiles(case: Case) -> Advice | None:
    """Decoding in tiles."""
    if case.wanted.memory.settings.tiling == "tiled":
        return None
    remedy = case.change({"memory.tiling": "tiled"}, "Decode in tiles")
    return Advice(sentence="Tiles take less memory while the picture is decoded.", remedy=remedy)


def other_programs(case: Case) -> Advice | None:
    """Who else holds memory."""
    del case
    return Advice(
        sentence="End other programs that use the graphics card; the device line at the top tells "
        "which hold its memory."
    )


def _joined(words: str, more: str) -> str:
    return ", ".join(part for part in (words.rstrip(" ,"), more) if part)
