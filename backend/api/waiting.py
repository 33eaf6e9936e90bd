"""Watching a job from a terminal: one line that changes, and Ctrl+C to end it."""

import time
from typing import TextIO

from backend.api.verbs import Verbs
from backend.schema.jobs import OWNER, JobState, JobView

_LOOK_SECONDS = 0.1
_CANCEL_SECONDS = 20.0


def wait_and_tell(studio: Verbs, job: JobView, terminal: TextIO) -> JobView:
    """Wait until `job` ended, telling its progress in one line that is written over.

    Ctrl+C cancels the job; the pictures that were made are kept. So does a queue that pauses by
    itself, such as on a full disk, because nobody is there to resume it.
    """
    told = reason = ""
    try:
        while not (view := studio.jobs.view(OWNER, job.id)).state.ended:
            line = _line(view)
            if line != told:
                terminal.write(f"\r{line.ljust(len(told))}")
                terminal.flush()
                told = line
            if reason := _why_paused(studio):
                view = cancel_and_wait(studio, job)
                break
            time.sleep(_LOOK_SECONDS)
    except KeyboardInterrupt:
        view = cancel_and_wait(studio, job)
    if told:
        terminal.write("\n")
    terminal.writelines(f"{words}\n" for words in (*view.warnings, reason) if words)
    return view


def _why_paused(studio: Verbs) -> str:
    system = studio.jobs.snapshot(OWNER).system
    return system.queue_reason if system.queue_paused else ""


def cancel_and_wait(studio: Verbs, job: JobView) -> JobView:
    """End a job, and wait until it has."""
    studio.jobs.cancel(OWNER, job.id)
    ends = time.monotonic() + _CANCEL_SECONDS
    while True:
        view = studio.jobs.view(OWNER, job.id)
        if view.state.ended or time.monotonic() > ends:
            return view
        time.sleep(_LOOK_SECONDS)


def _line(view: JobView) -> str:
    progress = view.progress
    if view.state is JobState.QUEUED:
        return "Waiting for the engine …"
    if progress is None:
        return f"{view.stage or 'Starting …'}{_bytes_read(view)}"
    batch = f", batch {progress.batch} of {progress.batches}" if progress.batches > 1 else ""
    left = "" if progress.seconds_left is None else f", {progress.seconds_left:.0f} s left"
    word = "Tile" if view.kind == "upscale" else "Step"
    return f"{word} {progress.step} of {progress.steps}{batch}{left}"


def _bytes_read(view: JobView) -> str:
    """How far something large is; nothing where nobody counts."""
    if view.done_bytes is None or view.total_bytes is None:
        return ""
    return f": {view.done_bytes / 1e9:.1f} of {view.total_bytes / 1e9:.1f} GB"
