"""Putting the words of a style around a prompt, and taking them off again.

Source: AUTOMATIC1111's web UI documents that `{prompt}` in a style stands for the prompt, which a
style without it comes behind.
"""

from backend.schema.bringing import Style
from backend.schema.picture_settings import PromptSettings

_PLACE = "{prompt}"
_BETWEEN = ", "


def styled(style: Style, prompt: PromptSettings) -> PromptSettings:
    """The prompts with the words of a style."""
    return PromptSettings(
        positive=_around(style.prompt, prompt.positive),
        negative=_around(style.negative, prompt.negative),
    )


def unstyled(style: Style, prompt: PromptSettings) -> PromptSettings | None:
    """The prompts as they were before the style; None where its words are not around them."""
    positive = _inside(style.prompt, prompt.positive)
    negative = _inside(style.negative, prompt.negative)
    if positive is None or negative is None:
        return None
    return PromptSettings(positive=positive, negative=negative)


def _around(template: str, text: str) -> str:
    text = text.strip().rstrip(_BETWEEN)
    if _PLACE in template:
        return template.replace(_PLACE, text).strip(_BETWEEN) if text else _bare(template)
    return _BETWEEN.join(part for part in (text, template.strip()) if part)


def _bare(template: str) -> str:
    """A template around nothing: its words alone, “ink, lines” of “ink of {prompt}, lines”."""
    before, _, behind = template.partition(_PLACE)
    parts = (before.strip(_BETWEEN).removesuffix(" of"), behind.replace(_PLACE, "").strip(_BETWEEN))
    return _BETWEEN.join(part for part in parts if part)


def _inside(template: str, text: str) -> str | None:
    if not template.strip():
        return text
    if text.strip() in {_bare(template), template.strip()}:
        return ""
    before, _, behind = (
        template.partition(_PLACE) if _PLACE in template else ("", "", _BETWEEN + template.strip())
    )
    behind = behind.rstrip(_BETWEEN)
    around = len(before) + len(behind)
    if len(text) > around and text.startswith(before) and text.endswith(behind):
        return text[len(before) : len(text) - len(behind)].strip()
    return None
