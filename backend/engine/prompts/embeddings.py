"""Textual-inversion embeddings: vectors that stand in a prompt in place of words.

Source: Gal et al. 2022 (arXiv:2208.01618).
"""

from collections.abc import Generator, Iterable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from torch import Tensor
from torch.nn import Module

from backend.engine.loading.safetensors_file import SafetensorsFile
from backend.prompts.chunks import MadeUpWord
from backend.schema.resolved import ResolvedEmbedding


@dataclass(frozen=True)
class Embedding:
    """An embedding's vectors, by the width of the encoders that they are for."""

    file: str
    modified: int
    vectors: Mapping[int, Tensor]
    """Each of shape (words, width)."""

    def words(self, width: int) -> tuple[MadeUpWord, ...]:
        """What stands in a prompt for an encoder of this width; nothing where it has no vectors."""
        count = len(self.vectors[width]) if width in self.vectors else 0
        return tuple(MadeUpWord(self.file, self.modified, row) for row in range(count))


Embeddings = Mapping[str, Embedding]
"""By the name that a prompt gives them."""


def load_embeddings(found: Iterable[ResolvedEmbedding]) -> Embeddings:
    """Read embeddings from their files, a few kilobytes each.

    Raises:
        ModelDamagedError: When one cannot be read.
    """
    return {each.name: _loaded(Path(each.path)) for each in found}


def _loaded(path: Path) -> Embedding:
    file = SafetensorsFile(path)
    tensors = (file.tensor(name).clone() for name in sorted(file.names))
    rows = [tensor.unsqueeze(0) if tensor.ndim == 1 else tensor for tensor in tensors]
    modified = path.stat().st_mtime_ns
    return Embedding(str(path), modified, {each.shape[-1]: each for each in rows})


@contextmanager
def standing_in(encoder: Module, vectors: Mapping[tuple[int, int], Tensor]) -> Generator[None]:
    """Have vectors in place of those that the encoder's table has for some tokens.

    Args:
        encoder: A text encoder of transformers.
        vectors: By (piece, place), each of the encoder's width.
    """

    def put(module: Module, arguments: object, looked_up: Tensor) -> Tensor:
        del module, arguments
        changed = looked_up.clone()
        for (piece, place), vector in vectors.items():
            changed[piece, place] = vector.to(changed)
        return changed

    if not vectors:
        yield
        return
    table = cast("Module", encoder.get_input_embeddings())  # pyright: ignore[reportCallIssue]
    handle = table.register_forward_hook(put)
    try:
        yield
    finally:
        handle.remove()
