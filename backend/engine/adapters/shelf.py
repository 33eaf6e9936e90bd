"""The adapters that the last job used, kept in memory for the next."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from backend.engine.adapters.adapter import Adapter, read_adapter
from backend.engine.adapters.asked import Strengths
from backend.engine.adapters.fitting import Chosen
from backend.schema.errors import NotFoundError
from backend.schema.resolved import ResolvedLora


@dataclass
class Shelf:
    """Reads adapters, and keeps those that a request names."""

    _read: dict[str, tuple[str, Adapter]] = field(default_factory=dict[str, tuple[str, Adapter]])
    """By path, each with what tells one state of the file from another."""

    def choose(
        self, asked: Mapping[str, Strengths], found: Iterable[ResolvedLora]
    ) -> tuple[Chosen, ...]:
        """The adapters that a picture is drawn with, in an order that its prompt does not decide.

        Args:
            asked: How strongly each acts, by its name in the prompt.
            found: All that the request names; what else lies here is let go of.

        Raises:
            NotFoundError: When a name is not among them.
            ModelError: When a file cannot be used.
        """
        files = {each.name: Path(each.path) for each in found}
        paths = {str(path) for path in files.values()}
        self._read = {path: kept for path, kept in self._read.items() if path in paths}
        return tuple(
            self._chosen(name, files, strengths) for name, strengths in sorted(asked.items())
        )

    def free_memory(self) -> None:
        """Let go of all; see `context.HoldsMemory`."""
        self._read.clear()

    def _chosen(self, name: str, files: Mapping[str, Path], strengths: Strengths) -> Chosen:
        if name not in files:
            raise NotFoundError(
                f"There is no LoRA “{name}”.",
                "Put its .safetensors file into models/loras, and rescan the models.",
            )
        path = files[name]
        state = f"{path} {_changed(path)}"
        if self._read.get(str(path), ("",))[0] != state:
            self._read[str(path)] = (state, read_adapter(path))
        return Chosen(self._read[str(path)][1], *strengths, mark=state)


def _changed(path: Path) -> str:
    """What changes with a file, cheap to tell; empty where it is gone."""
    try:
        status = path.stat()
    except OSError:
        return ""
    return f"{status.st_mtime_ns} {status.st_size}"
