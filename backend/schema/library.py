"""What the library knows of the files in its folders: pure data for pickers, doors and the CLI."""

from typing import Literal

from backend.schema.base import Frozen
from backend.schema.models import ModelFile, ModelKind, Problem

LONGEST_NOTE = 10_000
"""Characters that a person can note about a model."""
_PICTURES = ("png", "jpg", "jpeg", "webp")
PREVIEW_ENDINGS = (
    *(f".preview.{each}" for each in _PICTURES),
    *(f".{each}" for each in _PICTURES),
)
"""How a picture beside a model ends after the model's name; the first that is there is shown."""


class SideCar(Frozen):
    """What the files beside a model say of it (`.civitai.info`, `.json`, previews, `.yaml`)."""

    title: str = ""
    description: str = ""
    """Plain text."""
    base_model: str = ""
    trigger_words: tuple[str, ...] = ()
    strength: float | None = None
    """The weight its maker recommends for a LoRA."""
    prediction: Literal["", "epsilon", "v"] = ""
    preview: str = ""
    """The path of a preview picture."""
    source: str = ""
    """The web page it came from."""


class Hashes(Frozen):
    """The names by which other programs know a file."""

    sha256: str
    short: str
    """A1111's: the first 10 digits of the SHA-256."""
    tensors: str = ""
    """The first 12 digits of the SHA-256 of all bytes after a safetensors header (AutoV3)."""


class LibraryEntry(Frozen):
    """One file or folder in the library: described, or named for what is wrong with it."""

    id: str
    """The path below the models folder; elsewhere it begins with its folder's name and a colon."""
    path: str
    bytes: int
    modified: float
    """Seconds since the epoch."""
    expected: ModelKind | None = None
    """What its folder is for; `None` for a folder of anything."""
    model: ModelFile | None = None
    problem: Problem | None = None
    """A file in a wrong folder has one too, and still a `model`."""
    card: SideCar | None = None
    hashes: Hashes | None = None
    """`None` while nobody worked them out."""

    @property
    def name(self) -> str:
        """What to call it: its title, or its file's name."""
        if self.model is None:
            return self.id.rpartition("/")[2]
        return self.model.title or self.model.name

    @property
    def strength(self) -> float:
        """The weight to begin with for a LoRA: its maker's, else 1."""
        return 1.0 if self.told_strength is None else self.told_strength

    @property
    def told_strength(self) -> float | None:
        """The weight that its side-car, or else its file recommends; None where neither does."""
        told = self.card.strength if self.card else None
        return self.model.strength if told is None and self.model else told

    @property
    def trigger_words(self) -> tuple[str, ...]:
        """What calls up what a LoRA learned, as its file says it, then its side-car; each once."""
        told = (
            *(self.model.trigger_words if self.model else ()),
            *(self.card.trigger_words if self.card else ()),
        )
        words = (word.strip(", ") for word in told)
        return tuple(dict.fromkeys(word for word in words if word))


class ModelFolder(Frozen):
    """A folder that the library looks through."""

    path: str
    label: str
    """Short and its own; ids of what is inside begin with it."""
    program: str
    """Whose folder it is: “Easel”, “ComfyUI”, “AUTOMATIC1111 or Forge”, or “a folder”."""
    own: bool = False
    """Easel's own models folder, which stays."""
    problem: str = ""
    """Why nothing can be read there now, as a sentence."""


class LibraryState(Frozen):
    """How far the library is, for a page that shows it."""

    scanning: bool
    revision: int
    """Grows with each change of what can be chosen; hashes change nothing of that."""
    unhashed: int
    """Files whose hashes nobody has worked out yet."""


class Rescanned(Frozen):
    """What a look through all folders brought."""

    found: int
    """Model files and folders in all."""
    broken: int = 0
    """Those that cannot be used."""
    new: tuple[str, ...] = ()
    """Ids, as in `gone` and `changed`."""
    gone: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()

    @property
    def sentence(self) -> str:
        """It in words, such as “3 new, 1 gone; 412 models in all.”."""
        counts = ((len(self.new), "new"), (len(self.gone), "gone"), (len(self.changed), "changed"))
        told = ", ".join(f"{count:,} {word}" for count, word in counts if count)
        models = "1 model" if self.found == 1 else f"{self.found:,} models"
        return f"{told or 'Nothing new'}; {models} in all."


class Verified(Frozen):
    """What reading all of a model again showed."""

    id: str
    path: str
    whole: bool
    sentence: str
    """What it was compared with, or what is wrong and what to do."""
