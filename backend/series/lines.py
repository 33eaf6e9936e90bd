"""Prompts in a file, one a line, some with settings of their own.

A line is a prompt as it stands, or begins with `--` and has settings as a command line has them:
`--prompt "a red apple" --steps 30 --negative_prompt "blurry"`.

Source: the form that AUTOMATIC1111's web UI documents under “Prompts from file or textbox”.
"""

import shlex
from collections.abc import Mapping

from backend.schema.errors import RequestError
from backend.schema.fields import Scalar
from backend.schema.generation import GENERATION_FIELDS

_OTHER_NAMES = {
    "sampler_name": "sampler",
    "sd_model": "checkpoint",
    "model": "checkpoint",
    "subseed": "variation_seed",
    "subseed_strength": "variation_strength",
    "denoising_strength": "strength",
}
_SEVERAL_WORDS = {"prompt", "negative_prompt"}
"""What goes on until the next flag."""
_ALONE = {"batch_count", "batch_size", "n_iter"}


def fields_of(line: str, number: int) -> Mapping[str, Scalar]:
    """What a line says, by dotted ids.

    Args:
        line: The line.
        number: Which one it is, from 1, for sentences.

    Raises:
        RequestError: When it has settings that do not exist, or without a value.
    """
    if not line.startswith("--"):
        return {"prompt.positive": line}
    try:
        words = shlex.split(line)
    except ValueError as error:
        raise RequestError(
            f"Line {number} has a quote without its end.", "Put one at the end of its text."
        ) from error
    ids = {spec.setting.short_name: spec.id for spec in GENERATION_FIELDS}
    told: dict[str, Scalar] = {}
    while words:
        name = words.pop(0).removeprefix("--").replace("-", "_")
        name = _OTHER_NAMES.get(name, name)
        values = _taken(words, several=name in _SEVERAL_WORDS)
        if name in _ALONE:
            raise RequestError(
                f"Line {number} asks for several pictures; each line makes one.",
                f"Take “{name}” out, and repeat the line with other seeds.",
            )
        if name not in ids or not values:
            raise RequestError(
                f"Line {number} has “--{name}”, which is no setting of Easel."
                if name not in ids
                else f"Line {number} has “--{name}” without a value.",
                "Take it out; app.py generate --help lists all settings.",
            )
        told[ids[name]] = " ".join(values)
    return told


def _taken(words: list[str], *, several: bool) -> list[str]:
    """The values that follow a flag, taken from what is left of the line."""
    values: list[str] = []
    while words and not words[0].startswith("--") and (several or not values):
        values.append(words.pop(0))
    return values
