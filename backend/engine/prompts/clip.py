"""Encoding prompts with a CLIP text encoder, in pieces of 77 tokens."""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Literal, cast

import torch
from torch import Tensor

from backend.engine.families.base import Encoded
from backend.engine.memory.workplace import Workplace
from backend.engine.networks import CLIPTextModel, CLIPTextModelWithProjection, CLIPTokenizer
from backend.engine.prompts.embeddings import Embeddings, standing_in
from backend.engine.prompts.reading import Reading
from backend.engine.prompts.remembered import Remembered
from backend.prompts.chunks import Chunk, ChunkFormat, MadeUpWord, Token, chunks
from backend.prompts.clip_words import clip_tokens, seam_behind
from backend.schema.errors import ModelDamagedError

ClipEncoder = CLIPTextModel | CLIPTextModelWithProjection
Layer = Literal["last", "last but one"]
"""Which layer's states are usually read: the last one's are normalised, those before are not."""


LEAST_MEAN = 0.01
"""Of an encoder's states, as a share of their spread: below, it is noise."""


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
        self._width = encoder.config.hidden_size
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

    def read(self, texts: Sequence[str], reading: Reading) -> tuple[Encoded, ...]:
        """Encode prompts to the same number of tokens; shorter ones get empty pieces.

        Args:
            texts: The prompts.
            reading: Embeddings, and how far from its end the encoder is read.

        Returns:
            For each, states of shape (1, pieces × 77, width), and what the encoder makes of the
            first piece as a whole, projected where the encoder has a projection.
        """
        tokens = [tuple(self._tokens(text, reading.embeddings)) for text in texts]
        pieces = max(len(chunks(each, self._style)) for each in tokens)
        return tuple(self._read(chunks(each, self._style, pieces), reading) for each in tokens)

    def _read(self, pieces: tuple[Chunk, ...], reading: Reading) -> Encoded:
        depth = self._depth(reading.clip_skip)
        encode = partial(self._encode, pieces, reading, depth)
        if reading.learning:
            return encode()
        changed_by = self._workplace.changed_by(self._encoder)
        return self._remembered.get((pieces, depth, changed_by), encode)

    def _depth(self, clip_skip: int) -> int:
        """Which layer's states are read, counted from the last one, 1, to the first."""
        usual = 1 if self._layer == "last" else 2
        return min(max(usual, clip_skip), self._encoder.config.num_hidden_layers)

    def _tokens(self, text: str, embeddings: Embeddings) -> Iterator[Token | None]:
        """The prompt's tokens with their weights; None where a piece is to end."""
        made_up = {name: each.words(self._width) for name, each in embeddings.items()}
        return clip_tokens(text, self._words, made_up)

    def _words(self, text: str) -> Iterator[Token]:
        numbers = self._tokenizer(text, add_special_tokens=False, verbose=False).input_ids
        names = self._tokenizer.convert_ids_to_tokens(numbers)
        for number, name in zip(numbers, names, strict=True):
            yield Token(number, seam=seam_behind(name))

    def _encode(self, pieces: tuple[Chunk, ...], reading: Reading, depth: int) -> Encoded:
        numbers = [
            [each if isinstance(each, int) else self._style.end for each in piece.tokens]
            for piece in pieces
        ]
        tokens = torch.tensor(numbers, device=self._workplace.device)
        vectors = _vectors(pieces, reading.embeddings, self._width)
        with (
            torch.set_grad_enabled(reading.learning),
            self._workplace.at_work(self._encoder),
            standing_in(self._encoder, vectors),
        ):
            said = self._encoder(tokens, output_hidden_states=depth > 1)
            states = said.last_hidden_state if depth == 1 else said.hidden_states[-depth]
            if depth > 1 and self._layer == "last":
                states = self._encoder.get_submodule("final_layer_norm")(states)
        whole: Tensor = said[0] if _projects(self._encoder) else said.pooler_output
        if any(weight != 1 for piece in pieces for weight in piece.weights):
            states = weighted(states, torch.tensor([piece.weights for piece in pieces]))
        return Encoded(states.flatten(0, 1).unsqueeze(0), whole[:1])


def _vectors(
    pieces: Sequence[Chunk], embeddings: Embeddings, width: int
) -> dict[tuple[int, int], Tensor]:
    """The vectors of made-up words, by piece and place."""
    files = {each.file: each for each in embeddings.values()}
    return {
        (number, place): files[word.file].vectors[width][word.row]
        for number, piece in enumerate(pieces)
        for place, word in enumerate(piece.tokens)
        if isinstance(word, MadeUpWord)
    }


def weighted(states: Tensor, weights: Tensor) -> Tensor:
    """Have some tokens count more, and keep the mean of each piece.

    The mean is left alone where an encoder's is next to nothing, as the starter's: keeping it would
    turn all of the prompt over.

    Args:
        states: Shape (pieces, tokens, width).
        weights: Shape (pieces, tokens); pieces of ones stay as they are, bit for bit.

    Source: AUTOMATIC1111's web UI, “Emphasis: Original”, and “No norm” for the exception.
    """
    before = states.to(torch.promote_types(states.dtype, torch.float32))
    after = before * weights.to(before).unsqueeze(-1)
    mean, mean_after = (each.mean(dim=(1, 2), keepdim=True) for each in (before, after))
    spread = before.std(dim=(1, 2), keepdim=True)
    kept = torch.where(mean.abs() > LEAST_MEAN * spread, mean / mean_after, 1.0)
    return (after * kept).to(states.dtype)


def _projects(encoder: ClipEncoder) -> bool:
    return isinstance(encoder, CLIPTextModelWithProjection)
