"""What a training will take, before it starts."""

import shutil
import statistics
from collections.abc import Iterator
from pathlib import Path

from backend.memory.estimate import SCALE
from backend.memory.learning import MOMENTS, Lesson, best_way
from backend.memory.sentences import in_gigabytes
from backend.places import Places
from backend.schema.errors import EaselError, ModelError
from backend.schema.events import Remedy
from backend.schema.memory import Budget, Workload
from backend.schema.resolved import ResolvedModel
from backend.schema.training import ResolvedTraining, TrainingRequest
from backend.schema.training_story import TrainingForecast
from backend.schema.training_way import LearningWay
from backend.services.planning import Planner
from backend.training.folder import TrainingFolder

_SETTLED = 3
"""The first steps of a training are slower than all others."""
_WORDS, _WORDS_OF_T5 = 240_000, 5_000_000
"""Bytes of an encoded caption."""
_LATENT = 16 * 4
"""Bytes of a latent at the most."""
_OF_TENSOR = 160
"""Bytes in a file that tell of a tensor: its name and place."""
_SMALLEST = 256
_HALF = 2


class Foretelling:
    """Foretells from the headers of model files, and from earlier trainings."""

    def __init__(self, planner: Planner, places: Places) -> None:
        self._planner = planner
        self.places = places

    def prepared(self, wanted: ResolvedTraining) -> ResolvedTraining:
        """With the way in which it is made to fit now, as far as that can be told.

        Raises:
            RequestError: When what was chosen by hand does not go together.
        """
        try:
            model = self._planner.with_parts(wanted.model)
            lesson, budget = self._lesson(wanted, model)
        except ModelError:
            return wanted
        way, _ = best_way(lesson, budget)
        known = budget.device_bytes > 0  # not where an engine tells nothing of its device
        return wanted.model_copy(update={"model": model, "way": way if known else None})

    def forecast(self, wanted: ResolvedTraining) -> TrainingForecast:
        """What it takes.

        Raises:
            ModelError: When nothing is known of the checkpoint's size, or it is gone.
            RequestError: When what was chosen by hand does not go together.
        """
        lesson, budget = self._lesson(wanted, self._planner.with_parts(wanted.model))
        way, fits = best_way(lesson, budget)
        rate = self._learned(wanted) or self._planner.pace(lesson.workload)
        step = lesson.seconds(way, rate)
        room = budget.device_bytes
        if budget.shared:
            room = min(room, budget.ram_bytes)
        file = _file(lesson)
        return TrainingForecast(
            seconds=step * (wanted.asked.learning.steps + _samples(wanted, lesson, way)),
            step_seconds=step,
            memory=way.peak,
            available=room,
            file=file,
            disk=_disk(wanted, lesson, file),
            free_disk=shutil.disk_usage(_there(self.places.data)).free,
            sentence=_sentence(way, budget, room, fits=fits),
            fits=fits,
            remedies=() if fits else tuple(_remedies(wanted)),
        )

    def _lesson(self, wanted: ResolvedTraining, model: ResolvedModel) -> tuple[Lesson, Budget]:
        budget, _ = self._planner.here()
        largest = max(wanted.pictures, key=lambda each: each.width * each.height)
        workload = Workload(
            family=model.family, parts=model.parts, width=largest.width, height=largest.height
        )
        return Lesson.of(wanted.asked, workload, budget.device), budget

    def _learned(self, wanted: ResolvedTraining) -> float | None:
        """Operations a second of the last training of the same checkpoint; None without one."""
        folders = TrainingFolder.all(self.places)
        for folder in sorted(folders, key=lambda each: each.path.stat().st_mtime, reverse=True):
            try:
                before = folder.begun().wanted
                if before.model.path != wanted.model.path or before.way is None:
                    continue
                steps = [each.seconds for each in folder.measured()][_SETTLED:]
                lesson, _ = self._lesson(before, before.model)
            except EaselError:
                continue
            if steps and lesson.device == self._planner.here()[0].device:
                took = statistics.median(steps) / lesson.seconds(before.way, 1.0)
                return 1.0 / took if took > 0 else None
        return None


