"""High-resolution fix with every choice made: which passes follow the first one."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from pydantic import Field

from backend.schema.base import Frozen
from backend.schema.hires_settings import LATENT, HiresSettings
from backend.schema.picture_settings import PromptSettings
from backend.schema.upscaling import LANCZOS, LANCZOS_LABEL, ResolvedUpscaler

Method = Literal["latent", "lanczos", "model"]
"""What enlarges."""
_FALL = 1 / 3
"""By how much of the first pass's strength the last one's is lower."""


@dataclass(frozen=True)
class Pass:
    """One time that the picture is enlarged and drawn again."""

    width: int
    """Of the result, in pixels."""
    height: int
    strength: float
    """How much is drawn anew."""
    schedule_steps: int
    """Of the whole schedule, of which only the last ones are taken."""


class ResolvedHires(Frozen):
    """How a picture is enlarged and drawn again."""

    factor: float
    method: Method
    upscaler: ResolvedUpscaler | None = None
    """The model, where one enlarges."""
    strength: float
    """Of the first of the passes."""
    steps: int
    """How many each pass takes; none where the strength is 0."""
    sampler: str
    schedule: str
    prompt: PromptSettings = PromptSettings()
    """What is drawn; an empty one is that of the first pass."""
    expanded: Mapping[int, PromptSettings] = Field(default_factory=dict[int, PromptSettings])
    """What `prompt` became for each picture, by index; none where it leaves no choice."""
    sizes: tuple[tuple[int, int], ...]
    """Width and height after each pass, in pixels."""
    tile: int | None = None
    """Pixels along a side of what is drawn at once; None for the whole picture."""

    @property
    def passes(self) -> tuple[Pass, ...]:
        """In order; with each, less is drawn anew."""
        count = len(self.sizes)
        return tuple(self._pass(number, count) for number in range(count))

    def _pass(self, number: int, count: int) -> Pass:
        strength = self.strength * (1 - _FALL * number / max(1, count - 1))
        steps = max(self.steps, int(self.steps / strength + 1e-9)) if self.steps else 0
        return Pass(*self.sizes[number], round(strength, 4), steps)

    @property
    def steps_in_all(self) -> int:
        """Of all passes."""
        return self.steps * len(self.sizes)

    @property
    def upscaler_name(self) -> str:
        """What enlarges, as metadata names it."""
        if self.upscaler is not None:
            return self.upscaler.name
        return LANCZOS_LABEL if self.method == LANCZOS else LATENT.capitalize()

    def prompt_for(self, index: int, first: PromptSettings) -> PromptSettings:
        """What picture `index` shows in these passes.

        Args:
            index: Its place in the job.
            first: Its prompt in the first pass.
        """
        own = self.expanded.get(index, self.prompt)
        return PromptSettings(
            positive=own.positive or first.positive, negative=own.negative or first.negative
        )

    def as_settings(self, sampler: str, schedule: str) -> HiresSettings:
        """The settings that ask for it.

        Args:
            sampler: The first pass's; the same one is left open.
            schedule: The same for the schedule.
        """
        return HiresSettings(
            factor=self.factor,
            strength=self.strength,
            upscaler=self.upscaler.id if self.upscaler else self.method,
            steps=self.steps,
            passes=len(self.sizes),
            tile=self.tile or 0,
            sampler=None if self.sampler == sampler else self.sampler,
            schedule=None if self.schedule == schedule else self.schedule,
            prompt=self.prompt.positive,
            negative=self.prompt.negative,
        )
