"""Downloads through the studio: who may, from where, beside the engine, over restarts and kills."""

import hashlib
import logging
import subprocess
import sys
import time
from dataclasses import replace

import pytest

from backend.places import default_places
from backend.schema.errors import NotAllowedError, NotFoundError, RequestError
from backend.schema.hubs import HubName
from backend.schema.jobs import OWNER, Actor, JobState, Role
from backend.services.studio import open_studio
from tests.fixtures.downloading import lora
from tests.fixtures.hub_server import TOKEN
from tests.fixtures.program import ROOT, wait_until

ANNA = Actor(id="anna", role=Role.GUEST)
NAME = "dream.safetensors"


@pytest.fixture
def places(tmp_path):
    return replace(
        default_places(),
        outputs=tmp_path / "outputs",
        data=tmp_path / "data",
        models=tmp_path / "models",
    )


@pytest.fixture(autouse=True)
def environment(hubs, monkeypatch):
    for name, value in hubs.environment.items():
        monkeypatch.setenv(name, value)


def no_engine(on_message, on_exit):
    raise AssertionError("no download needs an engine")


@pytest.fixture
def opened(places):
    return lambda: open_studio(places, warm=False, launch=no_engine)


def seen(studio, job, **facts):
    def look():
        view = studio.jobs.view(OWNER, job.id)
        return view if all(getattr(view, key) == value for key, value in facts.items()) else None

    view = wait_until(look, lambda: f"{studio.jobs.view(OWNER, job.id)}", seconds=15)
    assert view
    return view


def finished(studio, job):
    view = wait_until(
        lambda: (found := studio.jobs.view(OWNER, job.id)).state.ended and found,
        lambda: f"{studio.jobs.view(OWNER, job.id)}",
        seconds=15,
    )
    assert view.state is JobState.FINISHED, view.failure
    return view


def slowly(hubs, name=NAME):
    hubs.behave(name, bytes_per_second=600_000)


def begun(studio, job):
    wait_until(
        lambda: studio.jobs.view(OWNER, job.id).done_bytes, lambda: "no byte came", seconds=15
    )


def test_a_link_becomes_a_model_that_can_be_chosen(opened, hubs, places):
    content = lora()
    hubs.add_file(HubName.CIVITAI, NAME, content)
    with opened() as studio:
        job = studio.downloads.get(OWNER, f"{hubs.civitai.origin}/models/1")
        view = finished(studio, job)

        assert view.outcome == f"loras/{NAME} is here."
        assert (view.kind, view.title) == ("download", "Download Model 1 v1")
        assert f"loras/{NAME}" in {entry.id for entry in studio.models.library(OWNER)}
        assert studio.models.entry(OWNER, f"loras/{NAME}").card.title == "Model 1 v1"
        assert studio.downloads.brought(OWNER, job.id) == f"loras/{NAME}"
        again = finished(studio, studio.downloads.start(OWNER, HubName.CIVITAI, "1"))
        assert again.outcome.startswith("You have it already")
    assert (places.models / "loras" / NAME).read_bytes() == content


def test_the_owner_alone_downloads(opened, hubs):
    hubs.add_file(HubName.CIVITAI, NAME, lora())
    with opened() as studio:
        for ask in (
            lambda: studio.downloads.get(ANNA, f"{hubs.civitai.origin}/models/1"),
            lambda: studio.downloads.start(ANNA, HubName.CIVITAI, "1"),
            lambda: studio.downloads.pause(ANNA, "0" * 12),
            lambda: studio.downloads.resume(ANNA, "0" * 12),
        ):
            with pytest.raises(NotAllowedError):
                ask()
    assert hubs.requests == []


def test_what_is_not_there_is_told_at_once(opened, hubs):
    hubs.add_file(HubName.CIVITAI, NAME, lora())
    with opened() as studio:
        with pytest.raises(NotFoundError, match=r"dream\.safetensors"):
            studio.downloads.start(OWNER, HubName.CIVITAI, "1", "11", "other.safetensors")
        with pytest.raises(NotFoundError):
            studio.downloads.pause(OWNER, "0" * 12)
        assert studio.jobs.snapshot(OWNER).jobs == ()


