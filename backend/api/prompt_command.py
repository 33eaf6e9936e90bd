"""`prompt`: how a prompt is read, step by step, without loading anything."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Self

import click

from backend.api.running import run_command
from backend.prompts.attention import Weighted, parse_attention
from backend.prompts.choices import leaves_choices, make_choices, missing_wildcards
from backend.prompts.composition import Subprompt, split_prompts
from backend.prompts.schedule import schedule
from backend.prompts.tags import LoraTag, take_tags
from backend.prompts.wildcards import Wildcards

ReadWildcards = Callable[[], Wildcards]
_USUAL_STEPS, _MOST_STEPS = 20, 1000


def run(argv: Sequence[str], read_wildcards: ReadWildcards) -> int:
    """Run `prompt` with its arguments and return the exit code: 0 told, 2 misused."""
    return run_command(_command(read_wildcards), argv)


def _command(read_wildcards: ReadWildcards) -> click.Command:
    def prompt(text: str, steps: int, seed: int, *, as_json: bool) -> None:
        lists = read_wildcards() if leaves_choices(text) else Wildcards({})
        reading = _Reading.of(text, steps, seed, lists)
        click.echo(reading.as_json() if as_json else "\n".join(reading.lines()))

    return click.Command(
        "prompt",
        params=[
            click.Argument(["text"]),
            click.Option(
                ["--steps"],
                type=click.IntRange(1, _MOST_STEPS),
                default=_USUAL_STEPS,
                show_default=True,
                help="How many the picture takes.",
            ),
            click.Option(
                ["--seed"], type=int, default=0, show_default=True, help="Makes the choices."
            ),
            click.Option(["--json", "as_json"], is_flag=True, help="Print JSON."),
        ],
        callback=prompt,
        help="Tell how TEXT is read as a prompt: what counts how much, what is drawn at which "
        "step, which wildcards and LoRAs it names. Nothing is loaded.",
    )


@dataclass(frozen=True)
class _Reading:
    """How a prompt is read."""

    text: str
    """With its choices made."""
    attention: tuple[Weighted, ...]
    schedule: tuple[tuple[int, str], ...]
    prompts: tuple[Subprompt, ...]
    loras: tuple[LoraTag, ...]
    missing: tuple[str, ...]
    """Wildcards that are not there."""

    @classmethod
    def of(cls, text: str, steps: int, seed: int, lists: Wildcards) -> Self:
        """Read a text for a picture of so many steps."""
        chosen = make_choices(text, seed, lists)
        words, loras = take_tags(chosen)
        return cls(
            chosen,
            parse_attention(words),
            schedule(words, steps),
            split_prompts(words),
            loras,
            missing_wildcards(chosen, lists),
        )

    def as_json(self) -> str:
        """All of it; AUTOMATIC1111's parser gives attention and schedule in the same form."""
        told: dict[str, object] = {
            "text": self.text,
            "attention": [[part.text, part.weight] for part in self.attention],
            "schedule": [list(turn) for turn in self.schedule],
            "prompts": [[part.text, part.weight] for part in self.prompts],
            "loras": [
                {"name": tag.name, "unet": tag.unet, "text_encoder": tag.text_encoder}
                for tag in self.loras
            ],
            "missing_wildcards": list(self.missing),
        }
        return json.dumps(told, indent=2)

    def lines(self) -> Iterator[str]:
        """All of it for a person; what says nothing new is left out."""
        yield self.text
        yield from _listed("Weights", [*map(_weight, self._words)])
        yield from _listed("Steps", [(f"to {step}", text) for step, text in self.schedule], 1)
        if len(self.prompts) > 1:
            parts = [(_number(part.weight), part.text) for part in self.prompts]
            yield from _listed("Drawn together", parts)
        weights = [f"{_number(tag.unet)}, {_number(tag.text_encoder)}" for tag in self.loras]
        names = [tag.name for tag in self.loras]
        yield from _listed(
            "LoRAs, network and text encoder", list(zip(weights, names, strict=True))
        )
        yield from _listed("Wildcards that are not there", [("", name) for name in self.missing])

    @property
    def _words(self) -> tuple[Weighted, ...]:
        """What the text of the first step weighs; nothing where all of it weighs the same."""
        parts = parse_attention(self.schedule[0][1])
        even = all(part.weight == 1 for part in parts)
        return () if even else tuple(part for part in parts if part.text)


def _listed(title: str, rows: Sequence[tuple[str, str]], fewest: int = 0) -> Iterator[str]:
    """A title with rows below it; nothing where there are no more than `fewest` of them."""
    if len(rows) > fewest:
        yield f"{title}:"
        yield from (f"  {label:<8} {text.strip()}" for label, text in rows)


def _weight(part: Weighted) -> tuple[str, str]:
    return ("", part.text) if part.breaks else (_number(part.weight), part.text)


def _number(weight: float) -> str:
    return f"{weight:.4g}"
