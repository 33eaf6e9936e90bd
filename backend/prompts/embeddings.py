"""Names of textual-inversion embeddings in a prompt: as words of their own, or `embedding:name`.

Source: AUTOMATIC1111's web UI takes the names of its embeddings for words; ComfyUI documents
`embedding:name`, with or without the file's ending.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

_ENDINGS = r"(?:\.safetensors|\.pt|\.bin)?"
_ASKED = re.compile(r"\bembedding:([\w./\\-]*\w)")


@dataclass(frozen=True)
class Span:
    """A piece of a prompt."""

    text: str
    embedding: str = ""
    """The embedding that stands here in place of words; empty for words."""


def find_embeddings(text: str, names: Iterable[str]) -> tuple[Span, ...]:
    """A prompt as words and embeddings in turn, in any case; longer names are found first.

    Args:
        text: The prompt.
        names: The embeddings that there are, without their files' endings.
    """
    known = {name.lower(): name for name in names if name}
    either = "|".join(re.escape(name) for name in sorted(known, key=len, reverse=True))
    pattern = rf"(?<!\w)(?:embedding:)?({either}){_ENDINGS}(?!\w)"
    spans: list[Span] = []
    read = 0
    for found in re.finditer(pattern, text, re.IGNORECASE) if known else ():
        name = known.get(found[1].lower())
        if name:
            spans += [Span(text[read : found.start()])] if found.start() > read else []
            spans.append(Span(text[found.start() : found.end()], name))
            read = found.end()
    return (*spans, Span(text[read:])) if read < len(text) or not spans else tuple(spans)


def asked_embeddings(text: str) -> tuple[str, ...]:
    """The names that a prompt gives as `embedding:name`, whether there are such or not."""
    return tuple(dict.fromkeys(_ASKED.findall(text)))
