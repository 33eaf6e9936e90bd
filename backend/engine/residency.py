"""Which checkpoints are in memory: those used last, kept for the next jobs."""

from collections.abc import Callable, Generator
from dataclasses import dataclass
from pathlib import Path

import psutil
import torch

from backend.engine.accelerator import (
    choose_device,
    free_bytes,
    free_memory,
    use_physical_cores,
    weights_dtype,
)
from backend.engine.families.base import Model
from backend.engine.loading.files import files_of
from backend.engine.loading.size import readable_size, size_of
from backend.engine.memory.placing import Placing
from backend.engine.memory.planning import Room
from backend.engine.memory.workplace import Workplace
from backend.engine.registry import find_family
from backend.schema.events import Event, Stage
from backend.schema.resolved import ResolvedModel

ROOM_TO_DRAW = 2 * 2**30
"""Bytes that drawing itself needs beside the checkpoints."""


@dataclass(frozen=True)
class _Held:
    wanted: ResolvedModel
    model: Model
    bytes: int


class Residency:
    """Holds loaded checkpoints as long as there is room, those that were used last the longest."""

    def __init__(self, free: Callable[[torch.device], int] = free_bytes) -> None:
        """Hold nothing yet.

        Args:
            free: How much of a device's memory is free.
        """
        self._free = free
        self._held: dict[str, _Held] = {}
        """The one used last comes last."""
        self._in_use: str | None = None
        self._seconds_of_gone = 0.0
        self.loads = 0
        """How many checkpoints were read so far."""

    @property
    def held_bytes(self) -> int:
        """What the checkpoints in memory take."""
        return sum(each.bytes for each in self._held.values())

    @property
    def seconds_in_models(self) -> float:
        """The time spent in the networks of all checkpoints so far."""
        held = (each.model.workplace.clock.seconds for each in self._held.values())
        return self._seconds_of_gone + sum(held)

    def load(
        self,
        wanted: ResolvedModel,
        partner: ResolvedModel | None = None,
        placing: Placing | None = None,
        room: Room | None = None,
    ) -> Generator[Event, None, Model]:
        """Hand out a checkpoint, loading it where it is not in memory.

        Args:
            wanted: The checkpoint.
            partner: Another one that the same job uses, which goes last where room is short.
            placing: How its parts are to lie; None for all of them on the device.
            room: What it takes; None where that is not known.

        Raises:
            ModelError: When it is missing or broken.
        """
        known = self._held.get(wanted.path)
        if known is not None and known.wanted == wanted:
            yield from self.hold(wanted, known.model, partner, placing, room)
            return known.model
        self._in_use = None
        self._let_go(wanted.path)
        del known
        room = room or Room(bytes_of(wanted), ROOM_TO_DRAW)
        self._make_room(room, partner)
        yield Stage(sentence=f"Loading {wanted.name} ({readable_size(Path(wanted.path))})")
        use_physical_cores()
        self.loads += 1
        workplace = Workplace(choose_device(), placing)
        model = yield from find_family(wanted.family).load(files_of(wanted), workplace)
        self._held[wanted.path] = _Held(wanted, model, room.weights)
        self._in_use = wanted.path
        return model

    def hold(
        self,
        wanted: ResolvedModel,
        model: Model,
        partner: ResolvedModel | None = None,
        placing: Placing | None = None,
        room: Room | None = None,
    ) -> Generator[Event]:
        """Have a checkpoint in memory that was handed out before, even where it was let go since.

        Args:
            wanted: The checkpoint.
            model: What was handed out for it.
            partner: Another one that the same job uses, which goes last where room is short.
            placing: How its parts are to lie; None for all of them on the device.
            room: What it takes; None where that is not known.

        Raises:
            ModelError: When its files are missing or broken.
        """
        known = self._held.pop(wanted.path, None)
        if known is not None and known.model is not model:
            self._give_up(known)
        model.workplace.want(placing or Placing())
        there = model.workplace.bytes_here
        size = room.weights if room else known.bytes if known else bytes_of(wanted)
        room = room or Room(there if known else size, ROOM_TO_DRAW)
        self._make_room(room, partner, model.workplace)
        yield from model.workplace.arrange(placing or Placing())
        self._held[wanted.path] = _Held(wanted, model, size)
        self._in_use = wanted.path

    @property
    def has_own_memory(self) -> bool:
        """Whether the device has memory beside the machine's."""
        return choose_device().type == "cuda"

    def free_others(self) -> None:
        """Let go of all but the checkpoint that was handed out last, and its guests of now."""
        in_use = self._held.get(self._in_use or "")
        if in_use is not None:
            in_use.model.workplace.dismiss()
        for path in [path for path in self._held if path != self._in_use]:
            self._let_go(path)

    def free_memory(self) -> None:
        """Let go of all checkpoints; see `context.HoldsMemory`."""
        self._in_use = None
        self.free_others()

    def _make_room(
        self, room: Room, partner: ResolvedModel | None, workplace: Workplace | None = None
    ) -> None:
        """Let go of what was used the longest ago, the partner last, until there is room.

        Guests go before checkpoints: they are read again more quickly.

        Args:
            room: What a checkpoint takes.
            partner: Another one that the same job uses.
            workplace: Its own, where a part of it may be there already.
        """
        there = workplace.bytes_here if workplace else 0
        while not self._has_room(room, there):
            if workplace is not None and workplace.dismiss():
                continue
            others = [path for path in self._held if partner is None or path != partner.path]
            paths = others or list(self._held)
            if not paths:
                return
            if not self._held[paths[0]].model.workplace.dismiss(all_guests=True):
                self._let_go(paths[0])

    def _has_room(self, room: Room, there: int) -> bool:
        needed = room.weights + room.drawing
        if room.most is not None and self.held_bytes + needed > room.most:
            return False
        if room.parked > psutil.virtual_memory().available:
            return False
        return needed - there < self._free(choose_device())

    def _let_go(self, path: str) -> None:
        gone = self._held.pop(path, None)
        if gone is not None:
            self._give_up(gone)

    def _give_up(self, gone: _Held) -> None:
        """Empty a checkpoint, so that the memory is free whoever still knows it."""
        self._seconds_of_gone += gone.model.workplace.clock.seconds
        gone.model.workplace.clock.seconds = 0.0
        gone.model.workplace.give_up()
        free_memory()


def bytes_of(wanted: ResolvedModel) -> int:
    """What a checkpoint takes in memory, if it is stored in half precision as most are."""
    growth = weights_dtype(choose_device()).itemsize / torch.float16.itemsize
    files = (wanted.path, *(part.path for part in wanted.components))
    return int(sum(size_of(Path(file)) for file in files) * growth)
