"""Encoding prompts with a CLIP text encoder, in pieces of 77 tokens."""

from collections import OrderedDict
from typing import cast

import torch
from torch import Tensor
from transformers import CLIPTextModel, CLIPTokenizer

from backend.engine.families.base import Conditioning, ModelClock
from backend.engine.prompts.chunks import ChunkFormat, chunks

REMEMBERED = 8


class ClipPrompts:
    """Turns words into what the denoising network reads, and remembers the last ones."""

    def __init__(self, tokenizer: CLIPTokenizer, encoder: CLIPTextModel, clock: ModelClock) -> None:
        self._tokenizer = tokenizer
        self._encoder = encoder
        self._clock = clock
        self._recent: OrderedDict[tuple[str, str], Conditioning] = OrderedDict()
        start, end = tokenizer("").input_ids
        self._style = ChunkFormat(
            start=start,
            end=end,
            padding=cast("int", tokenizer.pad_token_id),
            length=tokenizer.model_max_length,
        )

    def encode(self, positive: str, negative: str) -> Conditioning:
        """Encode both prompts to the same number of tokens; the shorter gets empty pieces.

        Returns:
            Rows of shape (1, pieces × 77, width).
        """
        pair = (positive, negative)
        if pair not in self._recent:
            self._recent[pair] = self._encode_pair(positive, negative)
        self._recent.move_to_end(pair)
        while len(self._recent) > REMEMBERED:
            self._recent.popitem(last=False)
        return self._recent[pair]

    def _encode_pair(self, positive: str, negative: str) -> Conditioning:
        tokens = [self._tokens(positive), self._tokens(negative)]
        pieces = max(len(chunks(each, self._style)) for each in tokens)
        rows = [self._encode_pieces(chunks(each, self._style, pieces)) for each in tokens]
        return Conditioning(*rows)

    def _tokens(self, text: str) -> list[int]:
        return self._tokenizer(text, add_special_tokens=False, verbose=False).input_ids

    def _encode_pieces(self, pieces: list[list[int]]) -> Tensor:
        tokens = torch.tensor(pieces, device=self._encoder.device)
        with torch.no_grad(), self._clock.running():
            states = self._encoder(tokens).last_hidden_state
        return states.flatten(0, 1).unsqueeze(0)
