"""An adapter as its file holds it: which layers it changes, and how."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor

from backend.engine.adapters.deltas.base import Delta, UnsuitableError
from backend.engine.adapters.deltas.making import bias_delta, weight_delta
from backend.engine.adapters.endings import flat, taken_apart
from backend.engine.adapters.scales import ToldScales
from backend.engine.loading.safetensors_file import SafetensorsFile
from backend.schema.errors import ModelDamagedError, ModelError, ModelMissingError

SHOWN = 5
"""How many names a sentence lists at most."""


@dataclass(frozen=True)
class LayerChange:
    """What an adapter does to one layer."""

    name: str
    """As the file names it."""
    weight: Delta | None
    bias: Delta | None


@dataclass(frozen=True)
class Adapter:
    """An adapter, read; its tensors lie in the machine's memory, in the file's precision."""

    name: str
    """As people see it."""
    layers: Sequence[LayerChange]


def read_adapter(path: Path) -> Adapter:
    """Read a safetensors file.

    Raises:
        ModelMissingError: When it is not there.
        ModelDamagedError: When it is not whole.
        ModelError: When it holds what is no adapter, or a kind that Easel does not know.
    """
    if not path.is_file():
        raise ModelMissingError(f"There is no LoRA at {path}.", "Was it moved? Rescan the models.")
    file = SafetensorsFile(path)
    apart = {name: taken_apart(name) for name in sorted(file.names)}
    strange = [name for name, found in apart.items() if found is None]
    if strange or not apart:
        raise ModelError(
            f"“{path.name}” changes a model in a way that Easel does not know.",
            f"It knows LoRA, LoCon, LoHa, LoKr, DoRA and full differences, not {listed(strange)}."
            if strange
            else "It is empty.",
        )
    layers: dict[str, dict[str, Tensor]] = {}
    for name, found in apart.items():
        if found is not None:
            layer, slot = found
            layers.setdefault(layer, {})[slot] = file.tensor(name).clone()
    told = ToldScales.read(path, file.metadata)
    return Adapter(path.stem, _changes(path, layers, told))


def listed(names: Iterable[str]) -> str:
    """Some names in a sentence, and how many more there are."""
    every = list(names)
    more = f" and {len(every) - SHOWN} more" if len(every) > SHOWN else ""
    return ", ".join(every[:SHOWN]) + more


def _changes(
    path: Path, layers: Mapping[str, dict[str, Tensor]], told: ToldScales
) -> list[LayerChange]:
    changes: list[LayerChange] = []
    for layer, slots in layers.items():
        try:
            changes.append(_change(layer, slots, told.of(flat(layer))))
        except UnsuitableError as error:
            raise ModelDamagedError(
                f"“{path.name}” is broken: of the layer {layer}, {error}.",
                "Download it again, or ask who made it.",
            ) from error
    return changes


def _change(layer: str, slots: Mapping[str, Tensor], told: float) -> LayerChange:
    alpha = slots.get("alpha")

    def scale(rank: int) -> float:
        if alpha is None:
            return told
        return alpha.item() / rank if rank else 1.0

    weight, bias = weight_delta(slots, scale), bias_delta(slots, scale)
    if weight is None and bias is None:
        raise UnsuitableError("half is missing")
    return LayerChange(layer, weight, bias)
