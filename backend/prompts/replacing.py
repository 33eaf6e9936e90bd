"""The same prompt with some of it changed: other words, or another weight of a LoRA."""

from backend.prompts.tags import take_tags


def with_lora(text: str, name: str, weight: float) -> str:
    """The prompt with a LoRA at a weight; one that was not on is put at the end."""
    tag = f"<lora:{name}:{weight:g}>"
    there = [each for each in take_tags(text)[1] if each.name.casefold() == name.casefold()]
    if not there:
        return f"{text} {tag}".strip()
    for each in there:
        text = text.replace(each.typed, tag)
    return text
