"""Turns captions into the frozen text encoder's token states."""

import torch
from torch import Tensor
from transformers import CLIPTextModel, CLIPTokenizer

from recipes.starter.places import MODEL, newest

_FULL, _SHORT = 77, 28


class TextStates:
    """The tokenizer and the text encoder: this run's where there is one, else the shipped."""

    def __init__(self) -> None:
        source = newest("text_encoder", MODEL / "text_encoder")
        self._tokenizer = CLIPTokenizer.from_pretrained(MODEL / "tokenizer")
        self._encoder = CLIPTextModel.from_pretrained(source, dtype=torch.float32).eval()

    @torch.no_grad()
    def __call__(self, captions: list[str], *, full: bool) -> Tensor:
        """Encode captions; `full` pads to 77 tokens as pipelines do, else to the longest."""
        tokens = self._tokenizer(
            captions,
            padding="max_length" if full else "longest",
            max_length=_FULL if full else _SHORT,
            truncation=True,
            return_tensors="pt",
        ).input_ids
        return self._encoder(tokens).last_hidden_state
