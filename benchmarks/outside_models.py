"""What a warm picture's time goes into: `.venv/bin/python -m benchmarks.outside_models`.

Runs the engine's own code without processes around it. Prints the median seconds of a picture and
the median share of them spent outside UNet, text encoder and VAE, as JSON.
"""

import json
import os
import statistics
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from backend.channel.subprocess import ENGINE_ENVIRONMENT
from backend.library.checkpoints import STARTER
from backend.library.library import Library
from backend.metadata.catalogue import load_catalogue
from backend.places import Places, default_places
from backend.schema.events import Metric
from backend.schema.picture_settings import BatchSettings, PromptSettings
from backend.schema.resolved import ResolvedModel, ResolvedRequest, ResolvedSampling, ResolvedSize

PROMPT = "red apple, 3d style, white background"
STEPS = 20
PICTURES = 7


def main() -> int:
    """Make one picture to warm up, then measure the next ones."""
    os.environ.update(ENGINE_ENVIRONMENT)  # read when torch is imported
    with tempfile.TemporaryDirectory() as folder:
        places = replace(default_places(), data=Path(folder), outputs=Path(folder))
        request = request_of_starter(places)
        kept: dict[str, object] = {}
        times = [seconds_of_picture(request, places, kept) for _ in range(PICTURES + 1)][1:]
    result = {
        "seconds": round(statistics.median(total for total, _ in times), 3),
        "share": round(statistics.median(1 - inside / total for total, inside in times), 4),
    }
    sys.stdout.write(f"{json.dumps(result)}\n")
    return 0


def request_of_starter(places: Places) -> ResolvedRequest:
    """A picture of the starter model at its own size."""
    found = Library(places, load_catalogue()).find(STARTER)
    usual = found.defaults
    return ResolvedRequest(
        prompt=PromptSettings(positive=PROMPT),
        model=ResolvedModel(
            checkpoint=found.id,
            name=found.name,
            path=found.path,
            family=found.family,
            sha256="0" * 64,
        ),
        size=ResolvedSize(width=usual.width, height=usual.height),
        sampling=ResolvedSampling(
            sampler=usual.sampler, schedule=usual.schedule, steps=STEPS, cfg_scale=usual.cfg_scale
        ),
        seed=0,
        batch=BatchSettings(),
    )


def seconds_of_picture(
    request: ResolvedRequest, places: Places, kept: dict[str, object]
) -> tuple[float, float]:
    """The seconds that one picture took, and those of them in the models."""
    from backend.engine.context import Context  # noqa: PLC0415  after the environment is set
    from backend.engine.run import generate  # noqa: PLC0415

    context = Context(job="0" * 12, places=places, created=time.time(), kept=kept)
    events = list(generate(request.model_dump(), context))
    metrics = {event.name: event.value for event in events if isinstance(event, Metric)}
    return metrics["seconds_total"], metrics["seconds_in_models"]


if __name__ == "__main__":
    sys.exit(main())
