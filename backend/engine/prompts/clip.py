"""Encoding prompts with a CLIP text encoder, in pieces of 77 tokens."""

from functools import partial
from typing import Literal, cast

import torch
from torch import Tensor
from transformers import CLIPTextModel, CLIPTextModelWithProjection, CLIPTokenizer

from backend.engine.families.base import Conditioning, Encoded
from backend.engine.memory.workplace import Workplace
from backend.engine.prompts.chunks import ChunkFormat, chunks
from backend.engine.prompts.remembered import Remembered
from backend.schema.errors import ModelDamagedError

ClipEncoder = CLIPTextModel | CLIPTextModelWithProjection
Layer = Literal["last", "last but one"]
"""Which layer's states are read: the last one's are normalised, those before are not."""


class ClipReader:
    """Turns words into what one CLIP text encoder makes of them."""

    def __init__(
        self,
        tokenizer: CLIPTokenizer,
        encoder: ClipEncoder,
        workplace: Workplace,
        layer: Layer = "last",
    ) -> None:
        """Read with this encoder.

        Raises:
            ModelDamagedError: When the tokenizer has words that the encoder does not know.
        """
        self._tokenizer = tokenizer
        self._encoder = encoder
        self._workplace = workplace
        self._layer = layer
        self._remembered: Remembered[Encoded] = Remembered()
        if len(tokenizer) > encoder.config.vocab_size:
            raise ModelDamagedError(
                f"The text encoder knows {encoder.config.vocab_size:,} words, its tokenizer "
                f"{len(tokenizer):,}.",
                "The checkpoint needs a tokenizer of its own: use its diffusers folder.",
            )
        start, end = tokenizer("").input_ids
        self._style = ChunkFormat(
            start=start,
            end=end,
            padding=cast("int", tokenizer.pad_token_id),
            length=tokenizer.model_max_length,
        )

    def read(self, positive: str, negative: str) -> Conditioning:
        """Encode both prompts to the same number of tokens; the shorter gets empty pieces.

        Returns:
            States of shape (1, pieces × 77, width), and what the encoder makes of the first piece
            as a whole, projected where the encoder has a projection.
        """
        tokens = [self._tokens(positive), self._tokens(negative)]
        pieces = max(len(chunks(each, self._style)) for each in tokens)
        return Conditioning(*(self._read(chunks(each, self._style, pieces)) for each in tokens))

    def _read(self, pieces: list[list[int]]) -> Encoded:
        words = tuple(token for piece in pieces for token in piece)
        return self._remembered.get(words, partial(self._encode, pieces))

    def _tokens(self, text: str) -> list[int]:
        return self._tokenizer(text, add_special_tokens=False, verbose=False).input_ids

    def _encode(self, pieces: list[list[int]]) -> Encoded:
        tokens = torch.tensor(pieces, device=self._workplace.device)
        with torch.no_grad(), self._workplace.at_work(self._encoder):
            said = self._encoder(tokens, output_hidden_states=self._layer != "last")
        states = said.last_hidden_state if self._layer == "last" else said.hidden_states[-2]
        whole: Tensor = said[0] if _projects(self._encoder) else said.pooler_output
        return Encoded(states.flatten(0, 1).unsqueeze(0), whole[:1])


def _projects(encoder: ClipEncoder) -> bool:
    return isinstance(encoder, CLIPTextModelWithProjection)
