"""Where in a model the layers lie that adapters name, whoever trained them.

Trainers name a layer as diffusers and transformers do, or as the original layout does, with dots or
with underscores, behind a word for the part of the model. The maps that read checkpoints of every
layout say what each of our layers is called, and which rows of a layer are whose where the
original has them in one piece.

Sources: the key names that kohya's sd-scripts, LyCORIS, diffusers, peft, OneTrainer and ComfyUI
write.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

from torch import Size, Tensor

from backend.engine.adapters.deltas.base import Delta
from backend.engine.adapters.endings import flat
from backend.engine.loading.source import Source
from backend.engine.memory.placed import Placed
from backend.schema.models import Role

NETWORK: Role = "diffusion_model"
_OUTERMOST = "base_model_model_"  # peft's
_OF_NETWORKS = (
    "lora_unet_",
    "lora_transformer_",
    "lycoris_",
    "unet_",
    "transformer_",
    "diffusion_model_",
    "",
)
_NUMBER = re.compile(r"text_encoder_?(\d*)")
_ENDING = re.compile(r"(?P<layer>.+)[._](?P<tensor>weight|bias|scale)")
_PROJECTION = "text_projection"


@dataclass(frozen=True)
class Place:
    """A tensor of a module that an adapter changes."""

    role: Role
    module: str
    """The module's path in its part."""
    tensor: str
    """`weight` or `bias`."""
    source: Source
    """Which rows of the layer that the adapter names are this tensor's."""
    shape: Size

    def cut(self, rows: Tensor) -> Tensor:
        """Take this tensor's rows from those of the layer."""
        return self.source.cut(rows, self.shape)


@dataclass(frozen=True)
class PartPlaces:
    """The layers of one part of a model, by all of their names."""

    beginnings: Sequence[str]
    """What may stand before a layer's name."""
    places: Mapping[tuple[str, str], Sequence[Place]]
    """By the layer's flat name, and `weight` or `bias`."""
    without_effect: frozenset[str]
    """Layers that checkpoints have, and that have no part in drawing."""

    @classmethod
    def of(cls, role: Role, placed: Placed, *, only_encoder: bool) -> Self:
        """The layers of a part.

        Args:
            role: What it does.
            placed: It, wherever its weights lie.
            only_encoder: Whether it is the only text encoder of its model.
        """
        places: dict[tuple[str, str], list[Place]] = {}
        for naming in placed.origin.namings:
            for key, found in _named(role, placed, naming(placed.shapes)).items():
                places.setdefault(key, found)
        idle = role != NETWORK and (_PROJECTION, "weight") not in places
        return cls(
            _OF_NETWORKS if role == NETWORK else _of_encoder(role, placed, only=only_encoder),
            places,
            frozenset([_PROJECTION] if idle else []),
        )

    def names_of(self, layer: str) -> Iterator[str]:
        """What a layer may be called here."""
        bare = flat(layer).removeprefix(_OUTERMOST)
        for beginning in self.beginnings:
            if bare.startswith(beginning):
                yield bare.removeprefix(beginning)

    def find(self, layer: str, tensor: str, delta: Delta) -> Sequence[Place]:
        """The tensors that together are what an adapter changes; none where it does not suit."""
        for name in self.names_of(layer):
            found = self.places.get((name, tensor), ())
            if found and _suits(delta, found):
                return found
        return ()


def places_of(parts: Mapping[Role, Placed]) -> list[PartPlaces]:
    """The layers of all parts that adapters change: the network first, then the text encoders."""
    drawing: dict[Role, Placed] = {role: part for role, part in parts.items() if role != "vae"}
    alone = len(drawing.keys() - {NETWORK}) == 1
    found = [
        (role, PartPlaces.of(role, part, only_encoder=alone)) for role, part in drawing.items()
    ]
    return [places for _, places in sorted(found, key=lambda each: each[0] != NETWORK)]


def _of_encoder(role: Role, placed: Placed, *, only: bool) -> Sequence[str]:
    found = _NUMBER.fullmatch(placed.origin.part)
    number = (found[1] if found else "") or "1"
    numbers = {number, *("3" if role == "t5xxl" else ""), *("1" if only else "")}
    names = [f"lora_te{each}_" for each in numbers] + [f"text_encoder_{each}_" for each in numbers]
    if "1" in numbers:
        names += ["lora_te_", "text_encoder_"]
    return [*names, f"text_encoders_{role}_transformer_", f"{role}_transformer_", "lycoris_", ""]


def _named(
    role: Role, placed: Placed, sources: Mapping[str, Source]
) -> dict[tuple[str, str], list[Place]]:
    """The places of layers by their names in one layout."""
    named: dict[tuple[str, str], list[Place]] = {}
    for name, source in sources.items():
        ours, theirs = _ENDING.fullmatch(name), _ENDING.fullmatch(source.name)
        if ours is None or theirs is None or source.transposed:
            continue
        tensor = ours["tensor"]
        place = Place(role, ours["layer"], tensor, source, placed.shapes[name])
        for each in _also_called(flat(theirs["layer"]), theirs["tensor"]):
            named.setdefault((each, tensor), []).append(place)
    return named


def _also_called(layer: str, tensor: str) -> Iterator[str]:
    yield layer
    if layer.endswith("_to_out_0"):
        yield layer.removesuffix("_0")  # as the first diffusers named it
    if tensor == "scale":
        yield f"{layer}_scale"  # as ComfyUI names what is no weight


def _suits(delta: Delta, places: Sequence[Place]) -> bool:
    """Whether a change is as large as the tensors that it is for."""
    rows = sum(place.shape[0] for place in places)
    row_size = places[0].shape[1:].numel()
    return delta.rows == rows and delta.row_size == row_size
