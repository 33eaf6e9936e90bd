"""What is drawn at each step of a picture: prompts that change on the way, and several at once."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from backend.engine.families.base import Conditioning, Model
from backend.engine.prompts.reading import Reading
from backend.prompts.composition import split_prompts
from backend.prompts.schedule import schedule, text_at
from backend.prompts.tags import take_tags
from backend.schema.picture_settings import PromptSettings


@dataclass(frozen=True)
class Script:
    """The encoded prompts of each step."""

    steps: tuple[Conditioning, ...]
    """In order; steps that are alike share one."""

    def at(self, step: int) -> Conditioning:
        """What is drawn at a step, from 1."""
        return self.steps[step - 1]


def read_scripts(
    model: Model, prompts: Sequence[PromptSettings], steps: int, reading: Reading
) -> tuple[Script, ...]:
    """The scripts of some pictures' prompts; each text that a step needs is encoded once."""
    return tuple(_script(model, prompt, steps, reading) for prompt in prompts)


def _script(model: Model, prompt: PromptSettings, steps: int, reading: Reading) -> Script:
    drawn = split_prompts(take_tags(prompt.positive)[0])
    weights = tuple(each.weight for each in drawn)
    turns = [schedule(each.text, steps) for each in drawn]
    avoided = schedule(take_tags(prompt.negative)[0], steps)
    encoded: dict[tuple[str, ...], Conditioning] = {}

    def at(step: int) -> Conditioning:
        first, *more = (text_at(each, step) for each in turns)
        texts = (first, text_at(avoided, step), *more)
        if texts not in encoded:
            encoded[texts] = replace(model.encode_prompts(*texts, reading=reading), weights=weights)
        return encoded[texts]

    return Script(tuple(at(step) for step in range(1, steps + 1)))