def _file(lesson: Lesson) -> int:
    """The LoRA: half precision, with a line for each tensor."""
    tensors = 3 * lesson.table.paths
    return _HALF * lesson.numbers + _OF_TENSOR * tensors


def _disk(wanted: ResolvedTraining, lesson: Lesson, file: int) -> int:
    asked = wanted.asked
    learning, ways = asked.learning, asked.dataset.variations
    kept = -(-learning.steps // asked.save_every)
    checkpoint = lesson.numbers * (4 + MOMENTS[learning.optimiser]) + file
    words = _WORDS_OF_T5 if "t5xxl" in [each.role for each in wanted.model.parts] else _WORDS
    latents = sum(each.width * each.height // SCALE**2 * _LATENT for each in wanted.pictures)
    varied = asked.dataset.crop == "random" or asked.dataset.colour_jitter > 0
    encoded = latents * (ways if varied else 1) + words * (len(wanted.pictures) + 1)
    drawn = sum(each.size.width * each.size.height * 2 for each in wanted.samples)
    rounds = learning.steps // asked.samples.every + 1 if asked.samples.every else 0
    return kept * checkpoint + encoded + drawn * rounds


def _samples(wanted: ResolvedTraining, lesson: Lesson, way: LearningWay) -> float:
    """How many steps of learning all sample pictures take as long as."""
    every, learning = wanted.asked.samples.every, wanted.asked.learning
    if not every or not wanted.samples:
        return 0.0
    rounds = learning.steps // every + 1
    network = lesson.parts.network.table
    drawn = sum(
        each.steps_taken * 2 * network.operations_at(each.size.width * each.size.height // SCALE**2)
        for each in wanted.samples
    )
    return rounds * drawn / lesson.operations(way)


def _sentence(way: LearningWay, budget: Budget, room: int, *, fits: bool) -> str:
    needs = f"{way.peak / 2**30:.1f}"
    if not fits:
        return f"Does not fit: needs {needs} GB, and there are {in_gigabytes(room)}."
    memory = "memory" if budget.shared else "the card's memory"
    source = "the disk" if budget.shared else "RAM"
    told = [
        (way.others_wait, "text encoders and VAE leave it once all is encoded"),
        (way.twice, "each block works twice instead of keeping what it made"),
        (way.storage == "fp8", "weights are kept in eight bits"),
        (way.storage == "stored", "weights stay as the file has them"),
        (way.alone, "pictures of a batch are learned one after the other"),
        (way.placement == "group", f"weights come from {source} block by block"),
    ]
    measures = [words for holds, words in told if holds] or [f"everything stays in {memory}"]
    return f"Needs {needs} of {in_gigabytes(room)} GB: {', '.join(measures)}."


def _remedies(wanted: ResolvedTraining) -> Iterator[Remedy]:
    asked: TrainingRequest = wanted.asked
    by_hand = {f"memory.{name}": None for name, value in asked.memory if value is not None}
    if by_hand:
        yield Remedy(label="Let Easel choose how weights lie", fields=dict(by_hand))
    if asked.learning.batch > 1:
        steps = asked.learning.batch * asked.learning.accumulation
        fields = {"learning.batch": 1, "learning.accumulation": steps}
        yield Remedy(label="Learn one picture at a time", fields=dict(fields))
    smaller = wanted.resolution * 3 // 4 // 64 * 64
    if smaller >= _SMALLEST:
        yield Remedy(label=f"Learn at {smaller} pixels", fields={"dataset.resolution": smaller})


def _there(folder: Path) -> Path:
    """The folder, or the nearest above it that is there."""
    return next(each for each in (folder, *folder.parents) if each.exists())
