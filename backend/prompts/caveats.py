"""What of a prompt has no effect on its picture, in words: before a run as after it."""

from collections.abc import Collection, Iterable, Iterator

from backend.prompts.attention import has_weights, parse_attention
from backend.prompts.choices import missing_wildcards
from backend.prompts.embeddings import asked_embeddings, find_embeddings
from backend.prompts.schedule import schedule
from backend.prompts.tags import take_tags
from backend.prompts.wildcards import Wildcards

UNHEARD_BREAK = (
    "BREAK parts nothing in this model: T5 reads on behind it, and CLIP hears only what is before."
)


def weighs(text: str, steps: int) -> bool:
    """Whether some step's text has weights; the brackets of edits are none."""
    return any(has_weights(said) for _, said in schedule(take_tags(text)[0], steps))


def breaks(text: str, steps: int) -> bool:
    """Whether some step's text begins a new piece."""
    said = {turn for _, turn in schedule(take_tags(text)[0], steps)}
    return any(part.breaks for turn in said for part in parse_attention(turn))


def names_in_vain(
    texts: Iterable[str], embeddings: Collection[str], wildcards: Wildcards
) -> tuple[str, ...]:
    """A sentence for each name in some texts that stands for nothing.

    Args:
        texts: Prompts and negative prompts.
        embeddings: The embeddings that stand for their names.
        wildcards: The lists that there are; none where choices are made already.
    """
    said = (each for text in texts for each in _in_vain(text, embeddings, wildcards))
    return tuple(dict.fromkeys(said))


def _in_vain(text: str, embeddings: Collection[str], wildcards: Wildcards) -> Iterator[str]:
    words = take_tags(text)[0]
    for name in missing_wildcards(words, wildcards):
        yield (
            f"There is no wildcard “{name}”, so it is read as it stands. Put {name}.txt into the "
            "folder “wildcards”, with one entry on each line."
        )
    for span in find_embeddings(words, embeddings):
        for name in () if span.embedding else asked_embeddings(span.text):
            yield (
                f"No embedding “{name}” fits this model, so its name is read as words. Put its "
                "file into models/embeddings, and rescan the models."
            )
