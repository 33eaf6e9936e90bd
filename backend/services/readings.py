"""What pictures tell of how they were made, with the models that are here."""

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from backend.library.library import Library
from backend.metadata.catalogue import load_catalogue
from backend.metadata.file_texts import Source, read_texts
from backend.metadata.reading import read_text, reading_of
from backend.metadata.teller import model_name
from backend.places import Places
from backend.schema.catalogue import Catalogue
from backend.schema.control_settings import UNITS
from backend.schema.errors import NotFoundError, RequestError
from backend.schema.fields import Scalar
from backend.schema.generation import GENERATION_FIELDS
from backend.schema.library import LibraryEntry
from backend.schema.models import ModelKind
from backend.schema.readings import FoundModel, ModelUse, NamedModel, PictureReading, Reading

_FEWEST_DIGITS = 8
_KINDS: Mapping[ModelUse, frozenset[ModelKind]] = {
    "checkpoint": frozenset({ModelKind.CHECKPOINT, ModelKind.DIFFUSION_MODEL}),
    "refiner": frozenset({ModelKind.CHECKPOINT, ModelKind.DIFFUSION_MODEL}),
    "vae": frozenset({ModelKind.VAE}),
    "text encoder": frozenset({ModelKind.TEXT_ENCODER}),
    "LoRA": frozenset({ModelKind.LORA}),
    "embedding": frozenset({ModelKind.EMBEDDING}),
    "ControlNet": frozenset({ModelKind.CONTROLNET, ModelKind.T2I_ADAPTER, ModelKind.IP_ADAPTER}),
    "upscaler": frozenset({ModelKind.UPSCALER}),
}
_FIELDS: Mapping[str, ModelUse] = {
    "model.checkpoint": "checkpoint",
    "refiner.checkpoint": "refiner",
    "model.vae": "vae",
    "model.clip_l": "text encoder",
    "model.clip_g": "text encoder",
    "model.t5xxl": "text encoder",
    **{f"control{number}.model": "ControlNet" for number in range(1, UNITS + 1)},
}
"""The fields of a request that name a model."""


@contextmanager
def open_readings(places: Places) -> Generator["Readings"]:
    """Open what reads pictures without anything else; the page may run on the same data folder."""
    catalogue = load_catalogue()
    library = Library(places, catalogue)
    try:
        yield Readings(library.entries, catalogue)
    finally:
        library.close()


@dataclass(frozen=True)
class Readings:
    """Reads pictures of any program; nothing of them is kept."""

    entries: Callable[[], Iterable[LibraryEntry]]
    """What is in the library."""
    catalogue: Catalogue
    is_here: Callable[[str], bool] = lambda _: True
    """Whether a picture that a request refers to is here."""

    def of_file(self, path: Path) -> PictureReading:
        """What a file on this machine tells.

        Raises:
            NotFoundError: When it is not there or cannot be read, or tells nothing.
            RequestError: When it is no picture that Easel reads.
        """
        try:
            return self._of(path, path.name)
        except OSError as error:
            reason = error.strerror or "the system refused"
            raise NotFoundError(
                f"“{path.name}” cannot be read: {reason[:1].lower()}{reason[1:]}.",
                "Look at the name, and whether you may read it.",
            ) from error

    def of_stream(self, content: IO[bytes], name: str) -> PictureReading:
        """What a picture tells that somebody sent; see `of_file`."""
        return self._of(content, name)

    def of_text(self, text: str) -> PictureReading | None:
        """What A1111's text tells; None where it is no such text."""
        reading = read_text(text, self.catalogue)
        return None if reading is None else self._found(reading, 0, 0)

    def _of(self, source: Source, name: str) -> PictureReading:
        texts = read_texts(source)
        if texts is None:
            raise RequestError(
                f"“{name}” is no whole picture that Easel reads.", "It reads PNG, JPEG, WebP, AVIF."
            )
        reading = reading_of(texts, self.catalogue)
        if reading is None:
            raise NotFoundError(
                f"“{name}” does not tell how it was made.",
                "Many sites and chats remove the settings: ask for the file itself.",
            )
        return self._found(reading, texts.width, texts.height)

    def _found(self, reading: Reading, width: int, height: int) -> PictureReading:
        there = tuple(self.entries())
        models = tuple(_find(model, there) for model in reading.models)
        fields: dict[str, Scalar] = dict(reading.fields)
        for field_id, use in _FIELDS.items():
            told = fields.get(field_id)
            named = (m for m in models if m.use == use and m.name == model_name(str(told)))
            found = next(named, None)
            if told and found is not None and found.installed:
                fields[field_id] = found.installed
        gone = tuple(self._gone(fields))
        return PictureReading(
            program=reading.program,
            width=width,
            height=height,
            fields=fields,
            text=reading.text,
            models=models,
            unused=(*reading.unused, *gone),
        )

    def _gone(self, fields: dict[str, Scalar]) -> Iterator[str]:
        """Take out the references to pictures that are not here, and tell of each."""
        for spec in GENERATION_FIELDS:
            told = fields.get(spec.id)
            if spec.setting.picture and isinstance(told, str) and not self.is_here(told):
                del fields[spec.id]
                yield f"{spec.setting.label}: {told} is not here any more; choose it again."


def _find(model: NamedModel, entries: Iterable[LibraryEntry]) -> FoundModel:
    """A model by its hash, or else by its name."""
    fitting = [entry for entry in entries if entry.model and entry.model.kind in _KINDS[model.use]]
    same = next((entry for entry in fitting if _is(model.hash, entry)), None)
    names = (entry for entry in fitting if model.name.casefold() in _names(entry))
    found = same or next(names, None)
    return FoundModel(
        **model.model_dump(), installed=found.id if found else "", by_hash=same is not None
    )


def _is(digits: str, entry: LibraryEntry) -> bool:
    if entry.hashes is None or len(digits) < _FEWEST_DIGITS:
        return False
    return any(
        known.startswith(digits) or (known != "" and digits.startswith(known))
        for known in (entry.hashes.sha256, entry.hashes.tensors)
    )


def _names(entry: LibraryEntry) -> set[str]:
    file = PurePosixPath(entry.id).name
    return {name.casefold() for name in (entry.name, file, model_name(file), entry.id)}