def test_asked_twice_it_is_one_download(opened, hubs):
    hubs.add_file(HubName.CIVITAI, NAME, lora())
    slowly(hubs)
    with opened() as studio:
        first = studio.downloads.start(OWNER, HubName.CIVITAI, "1")
        second = studio.downloads.start(OWNER, HubName.CIVITAI, "1")

        assert second.id == first.id
        with pytest.raises(RequestError, match="no pictures"):
            studio.jobs.request_of(OWNER, first.id)


def test_a_pause_outlives_the_program_and_goes_on_from_there(opened, hubs, places):
    content = lora(1_000_000)
    hubs.add_file(HubName.CIVITAI, NAME, content)
    slowly(hubs)
    with opened() as studio:
        job = studio.downloads.start(OWNER, HubName.CIVITAI, "1")
        begun(studio, job)
        assert studio.downloads.pause(OWNER, job.id).paused
    (part,) = places.models.rglob("*.part")
    there = part.stat().st_size
    assert 0 < there < len(content)

    hubs.behave(NAME, bytes_per_second=0)
    with opened() as studio:
        time.sleep(0.1)
        assert studio.jobs.view(OWNER, job.id).paused
        assert part.stat().st_size == there
        studio.downloads.resume(OWNER, job.id)
        finished(studio, job)
    assert (places.models / "loras" / NAME).read_bytes() == content
    assert hubs.seen("content")[-1].headers["range"] == f"bytes={there}-"


def test_what_was_running_goes_on_by_itself_with_the_next_program(opened, hubs, places):
    content = lora(1_000_000)
    hubs.add_file(HubName.CIVITAI, NAME, content)
    slowly(hubs)
    with opened() as studio:
        job = studio.downloads.start(OWNER, HubName.CIVITAI, "1")
        begun(studio, job)
    hubs.behave(NAME, bytes_per_second=0)

    with opened() as studio:
        finished(studio, job)
    assert (places.models / "loras" / NAME).read_bytes() == content
    assert "range" in hubs.seen("content")[-1].headers


def test_two_at_once_neither_needing_an_engine_nor_an_open_queue(opened, hubs, places):
    for number in (1, 2):
        name = f"dream{number}.safetensors"
        hubs.add_file(HubName.CIVITAI, name, lora(seed=number), model=str(number))
        slowly(hubs, name)
    with opened() as studio:
        studio.jobs.pause_queue(OWNER)
        jobs = [studio.downloads.start(OWNER, HubName.CIVITAI, str(n)) for n in (1, 2)]
        for job in jobs:
            seen(studio, job, state=JobState.RUNNING)
        for job in jobs:
            finished(studio, job)
        assert studio.jobs.snapshot(OWNER).system.engine == "stopped"


def test_a_cancelled_download_leaves_nothing_and_a_failed_one_can_be_resumed(opened, hubs, places):
    content = lora(1_000_000)
    hubs.add_file(HubName.CIVITAI, NAME, content)
    slowly(hubs)
    with opened() as studio:
        job = studio.downloads.start(OWNER, HubName.CIVITAI, "1")
        begun(studio, job)
        studio.jobs.cancel(OWNER, job.id)
        assert studio.jobs.view(OWNER, job.id).state is JobState.CANCELLED
        wait_until(
            lambda: not list(places.models.rglob("*.part*")), lambda: "left there", seconds=15
        )

        hubs.behave(NAME, status=403, bytes_per_second=0)
        job = studio.downloads.resume(OWNER, job.id)
        view = seen(studio, job, state=JobState.FAILED)
        assert "licence" in view.failure.sentence
        hubs.behave(NAME, status=0)
        again = studio.downloads.resume(OWNER, job.id)
        assert again.id != job.id
        finished(studio, again)


