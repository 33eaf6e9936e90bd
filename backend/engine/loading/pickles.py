"""The tensors of a pickled checkpoint, read without running anything of it.

torch's weights-only loader knows the few names that tensors need, and refuses every other one. Real
checkpoints also name harmless classes of the program that trained them; an empty class of ours
stands in for each of those.
"""

import pickle
import re
import struct
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Self, cast
from zipfile import is_zipfile

import torch
from torch import Tensor

from backend.schema.errors import ModelDamagedError, ModelError

_Allowed = Callable[..., object] | tuple[Callable[..., object], str]
"""As torch names what a pickle may ask for."""
_HARMLESS = (
    "pytorch_lightning.callbacks.model_checkpoint.ModelCheckpoint",
    "pytorch_lightning.callbacks.early_stopping.EarlyStopping",
    "lightning.pytorch.callbacks.model_checkpoint.ModelCheckpoint",
    "numpy.core.multiarray.scalar",
    "numpy._core.multiarray.scalar",
    "numpy.core.multiarray._reconstruct",
    "numpy._core.multiarray._reconstruct",
    "numpy.ndarray",
    "numpy.dtype",
)
_NAMED = re.compile(r"GLOBAL (\S+) (?:was not|whose)")
_AGAIN = "Download it again."
_BROKEN = (
    *(OSError, EOFError, RuntimeError, ValueError, LookupError, TypeError, AttributeError),
    *(AssertionError, struct.error),
)
"""What torch's loader raises at broken files besides `UnpicklingError`."""


class _StandIn:
    """What a name that we do not need becomes: it takes anything and keeps nothing."""

    def __new__(cls, *_arguments: object) -> Self:
        return super().__new__(cls)

    def __init__(self, *_arguments: object) -> None: ...

    def __setstate__(self, _state: object) -> None: ...


def read_pickle(path: Path) -> dict[str, Tensor]:
    """Every tensor of the file by name; names in dictionaries are joined by dots.

    Files of torch 1.6 and newer are mapped into memory, older ones are read whole.

    Raises:
        ModelError: When the file wants to run something, or holds no tensors.
        ModelDamagedError: When it cannot be read.
    """
    try:
        loaded = _load(path)
        tensors = _weights_in(loaded)
    except pickle.UnpicklingError as error:
        raise _refusal(path, str(error)) from error
    except _BROKEN as error:
        raise ModelDamagedError(f"“{path.name}” cannot be read: {error}", _AGAIN) from error
    if not tensors:
        raise ModelError(
            f"“{path.name}” holds no weights.", "It may be something else than a model."
        )
    return tensors


def _load(path: Path) -> object:
    in_their_place: list[_Allowed] = [(_StandIn, name) for name in _HARMLESS]
    with torch.serialization.safe_globals(in_their_place):
        return torch.load(path, map_location="cpu", weights_only=True, mmap=is_zipfile(path))


def _weights_in(loaded: object) -> dict[str, Tensor]:
    """The tensors of a checkpoint; where it has a `state_dict`, of that alone.

    An embedding as A1111 pickles it becomes what A1111 calls it in safetensors.
    """
    found: dict[str, Tensor] = {}
    whole = _as_mapping(loaded)
    made_up = list(_as_mapping(whole.get("string_to_param")).values())
    if len(made_up) == 1 and isinstance(made_up[0], Tensor):
        return {"emb_params": made_up[0].detach()}
    _flatten(_as_mapping(whole.get("state_dict")) or whole, "", found)
    return found


def _flatten(part: Mapping[object, object], prefix: str, found: dict[str, Tensor]) -> None:
    for key, value in part.items():
        if isinstance(value, Tensor):
            found[f"{prefix}{key}"] = value.detach()
        else:
            _flatten(_as_mapping(value), f"{prefix}{key}.", found)


def _as_mapping(value: object) -> Mapping[object, object]:
    """A dictionary as it is; anything else as an empty one."""
    return cast("Mapping[object, object]", value) if isinstance(value, Mapping) else {}


def _refusal(path: Path, words: str) -> ModelError:
    named = _NAMED.search(words)
    if named is None:
        return ModelDamagedError(f"“{path.name}” is no checkpoint that torch can read.", _AGAIN)
    return ModelError(
        f"“{path.name}” asks to run “{named[1]}” when it is opened, so it was not opened.",
        "A checkpoint needs nothing of the kind. Get the safetensors version from its maker.",
    )
