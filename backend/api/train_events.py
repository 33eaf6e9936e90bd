"""A training as lines of JSON, for programs that watch it: what each step came to, and how it ends.

Each line is an object with a `type`: begun, measured, validated, sample, kept, warning, diagnosis,
ended.
"""

import json
import time
from typing import TextIO

from backend.api.verbs import Verbs
from backend.api.waiting import cancel_and_wait
from backend.schema.base import Frozen
from backend.schema.jobs import OWNER, JobView
from backend.schema.training_story import TrainingStory

_LOOK_SECONDS = 0.2


def wait_and_tell_events(studio: Verbs, job: JobView, out: TextIO) -> JobView:
    """Wait until a training ended, telling all that is new. Ctrl+C saves and ends it."""
    training = next(each for each in studio.trainings.all(OWNER) if each.job == job.id)
    _write(out, "begun", training=training.id, job=job.id, name=training.name)
    teller = _Teller(out, max((each.step for each in training.kept), default=0))
    try:
        while not (view := studio.jobs.view(OWNER, job.id)).state.ended:
            teller.tell(studio.trainings.story(OWNER, training.id, teller.reached), view)
            time.sleep(_LOOK_SECONDS)
    except KeyboardInterrupt:
        view = cancel_and_wait(studio, job)
    teller.tell(studio.trainings.story(OWNER, training.id, teller.reached), view)
    failure = (
        view.failure.model_dump(include={"code", "sentence", "hint"}) if view.failure else None
    )
    _write(out, "ended", state=view.state.value, outcome=view.outcome, failure=failure)
    return view


class _Teller:
    """Tells everything once."""

    def __init__(self, out: TextIO, reached: int) -> None:
        self.reached = reached
        self._out = out
        self._told: set[str] = set()

    def tell(self, story: TrainingStory, view: JobView) -> None:
        for step in story.measured:
            self.reached = step.step
            _write(self._out, "measured", **step.model_dump())
        for kind, found in (
            ("validated", story.validated),
            ("sample", story.samples),
            ("kept", story.kept),
            ("diagnosis", story.diagnoses),
        ):
            for each in found:
                self._once(kind, each)
        for sentence in view.warnings:
            self._once("warning", _Words(sentence=sentence))

    def _once(self, kind: str, what: Frozen) -> None:
        key = f"{kind} {what.model_dump_json()}"
        if key not in self._told:
            self._told.add(key)
            _write(self._out, kind, **what.model_dump(mode="json"))


class _Words(Frozen):
    sentence: str


def _write(out: TextIO, kind: str, **values: object) -> None:
    out.write(json.dumps({"type": kind, **values}, ensure_ascii=False) + "\n")
    out.flush()
