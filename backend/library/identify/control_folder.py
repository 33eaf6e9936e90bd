"""Control models as diffusers lays them out: a folder with one network and its configuration."""

from pathlib import Path

from backend.formats.header import Header, TensorInfo
from backend.library.headers import read_header
from backend.library.identify.folder import chosen_weights
from backend.library.identify.identify import describe
from backend.library.own_card import own_card
from backend.schema.errors import ModelDamagedError, ModelError
from backend.schema.library import SideCar
from backend.schema.models import ModelFile

_PICKLES = ("*.bin", "*.ckpt", "*.pt")


def identify_control_folder(folder: Path, card: SideCar | None) -> ModelFile:
    """Say what a folder with a ControlNet or T2I-Adapter is.

    Args:
        folder: With the network's `config.json` and its weights.
        card: What the files beside the folder say of it.

    Raises:
        ModelDamagedError: When a file cannot be read, or there are no weights.
        ModelError: When its weights are pickles.
    """
    files = chosen_weights(folder)
    if not files:
        raise _without_weights(folder)
    headers = [read_header(file) for file in files]
    tensors: dict[str, TensorInfo] = {}
    metadata: dict[str, str] = {}
    for header in headers:
        tensors |= header.tensors
        metadata |= header.metadata
    size = sum(header.file_bytes for header in headers)
    told, own = (
        describe(folder, Header("safetensors", tensors, metadata, size), card),
        own_card(folder),
    )
    return told.model_copy(
        update={
            "name": folder.name,
            "title": own.name or told.title,
            "format": "folder",
            "layout": "diffusers_folder",
            "control": own.control or told.control,
        }
    )


def _without_weights(folder: Path) -> ModelError:
    if any(True for pattern in _PICKLES for _ in folder.glob(pattern)):
        return ModelError(
            f"The weights in “{folder.name}” are pickle files, which can run programs when they "
            "are opened.",
            "Get the safetensors version.",
        )
    return ModelDamagedError(
        f"The folder “{folder.name}” has no weights.", "Copy or download the whole folder again."
    )
