"""Fitting adapters to a model: which of its layers get which changes; all of a file, or nothing."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from backend.engine.adapters.adapter import Adapter, LayerChange, listed
from backend.engine.adapters.changed_layer import Strong
from backend.engine.adapters.deltas.base import Delta, UnsuitableError
from backend.engine.adapters.places import NETWORK, PartPlaces, Place
from backend.schema.errors import ModelError
from backend.schema.models import Role


@dataclass(frozen=True)
class Chosen:
    """An adapter, and how strongly it acts."""

    adapter: Adapter
    network: float = 1.0
    """In the denoising network."""
    text_encoder: float = 1.0
    mark: str = ""
    """What tells it from others, and from another file under its name."""

    def strength(self, role: Role) -> float:
        """How strongly it acts in a part of the model."""
        return self.network if role == NETWORK else self.text_encoder


Changes = dict[Role, dict[str, dict[str, list[Strong]]]]
"""By the part, the module's path in it, and `weight` or `bias`."""


def fitted(chosen: Iterable[Chosen], parts: Sequence[PartPlaces]) -> Changes:
    """The changes that adapters make to a model's layers; those without strength make none.

    Raises:
        ModelError: When one of them does not fit.
    """
    changes: Changes = defaultdict(lambda: defaultdict(lambda: defaultdict(list)))
    for each in chosen:
        for place, delta in _placed(each.adapter, parts):
            strength = each.strength(place.role)
            if strength:
                changes[place.role][place.module][place.tensor].append((strength, delta))
    return changes


def _placed(adapter: Adapter, parts: Sequence[PartPlaces]) -> list[tuple[Place, Delta]]:
    """Each change of an adapter, with the tensor that it is for."""
    found: list[tuple[Place, Delta]] = []
    lost: list[str] = []
    for layer in adapter.layers:
        places = _found(layer, parts)
        if places is None:
            lost.append(layer.name)
        else:
            found += places
    if lost:
        raise _misfit(adapter, lost)
    return found


def _found(layer: LayerChange, parts: Sequence[PartPlaces]) -> list[tuple[Place, Delta]] | None:
    """Where the changes of a layer go; None where that is nowhere."""
    found: list[tuple[Place, Delta]] = []
    for tensor, delta in (("weight", layer.weight), ("bias", layer.bias)):
        if delta is None:
            continue
        places = next(filter(None, (part.find(layer.name, tensor, delta) for part in parts)), ())
        if not places and not any(_is_idle(layer, part) for part in parts):
            return None
        try:
            found += [(place, delta.fitted(place.cut, place.shape)) for place in places]
        except UnsuitableError:
            return None
    return found


def _is_idle(layer: LayerChange, part: PartPlaces) -> bool:
    return any(name in part.without_effect for name in part.names_of(layer.name))


def _misfit(adapter: Adapter, lost: Sequence[str]) -> ModelError:
    every = len(adapter.layers)
    there = every - len(lost)
    share = f"only {there} of the {every} layers" if there else f"none of the {every} layers"
    return ModelError(
        f"The LoRA “{adapter.name}” does not fit this checkpoint: {share} that it changes "
        f"{'are' if there > 1 else 'is'} there.",
        "It was made for another kind of model. Choose one for this kind, or take it out of the "
        f"prompt. Not there: {listed(lost)}.",
    )
