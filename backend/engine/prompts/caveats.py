"""Warnings of what a prompt says in vain."""

from collections.abc import Collection, Iterator, Sequence

from backend.prompts.caveats import names_in_vain, weighs
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
    if deaf_to_weights and any(weighs(text, steps) for text in texts):
        yield Warned(sentence=deaf_to_weights)
    for sentence in dict.fromkeys(_in_negative(prompts)):
        yield Warned(sentence=sentence)
    for sentence in names_in_vain(texts, embeddings, Wildcards({})):
        yield Warned(sentence=sentence)


def _in_negative(prompts: Sequence[PromptSettings]) -> Iterator[str]:
    for prompt in prompts:
        for lora in take_tags(prompt.negative)[1]:
            yield (
                f"{lora.typed} in the negative prompt has no effect. Put it into the prompt; a "
                "weight below 0 turns it round."
            )
