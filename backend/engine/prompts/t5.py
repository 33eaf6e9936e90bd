"""Encoding prompts with a T5 text encoder, to a fixed number of tokens."""

from collections import OrderedDict

import torch
from tokenizers import Tokenizer
from torch import Tensor
from transformers import T5EncoderModel

from backend.engine.families.base import ModelClock

REMEMBERED = 8
PADDING, END = 0, 1


class T5Reader:
    """Turns words into the states of T5's last layer, and remembers the last ones."""

    def __init__(self, tokenizer: Tokenizer, encoder: T5EncoderModel, clock: ModelClock) -> None:
        self._tokenizer = tokenizer
        self._encoder = encoder
        self._clock = clock
        self._recent: OrderedDict[tuple[str, int], Tensor] = OrderedDict()

    def read(self, text: str, length: int) -> Tensor:
        """Encode a prompt, filled up to `length` tokens, or cut there.

        The encoder reads the padding like words, as the families that use it were trained.

        Returns:
            States of shape (1, length, width) in the encoder's dtype.
        """
        key = (text, length)
        if key not in self._recent:
            self._recent[key] = self._encode(self.tokens(text, length))
        self._recent.move_to_end(key)
        while len(self._recent) > REMEMBERED:
            self._recent.popitem(last=False)
        return self._recent[key]

    def tokens(self, text: str, length: int) -> list[int]:
        """The prompt's `length` tokens; the last one that is no padding is the end of the text."""
        words = self._tokenizer.encode(text, add_special_tokens=False).ids[: length - 1]
        return [*words, END, *[PADDING] * (length - 1 - len(words))]

    def _encode(self, tokens: list[int]) -> Tensor:
        batch = torch.tensor([tokens], device=self._encoder.device)
        with torch.no_grad(), self._clock.running():
            return self._encoder(batch).last_hidden_state
