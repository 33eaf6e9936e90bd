"""A prompt as a script: what is drawn at each step, every text encoded once."""

from typing import Any, cast

import torch

from backend.engine.families.base import Conditioning, Encoded
from backend.engine.prompts.reading import PLAIN
from backend.engine.prompts.scripts import Script, read_scripts
from backend.schema.picture_settings import PromptSettings

STEPS = 6


class Reader:
    """Stands in for a model; notes what it is asked to encode."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, ...]] = []

    def encode_prompts(self, *texts: str, reading: object) -> Conditioning:
        self.asked.append(texts)
        return Conditioning.of([Encoded(torch.zeros(1, 1, 1)) for _ in texts])


def script(reader: Reader, positive: str, negative: str = "") -> Script:
    prompt = PromptSettings(positive=positive, negative=negative)
    return read_scripts(cast("Any", reader), [prompt], STEPS, PLAIN)[0]


def test_steps_that_are_alike_share_what_was_encoded():
    reader = Reader()
    turns = script(reader, "[a|b] <lora:x:1>", "[c:d:3]")

    assert reader.asked == [("a", "c"), ("b", "c"), ("b", "d"), ("a", "d")]
    assert turns.at(1) is turns.at(3)
    assert turns.at(4) is turns.at(6)
    assert turns.at(1) is not turns.at(5)


def test_a_plain_prompt_is_encoded_once():
    reader = Reader()
    plain = script(reader, "a cat", "blurry")

    assert reader.asked == [("a cat", "blurry")]
    assert len({id(plain.at(step)) for step in range(1, STEPS + 1)}) == 1


def test_prompts_that_are_drawn_together_keep_their_weights():
    reader = Reader()
    both = script(reader, "a cat AND [fog:sun:2]:0.5", "blurry AND dark")

    assert reader.asked == [
        ("a cat", "blurry AND dark", " fog"),
        ("a cat", "blurry AND dark", " sun"),
    ]
    assert both.at(1).weights == (1.0, 0.5)
