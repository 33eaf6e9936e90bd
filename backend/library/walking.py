"""Finding model files and folders on disk, however the folders are linked."""

import logging
import os
import stat
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from backend.library.folder_kinds import kind_of_folder
from backend.library.installations.installation import Root
from backend.library.model_folders import is_model_folder
from backend.library.sidecars import described_stem
from backend.schema.models import ModelKind

LOG = logging.getLogger(__name__)

MODEL_SUFFIXES = frozenset({".safetensors", ".sft", ".gguf", ".ckpt", ".pt", ".pth", ".bin"})
_SKIPPED = frozenset(
    {
        *("__pycache__", "node_modules", "venv", "custom_nodes"),
        *("captioners", "preprocessors", "ControlNetPreprocessor"),
    }
)

Entries = list[os.DirEntry[str]]


@dataclass(frozen=True)
class Found:
    """A model file or diffusers folder, as the file system tells it."""

    id: str
    path: str
    bytes: int
    changed: int
    """Nanoseconds since the epoch; of a folder, its newest file's."""
    expected: ModelKind | None
    is_folder: bool = False
    cards: str = ""
    """The names, sizes and times of the files beside it that describe it, one a line."""
    title: str = ""
    """What another program calls it."""

    @property
    def card_names(self) -> frozenset[str]:
        """The names of the files beside it that describe it."""
        return frozenset(line.partition("\t")[0] for line in self.cards.splitlines())


@dataclass
class Walk:
    """A look through several folders; none is entered twice, so that links may go in circles."""

    unreadable: list[str] = field(default_factory=list[str])
    """Folders that the system did not let us read."""
    entered: list[str] = field(default_factory=list[str])
    """Roots that were there."""
    _seen: set[tuple[int, int]] = field(default_factory=set[tuple[int, int]])
    _alone: set[str] = field(default_factory=set[str])
    """Files that are roots themselves."""

    def through(self, roots: Iterable[Root]) -> Iterator[Found]:
        """Everything below these folders that may be a model."""
        for root in roots:
            before = len(self.unreadable)
            for found in self._in(root):
                yield replace(found, title=root.title) if root.title else found
            is_folder = os.path.isdir(root.path) and not is_model_folder(root.path)  # noqa: PTH112
            if len(self.unreadable) == before and is_folder:
                self.entered.append(str(root.path))

    def _in(self, root: Root) -> Iterator[Found]:
        path = str(root.path)
        if is_model_folder(root.path):
            if self._enter(path):
                yield found_folder(path, root.name.rstrip(":/"), root.kind)
        elif os.path.isfile(path):  # noqa: PTH113  pathlib raises
            self._alone.add(path)
            with suppress(OSError):  # it went away just now
                yield replace(found_file(path, root.name), expected=root.kind)
        else:
            whole = root.name.endswith((":", "/"))
            name = root.name if whole or not root.name else f"{root.name}/"
            yield from self._below(path, name, root.kind)

    def _below(self, top: str, name: str, kind: ModelKind | None) -> Iterator[Found]:
        waiting = [(top, name, kind)]
        while waiting:
            path, name, kind = waiting.pop()
            files, folders = self._read(path)
            cards = _cards(files)
            for entry in folders:
                if is_model_folder(Path(entry.path)):
                    if self._enter(entry.path):
                        told = cards.get(entry.name, "")
                        yield found_folder(entry.path, name + entry.name, kind, told)
                elif entry.name not in _SKIPPED:
                    inner = kind or kind_of_folder(entry.name)
                    waiting.append((entry.path, f"{name}{entry.name}/", inner))
            for file in files:
                stem, suffix = os.path.splitext(file.name)  # noqa: PTH122  speed
                if suffix.lower() in MODEL_SUFFIXES and file.path not in self._alone:
                    yield from _file(file, name, kind, cards.get(stem, ""))

    def _read(self, path: str) -> tuple[Entries, Entries]:
        """The files and folders in a folder that are not hidden; empty where it was seen before."""
        try:
            if not self._enter(path):
                return [], []
            with os.scandir(path) as entries:
                shown = [e for e in entries if not e.name.startswith(".") and _is_text(e.name)]
        except FileNotFoundError:
            return [], []
        except OSError as error:
            LOG.warning("library.unreadable path=%s error=%s", path, error)
            self.unreadable.append(path)
            return [], []
        shown.sort(key=lambda entry: entry.name)
        folders = [entry for entry in shown if _is_folder(entry)]
        names = {entry.name for entry in folders}
        return [entry for entry in shown if entry.name not in names], folders

    def _enter(self, path: str) -> bool:
        """Note that a folder was seen; False where it was before, under whatever name."""
        state = os.stat(path)  # noqa: PTH116  speed
        key = (state.st_dev, state.st_ino)
        new = key not in self._seen
        self._seen.add(key)
        return new


def found_folder(path: str, name: str, kind: ModelKind | None = None, cards: str = "") -> Found:
    """A diffusers folder as one model called `name`."""
    size = newest = 0
    for parent, folders, files in os.walk(path):
        folders[:] = [each for each in folders if not each.startswith(".")]
        for each in files:
            with suppress(OSError):
                state = os.stat(f"{parent}/{each}")  # noqa: PTH116
                size += state.st_size
                newest = max(newest, state.st_mtime_ns)
    return Found(name, path, size, newest, kind, is_folder=True, cards=cards)


def found_file(path: str, name: str) -> Found:
    """A file anywhere as a model called `name`, with what is beside it.

    Raises:
        OSError: When it is not there.
    """
    state = os.stat(path)  # noqa: PTH116
    folder, file = os.path.split(path)
    with os.scandir(folder) as entries:
        cards = _cards(list(entries)).get(os.path.splitext(file)[0], "")  # noqa: PTH122
    return Found(name, path, state.st_size, state.st_mtime_ns, None, cards=cards)


def _file(
    entry: os.DirEntry[str], name: str, kind: ModelKind | None, cards: str
) -> Iterator[Found]:
    try:
        state = entry.stat()
    except OSError:  # a link to nothing, or a file that went away just now
        return
    if stat.S_ISREG(state.st_mode):
        size, changed = state.st_size, state.st_mtime_ns
        yield Found(name + entry.name, entry.path, size, changed, kind, cards=cards)


def _cards(files: Entries) -> dict[str, str]:
    """The names, sizes and times of the files that describe models, by the models' stems."""
    told: defaultdict[str, list[str]] = defaultdict(list)
    for entry in files:
        stem = described_stem(entry.name)
        if stem:
            with suppress(OSError):
                state = entry.stat()
                told[stem].append(f"{entry.name}\t{state.st_size}\t{state.st_mtime_ns}")
    return {stem: "\n".join(lines) for stem, lines in told.items()}


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False


def _is_text(name: str) -> bool:
    """Whether a name can be stored and shown: a file system may hold bytes that are no text."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True
