"""What of a prompt has no effect on its picture, in words."""

from collections.abc import Collection, Iterator, Sequence

from backend.prompts.attention import has_weights
from backend.prompts.choices import missing_wildcards
from backend.prompts.embeddings import asked_embeddings, find_embeddings
from backend.prompts.schedule import schedule
from backend.prompts.tags import take_tags
from backend.prompts.wildcards import Wildcards
from backend.schema.events import Event, Warned
from backend.schema.picture_settings import PromptSettings


def caveats(
    prompts: Sequence[PromptSettings],
    steps: int,
    deaf_to_weights: str,
    embeddings: Collection[str],
) -> Iterator[Event]:
    """A warning for each thing that the prompts say in vain.

    Args:
        prompts: With their choices made.
        steps: How many the picture takes.
        deaf_to_weights: What weights do not reach in the model, as a sentence.
        embeddings: Those that stand for their names.
    """
    texts = dict.fromkeys(text for each in prompts for text in (each.positive, each.negative))
    if deaf_to_weights and any(_weighs(text, steps) for text in texts):
        yield Warned(sentence=deaf_to_weights)
    sentences = dict.fromkeys(sentence for text in texts for sentence in _in_vain(text, embeddings))
    yield from (Warned(sentence=sentence) for sentence in sentences)


def _weighs(text: str, steps: int) -> bool:
    """Whether some step's text has weights; the brackets of edits are none."""
    return any(has_weights(said) for _, said in schedule(take_tags(text)[0], steps))


def _in_vain(text: str, embeddings: Collection[str]) -> Iterator[str]:
    words, loras = take_tags(text)
    for lora in loras:
        yield f"{lora.typed} was left out of the prompt: Easel draws without LoRAs so far."
    for name in missing_wildcards(words, Wildcards({})):
        yield (
            f"There is no wildcard “{name}”, so __{name}__ was read as it stands. Put {name}.txt, "
            "with one entry on each line, into the folder “wildcards”."
        )
    for span in find_embeddings(words, embeddings):
        for name in () if span.embedding else asked_embeddings(span.text):
            yield (
                f"No embedding “{name}” fits this model, so its name was read as words. Put its "
                ".safetensors file into models/embeddings, and rescan the models."
            )
