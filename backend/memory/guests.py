"""What control models take of a device, and of the time, beside the network that they steer."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from backend.memory.estimate import Part, activations_of, with_workspace
from backend.memory.tables import ControlTable
from backend.schema.memory import Guest


@dataclass(frozen=True, slots=True)
class Guests:
    """The control models of a plan.

    Each lies whole on the device while it steers. One for which low VRAM is asked comes at each
    step and goes again before the network works.
    """

    all: tuple[Guest, ...] = ()
    table: ControlTable | None = None
    """Of one of the published size, whose activations stand for those of each."""
    width: int = 4
    """Bytes of a number that they compute with."""
    on_processor: bool = False

    @classmethod
    def of(cls, guests: tuple[Guest, ...], table: ControlTable | None, network: Part) -> Self:
        """Those of a workload.

        Args:
            guests: Which they are.
            table: Of the family's ControlNets; None where there are none.
            network: What they steer, which they compute as.
        """
        if not guests or table is None:
            return cls()
        return cls(guests, table, network.width, network.on_processor)

    @property
    def staying(self) -> int:
        """The bytes of those that may stay."""
        return sum(map(self.weights, self._lasting))

    @property
    def passing(self) -> int:
        """The bytes of those that come and go at each step."""
        return sum(map(self.weights, self._passing))

    @property
    def most_at_once(self) -> int:
        """The most bytes of those that steer at the same time, of those that may stay."""
        begins = [start for each in self._lasting for start, _ in each.spans]
        return max((sum(map(self.weights, self._at(moment))) for moment in begins), default=0)

    @property
    def largest_passing(self) -> int:
        """The bytes of the largest that comes and goes."""
        return max(map(self.weights, self._passing), default=0)

    @property
    def carried_in_step(self) -> float:
        """The bytes that come and go in a step, on the whole."""
        return sum(self.weights(each) * each.share for each in self._passing)

    def weights(self, guest: Guest) -> int:
        """The bytes of one on the device."""
        return guest.parameters * self.width

    def handed(self, pixels: int, rows: int) -> int:
        """The bytes of what they hand to the network, which keeps it while it works.

        Args:
            pixels: Latents of one row.
            rows: Pictures × prompts in one call.
        """
        if self.table is None or not self._working:
            return 0
        return self.table.handed * self.width * pixels * rows

    def activations(self, pixels: int, rows: int) -> int:
        """The bytes of one at work, with what others have handed over already."""
        working = self._working
        if self.table is None or not working:
            return 0
        others = self.handed(pixels, rows) if len(working) > 1 else 0
        rows *= max(len(each.spans) for each in working)  # it follows all of its units in one go
        own = activations_of(self.table, self.width, pixels, rows, on_processor=self.on_processor)
        return own + others

    def operations_at(self, pixels: int) -> float:
        """How many operations they take for a row in a step, on the whole."""
        if self.table is None:
            return 0.0
        size = self.table.parameters
        calls = sum(each.share * each.parameters for each in self._working) / size
        return calls * self.table.operations_at(pixels)

    def need(self, beside: int, activations: int, pixels: int, rows: int) -> tuple[int, int]:
        """The bytes of weights and of activations at the moment of a step that needs the most.

        Args:
            beside: Weights that are there all the time.
            activations: Of the network itself.
            pixels: Latents of one row.
            rows: Pictures × prompts in one call.
        """
        drawing = (beside, activations + self.handed(pixels, rows))
        steering = (beside + self.largest_passing, self.activations(pixels, rows))
        return max(drawing, steering, key=lambda each: each[0] + with_workspace(each[1]))

    @property
    def _passing(self) -> Iterable[Guest]:
        return [each for each in self._working if each.low_vram]

    @property
    def _lasting(self) -> Iterable[Guest]:
        return [each for each in self.all if not (each.low_vram and each.every_step)]

    @property
    def _working(self) -> list[Guest]:
        """Those that work in each step, not once before."""
        return [each for each in self.all if each.every_step]

    def _at(self, moment: float) -> Iterable[Guest]:
        """Those that steer at a share of the steps."""
        return [
            each
            for each in self._lasting
            if any(start <= moment < end for start, end in each.spans)
        ]
