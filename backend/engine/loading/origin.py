"""The files that a part of a checkpoint comes from, which it can be read from again."""

from collections.abc import Callable, Collection, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import torch

from backend.engine.loading.source import Source
from backend.engine.loading.weights import Weights, open_weights
from backend.schema.errors import ModelDamagedError, ModelMissingError

INDEX = "model_index.json"
"""In the folders of whole checkpoints."""
SourcesOf = Callable[[Collection[str]], Mapping[str, Source]]
"""Where the tensors of a module lie in files of some layout."""


@dataclass(frozen=True)
class Origin:
    """Where a part's tensors lie."""

    title: str
    """The part in a sentence, with its article: “the denoising network”."""
    place: Path
    """A file, or a part's folder."""
    prefix: str
    sources: Mapping[str, Source]
    """Where each tensor of the module lies, by its name."""
    dtype: torch.dtype
    """That the module computes with."""
    part: str = field(default="", kw_only=True)
    """The part's folder in a diffusers folder."""
    namings: Sequence[SourcesOf] = field(default=(), kw_only=True)
    """What files of every layout call its tensors, which other files use as they like."""

    @contextmanager
    def opened(self) -> Generator[Weights]:
        """The part's tensors.

        Raises:
            ModelMissingError: When they are gone.
            ModelDamagedError: When they are broken.
        """
        with named_by_its_folder(self.title, self.place), open_weights(self.place) as weights:
            yield weights.under(self.prefix)


@contextmanager
def named_by_its_folder(title: str, place: Path) -> Generator[None]:
    """Say which model is broken: the files in diffusers folders all have the same names."""
    try:
        yield
    except (ModelDamagedError, ModelMissingError) as error:
        if not place.is_dir():
            raise
        if not (place.parent / INDEX).is_file():  # a folder of its own, such as a ControlNet's
            raise ModelDamagedError(
                f"“{place.name}” is broken. {error.sentence}",
                "Copy or download the whole folder again.",
            ) from error
        raise ModelDamagedError(
            f"The checkpoint “{place.parent.name}” is broken. {error.sentence}",
            f"Copy or download {title} again: the folder {place.name}.",
        ) from error
