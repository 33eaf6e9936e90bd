"""Having a checkpoint draw with adapters, and as it was afterwards.

Its own weights are never written to: a changed layer computes beside them, or with a changed copy
that lives as long as one call. So nothing can drift, whatever fails, and wherever the weights lie.
"""

from collections.abc import Generator, Mapping, Sequence
from contextlib import ExitStack, contextmanager

from torch import nn

from backend.engine.adapters.changed_layer import LayerChanges, Strong
from backend.engine.adapters.fitting import Chosen, fitted
from backend.engine.adapters.places import places_of
from backend.engine.memory.placed import Placed
from backend.engine.memory.workplace import Workplace
from backend.schema.models import Role


@contextmanager
def wearing(workplace: Workplace, chosen: Sequence[Chosen]) -> Generator[None]:
    """Have the parts of a checkpoint work with adapters as long as the context lasts.

    Raises:
        ModelError: When one does not fit; then none of them was put on.
    """
    if not chosen:
        yield
        return
    changes = fitted(chosen, places_of(workplace.parts))
    with ExitStack() as taken_off:
        for role, layers in changes.items():
            taken_off.callback(workplace.mark, role, None)
            workplace.mark(role, _mark(role, chosen))
            _put_on(workplace.parts[role], layers, taken_off)
        yield


def _put_on(
    placed: Placed,
    layers: Mapping[str, Mapping[str, Sequence[Strong]]],
    taken_off: ExitStack,
) -> None:
    modules: list[nn.Module] = []
    for path, changes in layers.items():
        layer = placed.module.get_submodule(path)
        changed = LayerChanges.of(layer, changes, placed.origin.dtype)
        taken_off.callback(changed.put_on(layer))
        modules += changed.modules
    taken_off.callback(placed.take_along, ())
    placed.take_along(modules)


def _mark(role: Role, chosen: Sequence[Chosen]) -> tuple[tuple[str, float], ...]:
    """What tells a changed part from others: the files, and how strongly each acts there."""
    return tuple((each.mark, each.strength(role)) for each in chosen if each.strength(role))
