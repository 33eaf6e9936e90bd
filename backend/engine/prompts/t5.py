"""Encoding prompts with a T5 text encoder, to a fixed number of tokens."""

from functools import partial

import torch
from tokenizers import Tokenizer
from torch import Tensor

from backend.engine.memory.workplace import Workplace
from backend.engine.networks import T5EncoderModel
from backend.engine.prompts.remembered import Remembered
from backend.prompts.attention import without_weights

PADDING, END = 0, 1


class T5Reader:
    """Turns words into the states of T5's last layer, and remembers the last ones."""

    def __init__(self, tokenizer: Tokenizer, encoder: T5EncoderModel, workplace: Workplace) -> None:
        self._tokenizer = tokenizer
        self._encoder = encoder
        self._workplace = workplace
        self._remembered: Remembered[Tensor] = Remembered()

    def read(self, text: str, length: int) -> Tensor:
        """Encode a prompt, filled up to `length` tokens, or cut there.

        The encoder reads the padding like words, as the families that use it were trained. Weights
        in the prompt are left out.

        Returns:
            States of shape (1, length, width) in the encoder's dtype.
        """
        words = without_weights(text)
        key = (words, length, self._workplace.changed_by(self._encoder))
        return self._remembered.get(key, partial(self._encode, words, length))

    def tokens(self, text: str, length: int) -> list[int]:
        """The prompt's `length` tokens; the last one that is no padding is the end of the text."""
        words = self._tokenizer.encode(text, add_special_tokens=False).ids[: length - 1]
        return [*words, END, *[PADDING] * (length - 1 - len(words))]

    def _encode(self, text: str, length: int) -> Tensor:
        batch = torch.tensor([self.tokens(text, length)], device=self._workplace.device)
        with torch.no_grad(), self._workplace.at_work(self._encoder):
            return self._encoder(batch).last_hidden_state
