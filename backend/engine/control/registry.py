"""Finding what makes maps and what follows them: each file registers one by decorating it."""

import importlib
import pkgutil
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from types import ModuleType

from PIL import Image

from backend.engine.control import networks as networks_package
from backend.engine.control import preprocessors as preprocessors_package
from backend.engine.control.base import LoadNetwork, MapSettings, PreprocessFunction
from backend.schema.controls import PreprocessorInfo
from backend.schema.errors import ModelError, NotFoundError
from backend.schema.models import Family, ModelKind


@dataclass(frozen=True)
class Preprocessor:
    """What makes maps, with what the page shows of it."""

    info: PreprocessorInfo
    function: PreprocessFunction
    version: int = 1
    """Another number, and maps that were remembered are made again."""

    def __call__(self, picture: Image.Image, settings: MapSettings) -> Image.Image:
        """Make a map of a picture; see `base.PreprocessFunction`."""
        return self.function(picture, settings)


@dataclass(frozen=True)
class Network:
    """A kind of control model: which ones it reads, and how."""

    kind: ModelKind
    families: tuple[Family, ...]
    """The families of the checkpoints that it steers."""
    load: LoadNetwork


def preprocessor(
    info: PreprocessorInfo, version: int = 1
) -> Callable[[PreprocessFunction], Preprocessor]:
    """Register what makes a map; the version is raised whenever its maps become others."""
    return lambda function: Preprocessor(info, function, version)


def network(kind: ModelKind, families: Iterable[Family]) -> Callable[[LoadNetwork], Network]:
    """Register how a kind of control model is read, for checkpoints of some families."""
    return lambda load: Network(kind, tuple(families), load)


def preprocessors() -> tuple[Preprocessor, ...]:
    """Everything that makes maps, by label."""
    found = (each for each in _values(preprocessors_package) if isinstance(each, Preprocessor))
    return tuple(sorted(found, key=lambda entry: entry.info.label))


def find_preprocessor(identifier: str) -> Preprocessor:
    """The one of this id, or of another program's name for it.

    Raises:
        NotFoundError: When there is none.
    """
    for entry in preprocessors():
        if identifier == entry.info.id or identifier in entry.info.aliases:
            return entry
    raise NotFoundError(
        f"There is no preprocessor called “{identifier}”.",
        f"Known: {', '.join(entry.info.id for entry in preprocessors())}.",
    )


def networks() -> tuple[Network, ...]:
    """All kinds of control models that can be read."""
    found = (each for each in _values(networks_package) if isinstance(each, Network))
    return tuple(sorted(found, key=lambda entry: (entry.kind, entry.families)))


def find_network(kind: ModelKind, family: Family) -> Network:
    """How a control model of a kind is read for checkpoints of a family.

    Raises:
        ModelError: When Easel knows no such control models.
    """
    for entry in networks():
        if entry.kind == kind and family in entry.families:
            return entry
    raise ModelError(
        f"Easel cannot steer {family.label} by a {kind.label}.",
        "Choose another control model, or another checkpoint.",
    )


def _values(package: ModuleType) -> Iterator[object]:
    for module in pkgutil.iter_modules(package.__path__):
        yield from vars(importlib.import_module(f"{package.__name__}.{module.name}")).values()
