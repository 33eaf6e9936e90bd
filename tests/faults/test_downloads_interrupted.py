"""A large download whose connection breaks and whose program is killed, again and again."""

import hashlib
import random
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager

import pytest

from backend.schema.hubs import HubName
from backend.schema.jobs import OWNER, JobState
from backend.services.studio import open_studio
from tests.fixtures.downloading import lora
from tests.fixtures.program import ROOT, wait_until
from tests.fixtures.real_studio import places_in

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

NAME = "dream.safetensors"
SIZE = 200_000_000
TIMES = 20
PROGRAM = """
import time
from backend.places import default_places
from backend.schema.hubs import HubName
from backend.schema.jobs import OWNER
from backend.services.studio import open_studio

with open_studio(default_places(), warm=False) as studio:
    if not studio.jobs.snapshot(OWNER).jobs:
        studio.downloads.start(OWNER, HubName.CIVITAI, "1")
    time.sleep(600)
"""


@contextmanager
def program(hubs, places) -> Generator[subprocess.Popen[str]]:
    """One that downloads, or goes on with it by itself."""
    own = {"DATA": places.data, "OUTPUTS": places.outputs, "MODELS": places.models}
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM],
        cwd=ROOT,
        text=True,
        env={**hubs.environment, **{f"EASEL_{key}": str(path) for key, path in own.items()}},
    ) as started:
        try:
            yield started
        finally:
            started.kill()


def test_200_mb_broken_and_killed_at_twenty_random_bytes_each_are_identical(
    hubs, tmp_path, monkeypatch
):
    chance = random.Random(20)
    content = lora(SIZE)
    cuts = tuple(sorted(chance.sample(range(len(content)), TIMES)))
    kills = sorted(chance.sample(range(1, len(content) * 9 // 10), TIMES))
    places = places_in(tmp_path, tmp_path / "models")
    hubs.add_file(HubName.CIVITAI, NAME, content)
    hubs.behave(NAME, cuts=cuts, bytes_per_second=40_000_000)

    def arrived(count: int) -> bool:
        return any(part.stat().st_size >= count for part in places.models.rglob("*.part"))

    for count in kills:
        with program(hubs, places) as running:
            wait_until(lambda n=count: arrived(n), lambda: "nothing came", alive=running)

    hubs.behave(NAME, bytes_per_second=0)
    for name, value in hubs.environment.items():
        monkeypatch.setenv(name, value)
    with open_studio(places, warm=False) as studio:
        (job,) = studio.jobs.snapshot(OWNER).jobs

        def state() -> JobState:
            return studio.jobs.view(OWNER, job.id).state

        wait_until(lambda: state().ended, lambda: f"{studio.jobs.view(OWNER, job.id)}")
        assert state() is JobState.FINISHED

    with (places.models / "loras" / NAME).open("rb") as file:
        assert hashlib.file_digest(file, "sha256").digest() == hashlib.sha256(content).digest()
    assert not list(places.models.rglob("*.part*"))
    starts = [
        int(seen.headers.get("range", "bytes=0-").removeprefix("bytes=").rstrip("-"))
        for seen in hubs.seen("content")
    ]
    assert len(starts) > TIMES
    assert starts == sorted(starts)  # nothing that had arrived was asked for again
    assert starts.count(0) == 1
