"""A part of a checkpoint whose weights may lie elsewhere while it does not work."""

from collections import defaultdict
from collections.abc import Callable, Collection, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial

import torch
from torch import nn
from torch.utils.hooks import RemovableHandle

from backend.engine.loading.kept import Kept
from backend.engine.loading.origin import Origin
from backend.engine.loading.source import Filling, Reader, Source
from backend.engine.loading.weights import Weights
from backend.engine.memory.blocks import blocks_of, castable_layers
from backend.engine.memory.carrier import Carrier, Unit
from backend.engine.memory.placing import How
from backend.engine.memory.weight import Fetch, Tally, Weight
from backend.schema.events import Event, Stage

BYTES_BETWEEN_EVENTS = 512 * 2**20


@dataclass(frozen=True)
class Ground:
    """What the parts of a checkpoint share."""

    device: torch.device
    carrier: Carrier
    tally: Tally
    on_disk: bool
    """Whether weights that are not on the device stay in their file, not in memory."""


@dataclass
class _Order:
    """Which unit works after which, as the last calls showed; what comes next is begun early."""

    last: Unit | None = None
    _after: dict[Unit, Unit] = field(default_factory=dict[Unit, Unit])
    _early: Unit | None = None

    def enter(self, carrier: Carrier, unit: Unit) -> None:
        """Have a unit on the device, and begin with the next."""
        if self.last is not None:
            self._after[self.last] = unit
        if self._early is not None and self._early is not unit:
            carrier.forget(self._early)
            self._early.leave()
        carrier.bring(unit)
        self.last, self._early = unit, self._after.get(unit)
        if self._early is not None:
            carrier.begin(self._early)


