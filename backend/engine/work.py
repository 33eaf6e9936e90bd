"""What a job that draws has at hand: models, prompts, adapters, and memory to lie in."""

from collections.abc import Generator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Self

from PIL import Image
from torch import Tensor

from backend.engine.adapters.asked import asked
from backend.engine.adapters.fitting import Chosen
from backend.engine.adapters.shelf import Shelf
from backend.engine.batches import Batch
from backend.engine.context import Context
from backend.engine.control.book import ControlBook, Place
from backend.engine.families.base import Model
from backend.engine.families.decoding import decode
from backend.engine.families.tiny_decoder import TinyDecoder, TinyDecoders
from backend.engine.memory.ladder import Ladder, Lessons
from backend.engine.memory.latents import LatentStore
from backend.engine.memory.means import Load, Means
from backend.engine.memory.planning import Planner
from backend.engine.memory.spill import SpillWatch, spills_here
from backend.engine.memory.swap import SwapWatch
from backend.engine.pace import Pace
from backend.engine.prompts.caveats import caveats
from backend.engine.prompts.embeddings import load_embeddings
from backend.engine.prompts.reading import Reading
from backend.engine.prompts.scripts import Script, read_scripts
from backend.engine.residency import Residency
from backend.engine.sampling import Drawing
from backend.engine.seamless import Wrap
from backend.engine.source.book import SourceBook
from backend.schema.errors import ModelError
from backend.schema.events import Event, Stage, Warned
from backend.schema.resolved import ResolvedModel, ResolvedRequest


@dataclass(frozen=True)
class Work:
    """What a job has at hand."""

    wanted: ResolvedRequest
    pace: Pace
    context: Context
    residency: Residency
    ladder: Ladder
    planner: Planner
    drawn: LatentStore
    swap: SwapWatch
    shelf: Shelf
    decoders: TinyDecoders
    source: SourceBook
    controls: ControlBook

    @classmethod
    def at_hand(cls, wanted: ResolvedRequest, pace: Pace, context: Context) -> Self:
        """Gather it, and plan how the models lie.

        Raises:
            OutOfMemoryError: When it would not even fit if nobody else held memory.
        """
        residency = context.keep("residency", Residency)
        planner = Planner.here(wanted)
        planned = planner.plan(wanted.model)
        load = Load.of(wanted, planned)
        learned = context.keep("lessons", Lessons).recall(wanted.model.path, load)
        means = Means.of(planned, load) if learned == Means() else learned
        drawn = LatentStore(context.places.data / "latents", context.part)
        drawn.sweep()
        expected = planned.seconds_per_step if planned else None
        source = SourceBook(wanted)
        spill = SpillWatch(expected) if spills_here() else None
        return cls(
            wanted=wanted,
            pace=pace,
            context=context,
            residency=residency,
            ladder=Ladder(load, means, residency.free_others, spill=spill),
            planner=planner,
            drawn=drawn,
            swap=SwapWatch(residency.free_others),
            shelf=context.keep("adapters", Shelf),
            decoders=context.keep("preview decoders", TinyDecoders),
            source=source,
            controls=ControlBook(wanted, source, context.places.data),
        )

    def adapters(self, batch: Batch) -> Generator[Event, None, tuple[Chosen, ...]]:
        """The adapters that a batch is drawn with; its pictures all ask for the same."""
        wanted = asked(self.wanted.prompt_of(batch.indices[0]))
        if wanted:
            yield Stage(sentence="Reading the LoRAs")
        return self.shelf.choose(wanted, self.wanted.loras)

    def controlled(
        self, which: ResolvedModel, model: Model, drawing: Drawing
    ) -> Generator[Event, None, Drawing]:
        """A drawing with all that steers it as one model draws it; nothing steers other families.

        Raises:
            ModelError: When a control model is missing, broken, or does not fit.
            RequestError: When a picture that steers cannot be read.
        """
        if which.family != self.wanted.model.family:
            return replace(drawing, controls=())
        size = drawing.request.size
        place = Place((size.width, size.height), drawing.sigmas[drawing.first_step :])
        units = partial(self.controls.units, model, place)
        controls = yield from self.ladder.attempts("encode", units)
        return replace(drawing, controls=controls)

    def decoder(self, batch: Batch, model: Model) -> Generator[Event, None, TinyDecoder | None]:
        """What makes previews; none where there is none, or where it cannot be used."""
        if self.wanted.preview_decoder is None:
            return None
        path, channels = Path(self.wanted.preview_decoder), model.latent_format.channels
        try:
            return self.decoders.get(path, model.workplace.device, channels)
        except ModelError as error:
            if batch.number == 1:
                yield Warned(sentence=f"Previews are rough: {error}")
            return None

    def read(self, batch: Batch, model: Model) -> Generator[Event, None, tuple[Script, ...]]:
        """The prompts of a batch as a model reads them."""
        yield Stage(sentence="Reading the prompt")
        prompts, steps = self.wanted.prompts_of(batch.indices), self.wanted.sampling.steps
        embeddings = load_embeddings(self.wanted.embeddings)
        how = Reading(embeddings, self.wanted.clip_skip)
        reading = partial(read_scripts, model, prompts, steps, how)
        scripts = self.ladder.attempt("read", reading)
        yield from self.ladder.news()
        yield from caveats(prompts, steps, model.deaf_to_weights, embeddings)
        return scripts

    def loaded(
        self, which: ResolvedModel, partner: ResolvedModel | None = None
    ) -> Generator[Event, None, Model]:
        """A model that lies as it is planned, and as the ladder has it since.

        Args:
            which: The model.
            partner: Another one that the same job uses, which goes last where room is short.

        Raises:
            ModelError: When it is missing or broken.
            OutOfMemoryError: When it does not fit, whatever is done.
        """
        ladder, planner = self.ladder, self.planner

        def load() -> Generator[Event, None, Model]:
            settings = ladder.means.settings
            placing, room = planner.placing(which, settings), planner.room(which, settings)
            return self.residency.load(which, partner, placing, room)

        self.let_go()
        model = yield from ladder.attempts("load", load)

        def fit(means: Means) -> None:
            model.workplace.want(planner.placing(which, means.settings))
            model.workplace.prompts_in_turn = means.prompts_in_turn
            model.workplace.tile = means.tile

        fit(ladder.means)
        ladder.changed = fit
        return model

    def let_go(self) -> None:
        """Hold no model any more, so that it may leave the memory."""
        self.ladder.changed = _nobody

    def decoded(
        self, which: ResolvedModel, latent: Tensor, index: int
    ) -> Generator[Event, None, Image.Image]:
        """The picture of latents, by a model's autoencoder.

        Args:
            which: The model.
            latent: Shape (channels, height, width).
            index: The picture's place in its job.
        """
        model = yield from self.loaded(which)
        tile, wrap = self.ladder.means.tile, Wrap.of(self.wanted.seamless)
        return (yield from decode(model, latent.to(model.workplace.device), index, tile, wrap))


def _nobody(means: Means) -> None:
    """While no model is held, none is there to take to other means."""
    del means
