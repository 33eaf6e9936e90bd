"""Loading one part of a checkpoint, such as its text encoder, from whatever layout it lies in."""

from collections.abc import Callable, Collection, Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

import torch

from backend.engine.loading.files import CheckpointFiles
from backend.engine.loading.origin import Origin, SourcesOf, named_by_its_folder
from backend.engine.loading.source import Source
from backend.engine.loading.weights import Weights, open_weights
from backend.engine.memory.workplace import TakesIn
from backend.schema.errors import ModelDamagedError, ModelMissingError
from backend.schema.events import Event, Stage
from backend.schema.models import Role

Module = TypeVar("Module", bound=torch.nn.Module)
Config = dict[str, object]


@dataclass(frozen=True)
class Layout:
    """One way in which files name the tensors of a part."""

    marker: str
    """A tensor, named without the prefix, that only this layout has."""
    sources: SourcesOf
    prefix: str = ""

    def fits(self, weights: Weights) -> bool:
        """Whether a file is laid out in this way."""
        return self.prefix + self.marker in weights.names


@dataclass(frozen=True)
class Component(Generic[Module]):
    """A part of a checkpoint: what it is, and how files hold it."""

    role: Role
    part: str
    """Its folder in a diffusers folder, and the name of its config."""
    title: str
    """In a sentence, with its article: “the denoising network”."""
    build: Callable[[Config], Module]
    layouts: tuple[Layout, ...]
    """The first that fits counts."""
    adapt: Callable[[Config, Weights], Config] = lambda config, weights: config  # noqa: ARG005
    """Changes the published config to what the tensors of a file (named without prefix) say."""

    @property
    def namings(self) -> tuple[SourcesOf, ...]:
        """What its tensors are called in files of every layout, our own names first."""
        return tuple(dict.fromkeys([own_names, *(layout.sources for layout in self.layouts)]))


def own_names(names: Collection[str]) -> dict[str, Source]:
    """Each tensor lies under our module's own name."""
    return {name: Source(name) for name in names}


def load_component(
    component: Component[Module],
    files: CheckpointFiles,
    workplace: TakesIn,
    dtype: torch.dtype,
) -> Generator[Event, None, Module]:
    """Have a part of a checkpoint at its workplace, telling how many bytes of it are in memory.

    Raises:
        ModelMissingError: When the files do not hold it.
        ModelDamagedError: When it is incomplete or of the wrong size.
    """
    yield Stage(sentence=f"Loading {component.title}")
    place = files.place(component.role, component.part)
    with named_by_its_folder(component.title, place):
        module, layout = _built(component, files, place)
    sources = layout.sources(module.state_dict())
    origin = Origin(
        component.title,
        place,
        layout.prefix,
        sources,
        dtype,
        part=component.part,
        namings=component.namings,
    )
    yield from workplace.take_in(component.role, module, origin)
    return module.eval()


def holds(component: Component[Module], files: CheckpointFiles) -> bool:
    """Whether the files hold a part that the family can do without."""
    if component.role not in files.separate and files.path.is_dir():
        return (files.path / component.part).is_dir()
    with open_weights(files.place(component.role, component.part)) as weights:
        return any(layout.fits(weights) for layout in component.layouts)


def _built(
    component: Component[Module], files: CheckpointFiles, place: Path
) -> tuple[Module, Layout]:
    """The part without its weights, and how the file names them."""
    config = files.config(place, component.part)
    with open_weights(place) as weights:
        layout = next((each for each in component.layouts if each.fits(weights)), None)
        if layout is None:
            raise ModelMissingError(
                f"“{place.name}” does not hold {component.title}.",
                "Get the file with all parts, or put the missing part into the models folder.",
            )
        adapted = component.adapt(config, weights.under(layout.prefix))
    try:
        with torch.device("meta"):
            return component.build(adapted), layout
    except (ValueError, TypeError, KeyError) as error:
        raise ModelDamagedError(
            f"The config of {component.title} in “{place.name}” makes no sense: {error}",
            "Copy or download the checkpoint again.",
        ) from error
