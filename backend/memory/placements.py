"""The ways in which each kind of part can lie on a device, and what each costs.

A way of lying is an `Option`; a plan takes one option for the text encoders together, one for the
denoising network and one for the autoencoder. Other things equal, less memory takes more time.
"""

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from backend.memory.estimate import GIB, SCALE, TILES, Part, with_workspace
from backend.memory.guests import Guests
from backend.memory.speed import Parked, Speed
from backend.memory.tiles import decoded_pixels
from backend.schema.memory import Storage, Workload
from backend.schema.memory_settings import Placement

_WIDENING: dict[Storage, float] = {"full": 1.0, "stored": 1.15, "fp8": 1.3}
"""Calls take so much longer where weights are kept narrow. In diffusers' own benchmark casting to
fp8 took 1.12 times as long for FLUX and twice as long for SDXL."""
_HALVING = 1.05
"""Drawing takes so much longer where half as much is drawn at once."""
_BLOCKS = 1.05
"""And where blocks come and go, which the device must wait for, beside the way itself."""
_LAYERS = 1.1
_PLACEMENTS: tuple[Placement, ...] = ("resident", "model", "group", "leaf")
_STREAMED = 2 * GIB
"""Text encoders that are smaller come whole or not at all."""
_AWAY: tuple[Placement, ...] = ("model", "group", "leaf")


class Lying(NamedTuple):
    """Where one part lies."""

    part: Part
    placement: Placement
    storage: Storage


class Option(NamedTuple):
    """A way for one or several parts; bytes on the device, and seconds in all."""

    rest: int
    """While others work."""
    weights: int
    """While it works, with what lies there at rest."""
    activations: int
    need: int
    """While it works, with activations and the room that they need beside them."""
    parked: int
    """Bytes that lie elsewhere."""
    seconds: float
    lying: tuple[Lying, ...]
    pictures: int = 0
    """At once, for the denoising network."""
    prompts: int = 0
    tile: int | None = None
    """For the autoencoder."""
    guests: tuple[int, int] = (0, 0)
    """For the network: the bytes of control models that lie there at rest, and at work."""


class Surroundings(NamedTuple):
    """What the options of a plan have in common."""

    workload: Workload
    speed: Speed
    parked: Parked
    correction: float = 1.0
    """How many times as much as the tables say is taken beside weights, as measured."""
    guests: Guests = Guests()

    @property
    def pixels(self) -> int:
        """The latents of one picture."""
        return self.workload.width * self.workload.height // SCALE**2

    @property
    def seen(self) -> int:
        """The most latents of one picture that the network sees at once."""
        return max((each.pixels for each in self.workload.looks), default=self.pixels)

    def corrected(self, count: int) -> int:
        """Bytes beside weights, by what was measured of them on this device."""
        return int(count * self.correction)


class Split(NamedTuple):
    """How much of a batch is drawn in one call."""

    pictures: int
    prompts: int
    calls: int
    """In one step."""
    activations: int
    """Of the network alone."""
    seconds: float
    """Of one step, without the ways of weights."""


