"""What the prompt box is told while somebody types."""

from collections.abc import Callable, Iterable, Iterator
from functools import cached_property

from backend.library.library import Library
from backend.prompts.caveats import UNHEARD_BREAK, breaks, names_in_vain, weighs
from backend.prompts.coach import Coach
from backend.prompts.counting import texts_of
from backend.prompts.styling import styled, unstyled
from backend.prompts.wildcards import Wildcards
from backend.schema.bringing import Style
from backend.schema.catalogue import Catalogue
from backend.schema.generation import GenerationRequest
from backend.schema.jobs import Actor
from backend.schema.picture_settings import PromptSettings
from backend.schema.writing import Ask, Heard, Offers, UsedPrompt
from backend.schema.writing import Writing as Told
from backend.services.checks import readable
from backend.services.completing import offers
from backend.services.reading import Readers
from backend.services.short_lived import ShortLived
from backend.services.style_book import StyleBook
from backend.services.wording import Wording

HISTORY = 50
PromptsOf = Callable[[str, int], tuple[UsedPrompt, ...]]
"""The last prompts of somebody, from the journal."""


class Writing:
    """Reads prompts as the engine would, and knows what goes on from a word. All may ask."""

    def __init__(
        self,
        library: Library,
        catalogue: Catalogue,
        wording: Wording,
        styles: StyleBook,
        prompts_of: PromptsOf,
    ) -> None:
        self._library = library
        self._readers = Readers(library, catalogue)
        self._lists = ShortLived(wording.wildcards)
        self._styles = styles
        self._prompts_of = prompts_of

    def read(self, actor: Actor, request: GenerationRequest) -> Told:  # noqa: ARG002
        """How the prompts of a request would be heard, and what could be better.

        Raises:
            OutOfRangeError: When a prompt is too long, or no readable text.
        """
        prompt = readable(request.prompt)
        steps, reads = self._steps(request), self._readers.reads(request)
        lists = self._lists_for(prompt)
        positive = texts_of(prompt.positive, steps, lists, several=True)
        negative = texts_of(prompt.negative, steps, lists, several=False)
        heard = tuple(self._heard(request, texts) for texts in (positive, negative))
        hears_negative = self._cfg_scale(request) > 1
        return Told(
            positive=heard[0],
            negative=heard[1],
            effects=tuple(self._effects(request, steps, lists)),
            checks=self._coach.checks(positive),
            faults=self._coach.faults(
                prompt.positive, positive, heard[0][0], hears_negative=hears_negative
            ),
            form=self._coach.form(positive[0], in_sentences=reads.in_sentences),
        )

    def offers(self, actor: Actor, ask: Ask) -> Offers:  # noqa: ARG002
        """What a name that is being typed can become."""
        family = self._readers.family(self._readers.chosen(ask.checkpoint)).id
        entries = self._library.entries()
        return offers(ask, family, entries, self._lists.get, self._styles.all)

    def styles(self, actor: Actor) -> tuple[Style, ...]:  # noqa: ARG002
        """The styles that there are."""
        return self._styles.all()

    def styled(self, actor: Actor, name: str, prompt: PromptSettings) -> PromptSettings:  # noqa: ARG002
        """The prompts with the words of a style, or without them where they are around it.

        Raises:
            NotFoundError: When there is no such style.
            OutOfRangeError: When a prompt becomes too long, or is no readable text.
        """
        style, readable_prompt = self._styles.find(name), readable(prompt)
        return unstyled(style, readable_prompt) or readable(styled(style, readable_prompt))

    def used(self, actor: Actor) -> tuple[UsedPrompt, ...]:
        """The prompts that the actor asked for pictures with last, each once, newest first."""
        return self._prompts_of(actor.id, HISTORY)

    @cached_property
    def _coach(self) -> Coach:
        return Coach.ready()

    def _lists_for(self, prompt: PromptSettings) -> Wildcards:
        """The wildcards, read only where a prompt may name one."""
        named = "__" in prompt.positive + prompt.negative
        return self._lists.get() if named else Wildcards({})

    def _steps(self, request: GenerationRequest) -> int:
        checkpoint = self._readers.chosen(request.model.checkpoint)
        usual = checkpoint.defaults if checkpoint else self._readers.family(None).defaults
        return request.sampling.steps or usual.steps

    def _cfg_scale(self, request: GenerationRequest) -> float:
        checkpoint = self._readers.chosen(request.model.checkpoint)
        usual = checkpoint.defaults if checkpoint else self._readers.family(None).defaults
        return request.sampling.cfg_scale or usual.cfg_scale

    def _heard(self, request: GenerationRequest, texts: tuple[str, ...]) -> tuple[Heard, ...]:
        return self._readers.heard(request, texts, self._named(request, texts))

    def _named(self, request: GenerationRequest, texts: Iterable[str]) -> tuple[str, ...]:
        """The embeddings that may be among some words; looking for thousands takes its time."""
        there = self._readers.embeddings(self._readers.chosen(request.model.checkpoint))
        said = "\n".join(texts).casefold()
        return tuple(name for name in there if name.casefold() in said)

    def _effects(self, request: GenerationRequest, steps: int, lists: Wildcards) -> Iterator[str]:
        """What of the prompts has no effect, as sentences."""
        prompt, reads = request.prompt, self._readers.reads(request)
        texts = (prompt.positive, prompt.negative)
        if reads.deaf_to_weights and any(weighs(text, steps) for text in texts):
            yield reads.deaf_to_weights
        if reads.only_first_piece and any(breaks(text, steps) for text in texts):
            yield UNHEARD_BREAK
        yield from names_in_vain(texts, self._named(request, texts), lists)