@dataclass(eq=False)
class Placed:
    """One part: how it lies, and bringing it to work."""

    module: nn.Module
    origin: Origin
    ground: Ground
    how: How = field(default_factory=How)
    parked_bytes: int = field(default=0, init=False)
    """What lies in the machine's memory beside the device's."""
    settled: bool = field(default=False, init=False)
    """Whether its weights are where they belong; not while they are read, or when that failed."""
    _own: Mapping[str, tuple[nn.Module, str]] = field(init=False)
    """Which module has a tensor of the files, and its name there."""
    shapes: Mapping[str, torch.Size] = field(init=False)
    """Those of the files' tensors, by their names in the module."""
    _castable: Collection[str] = field(init=False)
    _whole: Unit = field(default_factory=lambda: Unit(()), init=False)
    """What comes when it begins to work, and goes when others do."""
    _along: Unit = field(default_factory=lambda: Unit(()), init=False)
    """What others added, such as adapters, and comes and goes like that."""
    _streamed: list[Unit] = field(default_factory=list[Unit], init=False)
    """What comes and goes while it works."""
    _order: _Order = field(default_factory=_Order, init=False)
    _hooks: list[RemovableHandle] = field(default_factory=list[RemovableHandle], init=False)
    _files: ExitStack = field(default_factory=ExitStack, init=False)
    _file: Weights | None = field(default=None, init=False)
    _began: bool = field(default=False, init=False)
    _arrived: bool = field(default=False, init=False)

    def __post_init__(self) -> None:
        self.shapes = {name: each.shape for name, each in self.module.state_dict().items()}
        self._own = {name: _owner(self.module, name) for name in self.shapes}
        castable = set(castable_layers(self.module))
        self._castable = [name for name, (owner, _) in self._own.items() if owner in castable]

    @property
    def stays(self) -> bool:
        """Whether it never leaves the device."""
        return self.how.placement == "resident"

    @property
    def bytes_here(self) -> int:
        """What its weights take of the device's memory now."""
        units = (self._whole, *self._streamed)
        return sum(weight.bytes_here for unit in units for weight in unit.weights)

    def settle(self, how: How, ground: Ground) -> Generator[Event]:
        """Lie in another way, reading what is to be in memory.

        Yields:
            How many bytes of it are there.

        Raises:
            ModelDamagedError: When a tensor is missing or of the wrong size.
        """
        self.give_up()
        self.how, self.ground = how, ground
        reader = self._reader()
        in_memory = self.stays or not ground.on_disk
        kept = (yield from self._filled(reader)) if in_memory else {}
        weights = self._weights(reader, kept)
        make_positions(self.module, ground.device)
        for weight in weights:
            weight.hide()
        if not self.stays:
            self.parked_bytes = sum({id(each): each.bytes for each in kept.values()}.values())
        self._divide(weights)
        if how.storage != "full":
            self._widen_at_calls(weights)
        if self.stays:
            ground.carrier.bring(self._whole)
            ground.carrier.bring(self._along)
        self.settled = True

    def come(self) -> None:
        """Bring it to the device, as far as it is there as a whole."""
        if self._arrived:
            return
        self._began = not self.stays
        if self._began and self.ground.on_disk and self._file is None:
            self._file = self._files.enter_context(self.origin.opened())
        self.ground.carrier.bring(self._whole)
        self.ground.carrier.bring(self._along)
        self._arrived = True

    def take_along(self, modules: Iterable[nn.Module]) -> None:
        """Have the parameters of more modules come and go with it, in place of those so far.

        Args:
            modules: No parts of its own; their numbers wait in the machine's memory.
        """
        self._drop(self._along)
        self._along = Unit([each for module in modules for each in self._waiting(module)])
        if self._arrived or (self.stays and self.settled):
            self.ground.carrier.bring(self._along)

    def _waiting(self, module: nn.Module) -> Iterator[Weight]:
        for owner in module.modules():
            for name, parameter in owner.named_parameters(recurse=False):
                kept = Kept(parameter.detach())
                yield Weight(
                    owners=[(owner, name)],
                    shape=parameter.shape,
                    dtype=parameter.dtype,
                    fetch=partial(_same, kept),
                    tally=self.ground.tally,
                )

    def leave(self) -> None:
        """Take it away, unless it stays for good."""
        self._arrived = False
        if self._began:
            self._take_away()

    def give_up(self) -> None:
        """Take it away for good; it can only `settle` anew."""
        for hook in self._hooks:
            hook.remove()
        self._hooks.clear()
        self._take_away()
        self._whole, self._streamed, self.parked_bytes = Unit(()), [], 0
        self.settled = self._arrived = False
        self._order = _Order()

    def _take_away(self) -> None:
        self._began = False
        for unit in (self._whole, self._along, *self._streamed):
            self._drop(unit)
        self._order.last = None
        self._file = None
        self._files.close()

    def _drop(self, unit: Unit) -> None:
        self.ground.carrier.forget(unit)
        unit.leave()

    def _reader(self) -> Reader:
        origin = self.origin
        return Reader(self.shapes, origin.sources, origin.dtype, self.how.storage, self._castable)

    def _filled(self, reader: Reader) -> Generator[Event, None, Mapping[str, Kept]]:
        """All tensors: on the device where it stays there, else in the machine's memory."""
        filling = Filling(reader, self.ground.device)
        if not self.stays:
            filling = Filling(reader, torch.device("cpu"), self.ground.carrier.parked)
        while filling.missing:
            with self.origin.opened() as weights:
                filling.go_on(weights, BYTES_BETWEEN_EVENTS)
            yield Stage(
                sentence=f"Loading {self.origin.title}",
                done_bytes=filling.done_bytes,
                total_bytes=filling.total_bytes,
            )
        return filling.tensors

    def _weights(self, reader: Reader, kept: Mapping[str, Kept]) -> Sequence[Weight]:
        """One for each tensor of the files, which may have several names in the module."""
        names: defaultdict[Source, list[str]] = defaultdict(list)
        for name in reader.shapes:
            names[reader.sources[name]].append(name)
        return [
            Weight(
                owners=[self._own[name] for name in same],
                shape=reader.shapes[same[0]],
                dtype=reader.dtype,
                fetch=self._fetch(reader, same[0], kept.get(same[0])),
                tally=self.ground.tally,
            )
            for same in names.values()
        ]

    def _fetch(self, reader: Reader, name: str, kept: Kept | None) -> Fetch:
        if kept is not None:
            return lambda: kept

        def read() -> Kept:
            if self._file is None:  # a call without `come`, which opens it for many
                with self.origin.opened() as weights:
                    return reader.read(name, weights, self.ground.device)
            return reader.read(name, self._file, self.ground.device)

        return read

    def _divide(self, weights: Sequence[Weight]) -> None:
        """What comes as a whole, and what comes with each block or layer."""
        left = list(weights)
        if self.how.placement == "group":
            for block in blocks_of(self.module):
                inside = set(block.modules())
                own = [weight for weight in left if weight.modules <= inside]
                left = [weight for weight in left if weight not in own]
                self._stream((block,), Unit(own))
        elif self.how.placement == "leaf":
            layers: defaultdict[frozenset[nn.Module], list[Weight]] = defaultdict(list)
            for weight in left:
                layers[weight.modules].append(weight)
            left.clear()
            for modules, own in layers.items():
                self._stream(modules, Unit(own))
        self._whole = Unit(left)

    def _stream(self, modules: Iterable[nn.Module], unit: Unit) -> None:
        """Bring a unit before each call of its modules, and take it away afterwards."""
        self._streamed.append(unit)
        for module in modules:
            self._before(module, partial(self._order.enter, self.ground.carrier, unit))
            self._behind(module, unit.leave)

    def _widen_at_calls(self, weights: Sequence[Weight]) -> None:
        """Widen each layer's weights for its calls alone."""
        own: defaultdict[nn.Module, list[Weight]] = defaultdict(list)
        for weight in weights:
            for owner, _ in weight.owners:
                own[owner].append(weight)
        for module, inside in own.items():
            self._before(module, partial(_each, inside, Weight.widen))
            self._behind(module, partial(_each, inside, Weight.narrow_again))

    def _before(self, module: nn.Module, act: Callable[[], None]) -> None:
        self._hooks.append(module.register_forward_pre_hook(partial(_act, act)))

    def _behind(self, module: nn.Module, act: Callable[[], None]) -> None:
        """Act after each call, after those that fail too."""
        self._hooks.append(module.register_forward_hook(partial(_act, act), always_call=True))


def make_positions(module: nn.Module, device: torch.device) -> None:
    """Make what no file holds: the numbers of positions."""
    kept = module.state_dict().keys()
    for prefix, each in module.named_modules():
        for name, buffer in each.named_buffers(recurse=False):
            if buffer.is_meta and f"{prefix}.{name}".lstrip(".") not in kept:
                count = torch.arange(buffer.shape[-1], device=device)
                each.register_buffer(name, count.expand(buffer.shape), persistent=False)


def _same(kept: Kept) -> Kept:
    return kept


def _act(act: Callable[[], None], *call: object) -> None:
    """A hook that changes nothing of the call."""
    del call
    act()


def _each(weights: Sequence[Weight], act: Callable[[Weight], None]) -> None:
    for weight in weights:
        act(weight)


def _owner(module: nn.Module, name: str) -> tuple[nn.Module, str]:
    path, _, last = name.rpartition(".")
    return module.get_submodule(path), last