def operations_of_step(network: Part, guests: Guests, workload: Workload) -> float:
    """How many operations a step takes for one row, with what steers it; the mean of all passes."""

    def at(pixels: int) -> float:
        return network.table.operations_at(pixels) + guests.operations_at(pixels)

    if not workload.looks:
        return at(workload.width * workload.height // SCALE**2)
    in_all = (each.steps * each.tiles * at(each.pixels) for each in workload.looks)
    return sum(in_all) / workload.steps


def splits(network: Part, around: Surroundings) -> Iterator[Split]:
    """All in one call, then half as many pictures, …, then one prompt of one picture."""
    workload = around.workload
    rows = workload.batch * workload.prompts
    operations = operations_of_step(network, around.guests, workload)
    computing = rows * operations / around.speed.operations

    def split(pictures: int, prompts: int) -> Split:
        calls = math.ceil(workload.batch / pictures) * (workload.prompts // prompts)
        activations = network.activations(around.seen, pictures * prompts)
        seconds = computing * _HALVING ** math.log2(calls)
        return Split(pictures, prompts, calls, activations, seconds)

    pictures = workload.batch
    yield split(pictures, workload.prompts)
    while pictures > 1:
        pictures = math.ceil(pictures / 2)
        yield split(pictures, workload.prompts)
    if workload.prompts > 1:
        yield split(1, 1)


def network_options(network: Part, around: Surroundings) -> list[Option]:
    """The ways for the denoising network and what steers it; the first keeps all of it there."""
    ways = list(splits(network, around))
    return [
        _network_option(Lying(network, placement, storage), way, around, stays=stays)
        for storage in network.storages
        for placement in _PLACEMENTS
        for stays in _guests_stay(placement, around)
        for way in ways
    ]


def _guests_stay(placement: Placement, around: Surroundings) -> tuple[bool, ...]:
    """Whether control models stay on the device; only where the network does, too."""
    if placement != "resident":
        return (False,)
    return (True, False) if around.guests.staying else (True,)


def _network_option(lying: Lying, way: Split, around: Surroundings, *, stays: bool) -> Option:
    """One of the ways; `stays` says whether control models stay on the device."""
    network, placement, storage = lying
    speed, steps, guests = around.speed, around.workload.steps, around.guests
    adapters = around.workload.adapter_bytes
    weights = network.weights(storage)
    there = guests.staying if stays else guests.most_at_once
    own = network.at_work(storage, placement, ahead=speed.streams) + adapters
    rows = way.pictures * way.prompts
    at_work, taken = guests.need(own + there, way.activations, around.seen, rows)
    activations = around.corrected(taken)
    resident = placement == "resident"
    carried = 0 if resident else weights
    carried += 0 if stays else guests.staying
    seconds = steps * (
        _step(lying, way, around) + speed.carried(int(guests.carried_in_step), around.parked)
    )
    return Option(
        rest=(weights + adapters if resident else 0) + (guests.staying if stays else 0),
        weights=at_work,
        activations=activations,
        need=at_work + with_workspace(activations),
        parked=carried + (0 if resident else adapters) + guests.passing,
        seconds=seconds + speed.carried(carried, around.parked),
        lying=(lying,),
        pictures=way.pictures,
        prompts=way.prompts,
        guests=(guests.staying if stays else 0, at_work - own),
    )


def _step(lying: Lying, way: Split, around: Surroundings) -> float:
    """The seconds of one step, with the ways of weights that go in it."""
    network, placement, storage = lying
    speed, parked = around.speed, around.parked
    computing = way.seconds * _WIDENING[storage]
    if placement in ("resident", "model"):
        return computing
    carried = speed.carried(network.weights(storage), parked)
    if placement == "leaf":
        return (computing + way.calls * carried) * _LAYERS
    call = computing / way.calls
    first = speed.carried(network.first_block(storage), parked)
    both = max(call + first, carried) if speed.streams else call + carried
    return way.calls * both * _BLOCKS


def text_options(encoders: Sequence[Part], around: Surroundings) -> list[Option]:
    """The ways for all text encoders together; the first keeps all of them on the device."""
    storages: tuple[Storage, ...] = ("full",)
    if any("stored" in encoder.storages for encoder in encoders):
        storages = ("full", "stored")
    largest = max(encoders, key=lambda encoder: encoder.facts.bytes, default=None)
    found: list[Option] = []
    for storage in storages:
        for away, mode in _encoders_away(encoders, largest):
            lying = tuple(
                Lying(
                    encoder,
                    "resident" if encoder not in away else mode if encoder is largest else "model",
                    storage if storage in encoder.storages else "full",
                )
                for encoder in encoders
            )
            found.append(_text_option(lying, around))
    return found


def _encoders_away(
    encoders: Sequence[Part], largest: Part | None
) -> Iterator[tuple[Sequence[Part], Placement]]:
    yield (), "resident"
    if largest is None:
        return
    streams = largest.weights("full") > _STREAMED
    for away in ((largest,), encoders) if len(encoders) > 1 else (encoders,):
        for mode in _AWAY if streams else _AWAY[:1]:
            yield away, mode


def _text_option(lying: tuple[Lying, ...], around: Surroundings) -> Option:
    """Encoders work one after the other, so the one that needs the most decides."""
    rest = parked = weights = activations = 0
    seconds = 0.0
    speed, prompts = around.speed, around.workload.prompts
    for part, placement, storage in lying:
        at_work = part.at_work(storage, placement, ahead=speed.streams)
        whole = part.weights(storage)
        computing = prompts * part.table.operations_at(0) / speed.operations
        seconds += computing * _WIDENING[storage]
        if placement == "resident":
            rest += whole
            at_work -= whole
        else:
            parked += whole
            times = 1.0 if placement == "model" else prompts * _BLOCKS
            if placement == "leaf":
                times *= _LAYERS
            seconds += times * speed.carried(whole, around.parked)
        taken = around.corrected(part.activations(0))
        if at_work + taken > weights + activations:
            weights, activations = at_work, taken
    need = rest + weights + with_workspace(activations)
    return Option(rest, rest + weights, activations, need, parked, seconds, lying)


def vae_options(vae: Part, around: Surroundings) -> list[Option]:
    """The ways for the autoencoder; the first keeps it on the device and decodes all at once."""
    workload, speed = around.workload, around.speed
    weights = vae.weights("full")
    computing = workload.batch * vae.table.operations_at(around.pixels) / speed.operations
    width, height = workload.width // SCALE, workload.height // SCALE
    ways: list[tuple[int | None, int, float]] = [(None, vae.activations(around.pixels), computing)]
    for tile in TILES:
        if max(width, height) > tile:
            decoded = decoded_pixels(width, height, tile)
            operations = workload.batch * vae.table.tiled_operations(around.pixels, decoded)
            slower = operations / speed.operations
            ways.append((tile, vae.tiled_activations(tile, around.pixels), slower))
    found: list[Option] = []
    for placement in _PLACEMENTS[:2]:
        stays = placement == "resident"
        carried = 0.0 if stays else speed.carried(weights, around.parked)
        rest, parked = (weights, 0) if stays else (0, weights)
        lying = (Lying(vae, placement, "full"),)
        for tile, taken, seconds in ways:
            whole, activations = seconds + carried, around.corrected(taken)
            need = weights + with_workspace(activations)
            found.append(Option(rest, weights, activations, need, parked, whole, lying, tile=tile))
    return found