def test_what_a_failed_download_left_can_be_discarded(opened, hubs, places):
    content = lora(1_000_000)
    hubs.add_file(HubName.CIVITAI, NAME, content)
    slowly(hubs)
    with opened() as studio:
        job = studio.downloads.start(OWNER, HubName.CIVITAI, "1")
        begun(studio, job)
        studio.downloads.pause(OWNER, job.id)
        seen(studio, job, paused=True)
        hubs.behave(NAME, status=403, bytes_per_second=0)
        studio.downloads.resume(OWNER, job.id)
        seen(studio, job, state=JobState.FAILED)
        assert list(places.models.rglob("*.part"))

        studio.jobs.cancel(OWNER, job.id)

        wait_until(
            lambda: not list(places.models.rglob("*.part*")), lambda: "left there", seconds=15
        )
        assert studio.jobs.view(OWNER, job.id).state is JobState.FAILED


def test_what_was_cancelled_can_be_asked_for_again_at_once(opened, hubs, places):
    hubs.add_file(HubName.CIVITAI, NAME, lora(1_000_000))
    hubs.behave(NAME, bytes_per_second=100_000)
    with opened() as studio:
        job = studio.downloads.start(OWNER, HubName.CIVITAI, "1")
        begun(studio, job)
        studio.jobs.cancel(OWNER, job.id)
        again = studio.downloads.start(OWNER, HubName.CIVITAI, "1")
        hubs.behave(NAME, bytes_per_second=0)

        assert again.id != job.id
        finished(studio, again)
    assert (places.models / "loras" / NAME).read_bytes() == lora(1_000_000)


def test_a_gated_model_comes_with_the_token_which_is_written_nowhere(
    opened, hubs, places, tmp_path, caplog
):
    caplog.set_level(logging.DEBUG)
    hubs.add_model(HubName.HUGGING_FACE, "ann/dream", gated=True)
    hubs.add_file(HubName.HUGGING_FACE, NAME, lora())
    with opened() as studio:
        job = studio.downloads.start(OWNER, HubName.HUGGING_FACE, "ann/dream", "", NAME)
        failure = seen(studio, job, state=JobState.FAILED).failure
        assert "accept" in failure.hint
        studio.hubs.set_token(OWNER, HubName.HUGGING_FACE, TOKEN)
        finished(studio, studio.downloads.resume(OWNER, job.id))

    assert all("authorization" not in each.headers for each in hubs.seen("content"))
    written = [path for path in tmp_path.rglob("*") if path.is_file()]
    holders = [path.name for path in written if TOKEN.encode() in path.read_bytes()]
    assert set(holders) <= {"hub-tokens.json"}
    assert TOKEN not in caplog.text
    assert not [path for path in written if b"Signature=signed" in path.read_bytes()]


def test_killed_in_the_middle_and_started_again_the_file_is_identical(opened, hubs, places):
    content = lora(3_000_000)
    hubs.add_file(HubName.CIVITAI, NAME, content)
    hubs.behave(NAME, bytes_per_second=2_000_000)
    code = (
        "import sys, time; from backend.places import default_places;"
        "from backend.services.studio import open_studio;"
        "from backend.schema.jobs import OWNER; from backend.schema.hubs import HubName\n"
        "with open_studio(default_places(), warm=False) as studio:\n"
        "    studio.downloads.start(OWNER, HubName.CIVITAI, '1')\n"
        "    time.sleep(60)\n"
    )
    own = {"DATA": places.data, "OUTPUTS": places.outputs, "MODELS": places.models}
    with subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=ROOT,
        text=True,
        env={**hubs.environment, **{f"EASEL_{key}": str(path) for key, path in own.items()}},
    ) as program:
        wait_until(
            lambda: [p for p in places.models.rglob("*.part") if p.stat().st_size > 500_000],
            lambda: "nothing came",
            seconds=30,
            alive=program,
        )
        program.kill()
    hubs.behave(NAME, bytes_per_second=0)

    with opened() as studio:
        (job,) = studio.jobs.snapshot(OWNER).jobs
        finished(studio, job)

    arrived = (places.models / "loras" / NAME).read_bytes()
    assert hashlib.sha256(arrived).digest() == hashlib.sha256(content).digest()
    assert "range" in hubs.seen("content")[-1].headers
    assert not list(places.models.rglob("*.part*"))
