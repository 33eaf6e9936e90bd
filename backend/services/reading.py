"""How the chosen checkpoint would read what is typed, without torch."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path

from backend.library.library import Library
from backend.prompts.chunks import MadeUpWord
from backend.prompts.clip_words import ReadWords
from backend.prompts.counting import FindEnds, heard_at_once, heard_by_clip, heard_by_t5
from backend.schema.catalogue import Catalogue, CheckpointInfo, FamilyInfo, PromptReading
from backend.schema.generation import GenerationRequest
from backend.schema.resolved import ResolvedEmbedding
from backend.schema.writing import Heard
from backend.services.made_up_words import fitting_embeddings, vectors_of

_T5, _OWN_VOCABULARY = "t5xxl", "tokenizer"


class Readers:
    """The tokenizers, each made when first asked for, and the checkpoints that they read for."""

    def __init__(self, library: Library, catalogue: Catalogue) -> None:
        self._library = library
        self._families = {family.id: family for family in catalogue.families}
        self._own: dict[Path, ReadWords] = {}
        self._embeddings: tuple[str, int, Mapping[str, ResolvedEmbedding]] = ("", -1, {})

    def chosen(self, checkpoint_id: str | None) -> CheckpointInfo | None:
        """The checkpoint of this id; without one, the first that draws."""
        known = self._library.checkpoints()
        able = (each for each in known if not each.problem and not each.refiner)
        first = next(able, None)
        return next((each for each in known if each.id == checkpoint_id), first)

    def family(self, checkpoint: CheckpointInfo | None) -> FamilyInfo:
        """Its family, or the first there is."""
        first = next(iter(self._families.values()))
        return self._families.get(checkpoint.family, first) if checkpoint else first

    def reads(self, request: GenerationRequest) -> PromptReading:
        """How the chosen checkpoint reads prompts, with the T5 that it would be given."""
        checkpoint = self.chosen(request.model.checkpoint)
        reads = self.family(checkpoint).reads_for(checkpoint.variants if checkpoint else ())
        if not reads.t5_optional or checkpoint is None or self._has_t5(request, checkpoint):
            return reads
        return reads.model_copy(update={"t5_tokens": 0, "deaf_to_weights": ""})

    def embeddings(self, checkpoint: CheckpointInfo | None) -> Mapping[str, ResolvedEmbedding]:
        """Those that fit a checkpoint, by name; looked for anew when the library changes."""
        if checkpoint is None:
            return {}
        revision = self._library.state.revision  # first: what changes meanwhile is seen next time
        family, known_at, known = self._embeddings
        if (family, known_at) != (checkpoint.family, revision):
            known = fitting_embeddings(checkpoint.family, self._library.entries())
            self._embeddings = (checkpoint.family, revision, known)
        return known

    def heard(
        self, request: GenerationRequest, texts: Sequence[str], names: Sequence[str]
    ) -> tuple[Heard, ...]:
        """How much each text encoder hears of the longest of some texts, the main one first.

        Args:
            request: Says which checkpoint.
            texts: What readers get of a prompt.
            names: The embeddings that may stand in them.
        """
        checkpoint, reads = self.chosen(request.model.checkpoint), self.reads(request)
        made_up = self._made_up(checkpoint, reads.width, names)
        clip = heard_by_clip(texts, self._words(checkpoint), made_up)
        if reads.only_first_piece:
            clip = heard_at_once(clip)
        if not reads.t5_tokens:
            return (clip,)
        t5 = heard_by_t5(texts, self._t5, reads.t5_tokens)
        return (t5, clip) if reads.only_first_piece else (clip, t5)

    def _made_up(
        self, checkpoint: CheckpointInfo | None, width: int, names: Sequence[str]
    ) -> Mapping[str, Sequence[MadeUpWord]]:
        there = self.embeddings(checkpoint) if names else {}
        return {name: vectors_of(Path(there[name].path), width) for name in names if name in there}

    def _has_t5(self, request: GenerationRequest, checkpoint: CheckpointInfo) -> bool:
        if request.model.t5xxl or all(need.role != _T5 for need in checkpoint.needs):
            return True
        return _T5 in self._library.automatic(checkpoint)

    def _words(self, checkpoint: CheckpointInfo | None) -> ReadWords:
        """A diffusers folder may have a vocabulary of its own, as the starter model does."""
        if checkpoint is None or checkpoint.format != "folder":
            return self._published
        place = Path(checkpoint.path) / _OWN_VOCABULARY
        if place not in self._own:
            self._own[place] = self._own_words(place)
        return self._own[place]

    def _own_words(self, place: Path) -> ReadWords:
        from backend.prompts.clip_tokenizer import words_of  # noqa: PLC0415  when first typed

        try:
            return words_of(place)
        except ValueError:  # the engine will say what is wrong with it
            return self._published

    @cached_property
    def _published(self) -> ReadWords:
        from backend.prompts.clip_tokenizer import published_words  # noqa: PLC0415

        return published_words()

    @cached_property
    def _t5(self) -> FindEnds:
        from backend.prompts.t5_tokenizer import t5_ends, t5_tokenizer  # noqa: PLC0415

        return t5_ends(t5_tokenizer())
