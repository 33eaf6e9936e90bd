"""The passes after the first one: each enlarges the picture and draws it again.

Each is an image to image of its own: it begins with the enlarged latents and the noise that the
picture's seed gives at the new size.
"""

from collections.abc import Generator
from dataclasses import replace
from functools import partial

from torch import Tensor

from backend.engine.adapters.wearing import wearing
from backend.engine.batches import Batch
from backend.engine.families.base import Model
from backend.engine.hires.enlarging import enlarged
from backend.engine.pace import Counted, weight_of
from backend.engine.sampling import Drawing, begin, sample
from backend.engine.source.beginning import Beginning
from backend.engine.work import Work
from backend.schema.events import Event, Stage
from backend.schema.hires import Pass, ResolvedHires
from backend.schema.resolved import ResolvedRequest, ResolvedSize


def drawn_larger(
    work: Work, hires: ResolvedHires, batch: Batch, latents: Tensor | None
) -> Generator[Event, None, Tensor]:
    """Take all passes after the first one.

    Args:
        work: What the job has at hand.
        hires: The passes.
        batch: Which pictures.
        latents: What the first pass drew, shape (batch, channels, height, width); None for the
            picture that was begun with, as it is.

    Returns:
        Clean latents of the last size.
    """
    first, *more = hires.passes
    before = work.wanted.steps_taken
    latents = yield from _pass(work, hires, batch, latents, first, before)
    for number, each in enumerate(more, 1):
        taken = before + number * hires.steps
        latents = yield from _pass(work, hires, batch, latents, each, taken)
    return latents


def pass_of(wanted: ResolvedRequest, hires: ResolvedHires, each: Pass) -> ResolvedRequest:
    """A pass as a request of its own."""
    prompts = {index: wanted.second_prompt_of(index) for index in range(wanted.batch.pictures)}
    alike = len(set(prompts.values())) == 1
    sampling = {
        "sampler": hires.sampler,
        "schedule": hires.schedule,
        "steps": each.schedule_steps,
    }
    changes = {
        "prompt": prompts[0],
        "expanded": {} if alike else prompts,
        "size": ResolvedSize(width=each.width, height=each.height),
        "sampling": wanted.sampling.model_copy(update=sampling),
        "source": None,
        "refiner": None,
        "hires": None,
    }
    return wanted.model_copy(update=changes)


def begun(drawing: Drawing, hires: ResolvedHires, latents: Tensor) -> Drawing:
    """A pass that begins with latents, and takes only the last steps of its schedule."""
    return replace(drawing, steps_taken=hires.steps, beginning=Beginning(latents, latents))


def _tile(hires: ResolvedHires, model: Model) -> int | None:
    return hires.tile and hires.tile // model.latent_format.scale


def _pass(
    work: Work, hires: ResolvedHires, batch: Batch, latents: Tensor | None, each: Pass, before: int
) -> Generator[Event, None, Tensor]:
    """Enlarge the pictures of a batch once, and draw them again."""
    larger = yield from enlarged(work, hires, latents, each)
    larger = larger.expand(len(batch.indices), -1, -1, -1)
    if not hires.steps:
        return larger
    again = partial(_drawn_again, work, hires, batch, larger, each, before)
    return (yield from work.ladder.attempts("draw", again))


def _drawn_again(
    work: Work, hires: ResolvedHires, batch: Batch, latents: Tensor, each: Pass, before: int
) -> Generator[Event, None, Tensor]:
    """Take the steps of one pass, which begins with enlarged latents."""
    wanted = pass_of(work.wanted, hires, each)
    own = replace(work, wanted=wanted)
    adapters = yield from own.adapters(batch)
    model = yield from own.loaded(wanted.model)
    with wearing(model.workplace, adapters):
        scripts = yield from own.read(batch, model)
        weight = weight_of(work.wanted, (each.width, each.height))
        latents = latents.to(model.workplace.device)
        drawing = replace(
            begun(begin(model, wanted, batch, work.pace, _tile(hires, model)), hires, latents),
            counted=Counted(before, work.wanted.steps_in_all, weight),
            decoder=(yield from own.decoder(batch, model)),
        )
        drawing = yield from own.controlled(wanted.model, model, drawing)
        yield Stage(sentence=f"Drawing at {each.width} × {each.height}")
        steps = range(drawing.first_step, wanted.sampling.steps)
        return (yield from sample(model, scripts, drawing, drawing.start(), steps, work.ladder))
