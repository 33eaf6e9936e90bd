"""Prompts for T5 are padded or cut to a length, encoded, and remembered."""

import pytest
import torch
from transformers import T5Config, T5EncoderModel

from backend.engine.memory.workplace import Workplace
from backend.engine.prompts.remembered import REMEMBERED
from backend.engine.prompts.t5 import T5Reader
from backend.prompts.t5_tokenizer import t5_tokenizer

APPLE = [3, 9, 1131, 8947, 1]


@pytest.fixture(scope="module")
def encoder() -> T5EncoderModel:
    torch.manual_seed(0)
    config = T5Config(
        vocab_size=32128,
        d_model=8,
        d_kv=4,
        d_ff=16,
        num_layers=2,
        num_heads=2,
        feed_forward_proj="gated-gelu",
    )
    return T5EncoderModel(config).eval()


@pytest.fixture
def reader(encoder) -> T5Reader:
    return T5Reader(t5_tokenizer(), encoder, Workplace(torch.device("cpu")))


def test_a_short_prompt_is_filled_up(reader):
    assert reader.tokens("a red apple", 8) == [*APPLE, 0, 0, 0]


def test_a_long_prompt_is_cut_and_still_ends(reader):
    assert reader.tokens("a red apple " * 50, 6) == [3, 9, 1131, 8947, 3, 1]


def test_states_are_those_of_the_encoder(reader, encoder):
    with torch.no_grad():
        expected = encoder(torch.tensor([[*APPLE, 0, 0, 0]])).last_hidden_state

    states = reader.read("a red apple", 8)

    assert states.shape == (1, 8, 8)
    assert torch.equal(states, expected)
    assert not states.requires_grad


def test_the_same_prompt_is_encoded_once(encoder):
    workplace = Workplace(torch.device("cpu"))
    reader = T5Reader(t5_tokenizer(), encoder, workplace)
    first = reader.read("a red apple", 8)
    spent = workplace.clock.seconds

    assert reader.read("a red apple", 8) is first
    assert workplace.clock.seconds == spent > 0
    assert reader.read("a red apple", 9).shape == (1, 9, 8)


def test_only_the_last_prompts_are_remembered(reader):
    first = reader.read("0", 4)
    for number in range(1, REMEMBERED + 1):
        reader.read(str(number), 4)

    assert reader.read("0", 4) is not first
