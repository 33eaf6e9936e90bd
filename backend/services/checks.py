"""What names and words in a request have to be."""

from collections.abc import Iterable

from backend.metadata.catalogue import Named, find_named
from backend.schema.errors import OutOfRangeError
from backend.schema.picture_settings import PromptSettings

LONGEST_PROMPT = 10_000
"""Characters; far beyond what any model reads, and short enough to be handed over at once."""


def known(label: str, field: str, name: str, entries: Iterable[Named]) -> str:
    """The id of a sampler or schedule, whichever of its names was given.

    Args:
        label: What the field is called.
        field: Its id.
        name: One of the names of an entry.
        entries: What there is.

    Raises:
        OutOfRangeError: When there is none of this name.
    """
    entries = tuple(entries)
    found = find_named(entries, name)
    if found is None:
        known = ", ".join(entry.label for entry in entries)
        raise OutOfRangeError(f"{label} cannot be “{name}”.", f"Choose one of: {known}.", field)
    return found.id


def readable(prompt: PromptSettings) -> PromptSettings:
    """The prompt itself.

    Raises:
        OutOfRangeError: When it is too long, or no text that can be stored.
    """
    for field, words in (("positive", prompt.positive), ("negative", prompt.negative)):
        if len(words) > LONGEST_PROMPT:
            raise OutOfRangeError(
                f"The prompt is {len(words):,} characters long.",
                f"Shorten it to {LONGEST_PROMPT:,}; models read only the first hundreds.",
                f"prompt.{field}",
            )
        if not _is_text(words):
            raise OutOfRangeError(
                "The prompt has a broken character in it.",
                "Type it again; half an emoji is the usual cause.",
                f"prompt.{field}",
            )
    return prompt


def _is_text(words: str) -> bool:
    """Whether files, messages and the journal can hold it: JSON may bring half a character."""
    try:
        words.encode()
    except UnicodeEncodeError:
        return False
    return True
