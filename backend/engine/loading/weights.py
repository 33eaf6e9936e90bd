"""The tensors of a checkpoint or of one of its parts, read one at a time, whatever the format."""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from torch import Size, Tensor

from backend.engine.loading.gguf_file import GgufFile
from backend.engine.loading.kept import Kept
from backend.engine.loading.safetensors_file import SafetensorsFile
from backend.engine.loading.shards import Shards, component_files
from backend.engine.loading.tensor_file import TensorFile
from backend.formats.gguf import GGUF_MAGIC
from backend.schema.conversion import PICKLE_SUFFIXES
from backend.schema.errors import ModelDamagedError, ModelError, ModelMissingError


@dataclass(frozen=True)
class Weights:
    """An open file, or the part of it whose names begin with a prefix."""

    path: Path
    names: frozenset[str]
    """Without the prefix."""
    prefix: str
    _file: TensorFile

    def tensor(self, name: str) -> Tensor:
        """One tensor, as it is stored; packed ones are unpacked, scaled ones multiplied.

        It may be a view of the mapped file. Eight-bit floats without a scale are handed out as they
        are: converting them is exact, and torch does it in one go with the copy.

        Raises:
            ModelDamagedError: When it is not there.
            ModelError: When it is packed in a way that Easel cannot unpack.
        """
        return self._file.tensor(self._whole(name))

    def kept(self, name: str) -> Kept:
        """One tensor as the file keeps it; it may be a view of the mapped file.

        Raises:
            ModelDamagedError: When it is not there.
            ModelError: When it is packed in a way that Easel cannot unpack.
        """
        return self._file.kept(self._whole(name))

    def shape(self, name: str) -> Size:
        """The shape of a tensor; its values are not read.

        Raises:
            ModelDamagedError: When it is not there.
        """
        return self._file.shape(self._whole(name))

    def under(self, prefix: str) -> "Weights":
        """The tensors whose names begin with `prefix`, named without it."""
        cut = len(prefix)
        names = frozenset(name[cut:] for name in self.names if name.startswith(prefix))
        return Weights(self.path, names, self.prefix + prefix, self._file)

    def _whole(self, name: str) -> str:
        if name not in self.names:
            raise ModelDamagedError(
                f"“{self.path.name}” has no tensor {self.prefix}{name}.",
                "It is incomplete or of another kind. Download it again.",
            )
        return self.prefix + name


@contextmanager
def open_weights(path: Path) -> Generator[Weights]:
    """Map weights into memory; nothing is read before it is asked for.

    Args:
        path: A safetensors or GGUF file, or the folder of a component with safetensors files.

    Raises:
        ModelMissingError: When it is not there.
        ModelDamagedError: When it is not whole.
        ModelError: When it is a pickle.
    """
    if path.is_dir():
        file: TensorFile = Shards([SafetensorsFile(piece) for piece in component_files(path)])
    else:
        file = _open_file(path)
    yield Weights(path, file.names, "", file)


def _open_file(path: Path) -> TensorFile:
    if not path.is_file():
        raise ModelMissingError(f"There is no file {path}.", "Was it moved?")
    if path.suffix.lower() in PICKLE_SUFFIXES:
        raise ModelError(
            f"“{path.name}” is a pickle file, which can run programs when it is opened.",
            "Get the safetensors version, or convert it with Easel's safe conversion.",
        )
    with path.open("rb") as opened:
        is_gguf = opened.read(len(GGUF_MAGIC)) == GGUF_MAGIC
    return GgufFile(path) if is_gguf else SafetensorsFile(path)
