"""A component's folder as diffusers and transformers write it: whole or in pieces, plain or half.

Source: the file names in diffusers' and transformers' saving code.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from torch import Size, Tensor

from backend.engine.loading.kept import Kept
from backend.engine.loading.tensor_file import TensorFile
from backend.schema.errors import ModelDamagedError, ModelMissingError

_STEMS = ("diffusion_pytorch_model", "model")
_VARIANTS = ("", ".fp16")
"""The plain files first: they hold at least as much."""
_AGAIN = "Copy or download the whole folder again."


def component_files(folder: Path) -> tuple[Path, ...]:
    """The safetensors files that hold a component, all of one variant.

    Raises:
        ModelMissingError: When there are none.
        ModelDamagedError: When an index cannot be read, or a piece that it names is not there.
    """
    for variant in _VARIANTS:
        for stem in _STEMS:
            whole = folder / f"{stem}{variant}.safetensors"
            if whole.is_file():
                return (whole,)
            for index in _indices(folder, stem, variant):
                if index.is_file():
                    return _pieces(index)
    raise ModelMissingError(
        f"The folder “{folder.parent.name}/{folder.name}” has no weights in safetensors files.",
        _AGAIN,
    )


def _indices(folder: Path, stem: str, variant: str) -> tuple[Path, ...]:
    """Where the index may be: the libraries put the variant at either place."""
    return (
        folder / f"{stem}.safetensors.index{variant}.json",
        folder / f"{stem}{variant}.safetensors.index.json",
    )


def _pieces(index: Path) -> tuple[Path, ...]:
    try:
        names = set(json.loads(index.read_text(encoding="utf-8"))["weight_map"].values())
        # Only the folder's own files: an index may come from anywhere.
        pieces = sorted(index.parent / Path(name).name for name in names)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelDamagedError(f"“{index.name}” cannot be read: {error}", _AGAIN) from error
    for piece in pieces:
        if not piece.is_file():
            raise ModelDamagedError(
                f"“{index.parent.name}” is incomplete: {piece.name} is not there.", _AGAIN
            )
    return tuple(pieces)


class Shards:
    """Several files as one; satisfies `TensorFile`."""

    def __init__(self, files: Sequence[TensorFile]) -> None:
        self._files: Mapping[str, TensorFile] = {
            name: file for file in files for name in file.names
        }
        self.names = frozenset(self._files)

    def shape(self, name: str) -> Size:
        """The shape of a tensor."""
        return self._files[name].shape(name)

    def tensor(self, name: str) -> Tensor:
        """One tensor."""
        return self._files[name].tensor(name)

    def kept(self, name: str) -> Kept:
        """One tensor as it is stored."""
        return self._files[name].kept(name)
