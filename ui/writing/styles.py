"""Styles as their menu shows them."""

from backend.prompts.styling import unstyled
from backend.schema.base import Frozen
from backend.schema.bringing import Style
from backend.schema.picture_settings import PromptSettings

_SHIPPED = "Easel"


class ShownStyle(Frozen):
    """A style, and what it does to the prompts."""

    name: str
    on: bool
    """Whether its words are around the prompts now."""
    adds: str
    title: str
    source: str
    """Where it is from; empty for those that ship with Easel."""


def shown_style(style: Style, prompt: PromptSettings) -> ShownStyle:
    """A style beside the prompts that it would go around."""
    adds = style.prompt.replace("{prompt}", "…")
    avoids = style.negative.replace("{prompt}", "…")
    told = (f"Writes “{adds}”" if adds else "", f"Avoids “{avoids}”" if avoids else "")
    return ShownStyle(
        name=style.name,
        on=unstyled(style, prompt) is not None,
        adds=adds or f"not: {avoids}",
        title=". ".join(part for part in told if part),
        source="" if style.source == _SHIPPED else style.source,
    )
