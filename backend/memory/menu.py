"""All the ways to place a model's parts, and the fastest of them that fits a budget."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from backend.memory.estimate import CONTEXT, PROCESS, Parts
from backend.memory.placements import (
    Option,
    Surroundings,
    network_options,
    text_options,
    vae_options,
)
from backend.memory.speed import Parked
from backend.schema.memory import Budget, DeviceKind
from backend.schema.memory_settings import MemorySettings

PLENTY = 2**60


class Plan(NamedTuple):
    """An option for each kind of part."""

    text: Option
    network: Option
    vae: Option
    parked: Parked

    @property
    def seconds(self) -> float:
        """In all."""
        return self.text.seconds + self.network.seconds + self.vae.seconds

    @property
    def parked_bytes(self) -> int:
        """Weights that are not always on the device."""
        return self.text.parked + self.network.parked + self.vae.parked

    @property
    def phases(self) -> tuple[int, int, int]:
        """The bytes on the device while the prompt is read, while it draws, while it decodes."""
        rest = self.text.rest + self.network.rest + self.vae.rest
        reading, drawing, decoding = (
            rest - option.rest + option.need for option in (self.text, self.network, self.vae)
        )
        return reading, drawing, decoding


class _Limits(NamedTuple):
    """What is left for the denoising network, in bytes."""

    rest: int
    need: int
    parked: int

    @classmethod
    def beside(cls, text: Option, vae: Option, device: int, ram: int) -> "_Limits":
        """Beside these options for the other parts."""
        reading = device - text.need - vae.rest
        decoding = device - text.rest - vae.need
        drawing = device - text.rest - vae.rest
        return cls(min(reading, decoding), drawing, ram - text.parked - vae.parked)

    def first(self, networks: Sequence[Option], seconds: float) -> Option | None:
        """The first of the options that fits, if it takes fewer seconds than that."""
        if self.rest < 0 or self.parked < 0:
            return None
        for option in networks:
            if option.seconds >= seconds:
                return None
            fits = option.rest <= self.rest and option.need <= self.need
            if fits and option.parked <= self.parked:
                return option
        return None


@dataclass(frozen=True, slots=True)
class Menu:
    """All options, the fastest first."""

    texts: tuple[Option, ...]
    networks: tuple[Option, ...]
    vaes: tuple[Option, ...]
    parked: Parked
    full_speed: float
    """The seconds with everything on the device."""
    context: int
    """The bytes of the device that are no part's."""

    @classmethod
    def of(
        cls, parts: Parts, around: Surroundings, device: DeviceKind, choices: MemorySettings
    ) -> "Menu":
        """The options that the choices leave on a device."""
        texts = text_options(parts.encoders, around)
        networks = network_options(parts.network, around)
        vaes = vae_options(parts.vae, around)
        full_speed = texts[0].seconds + networks[0].seconds + vaes[0].seconds
        return cls(
            _left(_streamed(texts, choices), lambda option: _text_allowed(option, choices)),
            _left(networks, lambda option: _network_allowed(option, choices)),
            _left(_tiled(vaes, choices), lambda option: _vae_allowed(option, choices)),
            around.parked,
            full_speed,
            around.corrected(CONTEXT[device]),
        )

    def fastest(self, budget: Budget) -> Plan | None:
        """The fastest that fits; None where none does."""
        device = budget.device_bytes - self.context
        ram = PLENTY
        if budget.shared:
            device = min(device, budget.ram_bytes - self.context)
        elif self.parked == "ram":
            ram = budget.ram_bytes - PROCESS
        elif budget.ram_bytes < PROCESS:
            return None
        best: Plan | None = None
        fewest = math.inf
        for text in self.texts:
            for vae in self.vaes:
                taken = text.seconds + vae.seconds
                limits = _Limits.beside(text, vae, device, ram)
                network = limits.first(self.networks, fewest - taken)
                if network is not None:
                    best, fewest = Plan(text, network, vae, self.parked), taken + network.seconds
        return best

    @property
    def smallest(self) -> Plan:
        """The one that needs the least of the device."""
        kinds = (self.texts, self.networks, self.vaes)
        text, network, vae = (min(kind, key=_size) for kind in kinds)
        return Plan(text, network, vae, self.parked)


def _left(options: Sequence[Option], allowed: Callable[[Option], bool]) -> tuple[Option, ...]:
    return tuple(sorted(filter(allowed, options), key=lambda option: (option.seconds, option.rest)))


def _size(option: Option) -> tuple[int, int, float]:
    return option.rest, option.need, option.seconds


def _streamed(options: Sequence[Option], choices: MemorySettings) -> Sequence[Option]:
    """Those that come as it was asked for the text encoders; small ones come whole all the same."""
    wanted = choices.text_placement
    exact = [o for o in options if any(lying.placement == wanted for lying in o.lying)]
    return exact if exact and wanted in ("group", "leaf") else options


def _text_allowed(option: Option, choices: MemorySettings) -> bool:
    stays = all(lying.placement == "resident" for lying in option.lying)
    away = all(lying.placement != "resident" for lying in option.lying)
    wanted = choices.text_placement or choices.placement
    if wanted == "resident":
        return stays
    if wanted == "model":
        return all(lying.placement == "model" for lying in option.lying)
    return wanted is None or away


def _network_allowed(option: Option, choices: MemorySettings) -> bool:
    part, placement, storage = option.lying[0]
    if choices.placement not in (None, placement):
        return False
    if choices.precision == "fp8":
        return storage == part.storages[-1]
    return choices.precision is None or storage != "fp8"


def _tiled(options: Sequence[Option], choices: MemorySettings) -> Sequence[Option]:
    """Those with tiles where tiles are asked for; a small picture is one tile as it is."""
    tiled = [option for option in options if option.tile is not None]
    return tiled if tiled and choices.tiling == "tiled" else options


def _vae_allowed(option: Option, choices: MemorySettings) -> bool:
    if choices.tiling == "whole" and option.tile is not None:
        return False
    stays = option.lying[0].placement == "resident"
    wanted = choices.vae_placement or choices.placement
    return wanted is None or stays == (wanted == "resident")
