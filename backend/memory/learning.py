"""The fastest way to teach a checkpoint within a budget of memory: pure arithmetic."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from backend.memory.estimate import CONTEXT, GIB, SCALE, Parts, with_workspace
from backend.memory.learning_tables import LearningTable, load_learning_tables
from backend.memory.speed import USUAL, Parked
from backend.memory.tables import load_tables
from backend.schema.errors import ModelError, RequestError
from backend.schema.memory import Budget, DeviceKind, Storage, Workload
from backend.schema.models import PartFacts
from backend.schema.training import TrainingRequest
from backend.schema.training_learning import Optimiser
from backend.schema.training_making import TrainingMemory
from backend.schema.training_way import LearningWay

_EXACT = 4
"""Bytes of a number that learns."""
MOMENTS: Mapping[Optimiser, int] = {"adamw": 8, "adamw8bit": 3, "adafactor": 1, "prodigy": 16}
"""Bytes that an optimiser remembers of each number, rounded up."""
_WIDENING = 1.3
"""Steps take so much longer where weights are kept narrow, as in `placements`."""
_BLOCKS = 1.05
_KEEPING = 2 / 3
"""Of a step, that keeping the rest as it is takes besides: four thirds every second batch."""
_STREAMED = 2 * GIB
"""Text encoders that are smaller come whole, as in `placements`."""
_WAYS = (
    LearningWay(),
    LearningWay(others_wait=True),
    LearningWay(others_wait=True, twice=True),
    LearningWay(others_wait=True, twice=True, storage="fp8"),
    LearningWay(others_wait=True, twice=True, storage="fp8", placement="group"),
    LearningWay(others_wait=True, twice=True, storage="fp8", placement="group", alone=True),
)
"""The fastest first."""


@dataclass(frozen=True)
class Lesson:
    """What is taught, as far as it decides about memory and time."""

    asked: TrainingRequest
    workload: Workload
    """The checkpoint, and the largest picture."""
    device: DeviceKind
    parts: Parts
    table: LearningTable

    @classmethod
    def of(cls, asked: TrainingRequest, workload: Workload, device: DeviceKind) -> "Lesson":
        """Find what is known of the checkpoint.

        Raises:
            ModelError: When nothing is.
        """
        tables = load_tables()
        parts = Parts.of(workload, device, tables)
        family = tables.find(workload.family, parts.network.facts.parameters)
        table = family and load_learning_tables().find(family, asked.network.layers)
        if table is None:
            raise ModelError(
                "What teaching models of this family takes is not known.",
                "Choose another checkpoint.",
            )
        return cls(asked, workload, device, parts, table)

    @property
    def pixels(self) -> int:
        """The latents of the largest picture."""
        return self.workload.width * self.workload.height // SCALE**2

    @property
    def numbers(self) -> int:
        """How many numbers learn in the network."""
        return self.table.numbers(self.asked.network.rank)

    def ways(self) -> Iterator[LearningWay]:
        """The ways that a person's choices leave, the fastest first.

        Raises:
            RequestError: When DoRA is asked for with weights that come and go.
        """
        asked = self.asked.memory
        if self.asked.network.method == "dora" and (
            asked.precision == "fp8" or asked.placement == "group"
        ):
            raise RequestError(
                "DoRA needs all weights on the device as they are.",
                "Choose LoRA, or leave open how the weights lie.",
            )
        storages = self.parts.network.storages
        for way in dict.fromkeys(_chosen(way, asked, storages) for way in _WAYS):
            if way.alone and self.asked.learning.batch == 1:
                continue
            plain = way.storage == "full" and way.placement == "resident"
            if plain or self.asked.network.method == "lora":
                yield way.model_copy(update={"peak": self._peak(way), "stays": self._stays(way)})

    def seconds(self, way: LearningWay, rate: float | None) -> float:
        """How long a step takes.

        Args:
            way: How it is done.
            rate: Operations by the second, where they are known.
        """
        speed, learning = USUAL[self.device], self.asked.learning
        seconds = self.operations(way) / (rate or speed.operations)
        if way.storage != "full":
            seconds *= _WIDENING
        if way.placement == "group":
            parked: Parked = "ram" if self.device == "cuda" else "disk"
            weights = self.parts.network.weights(way.storage)
            seconds += 2 * learning.accumulation * speed.carried(weights, parked) * _BLOCKS
        return seconds

    def operations(self, way: LearningWay) -> float:
        """How many operations a step takes."""
        learning, asked = self.asked.learning, self.asked
        keeping = _KEEPING * bool(asked.loss.preservation)
        passes = 1 + bool(asked.dataset.regular_folder) + keeping
        drawing = self.parts.network.table.operations_at(self.pixels)
        pictures = learning.batch * learning.accumulation * passes
        return pictures * drawing * self.table.operations[way.twice]

    def _peak(self, way: LearningWay) -> int:
        """The most on the device: while it encodes or while it learns."""
        beside = sum(part.weights("full") for part in (*self.parts.encoders, self.parts.vae))
        network = self.parts.network.at_work(way.storage, way.placement, ahead=self._ahead)
        encoding = with_workspace(self.parts.vae.activations(self.pixels))
        if way.others_wait:
            readers = self.parts.encoders
            largest = max(
                (each.at_work("full", waits(each.facts), ahead=self._ahead) for each in readers),
                default=0,
            )
            encoding = max(encoding + self.parts.vae.weights("full"), largest)
            beside = 0
        else:
            encoding += network + beside
        learning = network + beside + self._learned() + self._activations(way)
        return CONTEXT[self.device] + max(encoding, learning)

    def _activations(self, way: LearningWay) -> int:
        width = "full" if self.parts.network.width == _EXACT else "half"
        each = self.table.activations(self.pixels, width, twice=way.twice)
        return with_workspace((1 if way.alone else self.asked.learning.batch) * each)

    def _learned(self) -> int:
        """What learns, its gradient, its average, and what the optimiser remembers."""
        learning = self.asked.learning
        average = _EXACT if learning.average else 0
        return self.numbers * (2 * _EXACT + average + MOMENTS[learning.optimiser])

    def _stays(self, way: LearningWay) -> int:
        return 0 if way.others_wait else self.parts.weights

    @property
    def _ahead(self) -> bool:
        return USUAL[self.device].streams


def _chosen(way: LearningWay, asked: TrainingMemory, storages: tuple[Storage, ...]) -> LearningWay:
    """A way as a person wants it; weights that come and go want blocks that work twice."""
    exact: Storage = "stored" if "stored" in storages else "full"
    narrow = exact if asked.precision == "exact" else storages[-1]
    storage = way.storage if way.storage == "full" else narrow
    if asked.precision == "fp8":
        storage = narrow
    placement = asked.placement or way.placement
    twice = way.twice if asked.checkpointing is None else asked.checkpointing == "on"
    moves = storage != "full" or placement == "group"
    waits = way.others_wait or moves
    return way.model_copy(
        update={
            "twice": twice or moves,
            "storage": storage,
            "placement": placement,
            "others_wait": waits,
        }
    )


def waits(part: PartFacts) -> Literal["model", "group"]:
    """How a part that waits comes to work: one after the other of its blocks where it is large."""
    return "group" if part.role != "diffusion_model" and part.bytes > _STREAMED else "model"


def lighter(way: LearningWay) -> LearningWay | None:
    """The next way that takes less memory than one that took too much; None after the last."""
    if not way.twice:
        return way.model_copy(update={"twice": True, "others_wait": True})
    if way.storage == "full":
        return way.model_copy(update={"storage": "fp8", "others_wait": True})
    if way.placement != "group":
        return way.model_copy(update={"placement": "group"})
    return None if way.alone else way.model_copy(update={"alone": True})


def best_way(lesson: Lesson, budget: Budget) -> tuple[LearningWay, bool]:
    """The fastest way that fits, else the smallest; and whether it fits.

    Raises:
        RequestError: When what was chosen by hand does not go together.
    """
    room = min(budget.device_bytes, budget.ram_bytes) if budget.shared else budget.device_bytes
    ways = tuple(lesson.ways())
    fitting = next((way for way in ways if way.peak <= room), None)
    return fitting or min(ways, key=lambda way: way.peak), fitting is not None
