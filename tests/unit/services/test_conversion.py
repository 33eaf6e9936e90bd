"""Asking for a safe conversion, from the click to the written file."""

import pytest
import torch
from safetensors.torch import load_file

from backend.channel.inprocess import ThreadedEngine
from backend.engine.converting import convert
from backend.engine.worker import Worker
from backend.places import Places, default_places
from backend.schema.errors import ModelMissingError, NotAllowedError, RequestError
from backend.schema.jobs import OWNER, Actor, JobState, Role
from backend.services.studio import open_studio
from tests.fixtures.malicious import Malicious
from tests.fixtures.program import wait_until

GUEST = Actor(id="anna", role=Role.GUEST)


@pytest.fixture
def places(tmp_path):
    folders = (tmp_path / name for name in ("outputs", "data", "models"))
    return Places(default_places().root, *folders)


@pytest.fixture
def opened(places):
    def launch(on_message, on_exit):
        return ThreadedEngine(
            lambda send: Worker({"convert": convert}, places, send), on_message, on_exit
        )

    return lambda: open_studio(places, launch=launch)


@pytest.fixture
def file(tmp_path):
    torch.save({"state_dict": {"w": torch.ones(3)}}, tmp_path / "model.ckpt")
    return tmp_path / "model.ckpt"


def ended(studio, job):
    wait_until(
        lambda: studio.jobs.view(OWNER, job.id).state.ended,
        lambda: f"never ended: {studio.jobs.view(OWNER, job.id)}",
        seconds=20,
    )
    return studio.jobs.view(OWNER, job.id)


def test_a_converted_file_is_told_as_the_jobs_outcome_and_still_after_a_restart(
    opened, file, tmp_path
):
    with opened() as studio:
        job = studio.conversion.submit(OWNER, file)
        assert (job.kind, job.title, job.pictures_wanted) == ("convert", "Convert model.ckpt", 0)
        view = ended(studio, job)

    assert view.state is JobState.FINISHED
    assert load_file(tmp_path / "model.safetensors")["w"].tolist() == [1, 1, 1]
    assert "model.safetensors" in view.outcome
    with opened() as studio:
        [again] = studio.jobs.snapshot(OWNER).jobs
        assert again.outcome == view.outcome


def test_a_pickle_that_wants_to_run_something_fails_with_the_reason(opened, tmp_path):
    torch.save({"w": torch.ones(1), "evil": Malicious(tmp_path / "trace")}, tmp_path / "evil.ckpt")

    with opened() as studio:
        view = ended(studio, studio.conversion.submit(OWNER, tmp_path / "evil.ckpt"))

    assert view.state is JobState.FAILED
    assert view.failure is not None
    assert "asks to run" in view.failure.sentence
    assert not (tmp_path / "trace").exists()


def test_such_a_job_is_not_asked_for_pictures(opened, file):
    with opened() as studio:
        job = studio.conversion.submit(OWNER, file)
        with pytest.raises(RequestError, match="no pictures"):
            studio.jobs.request_of(OWNER, job.id)


def test_a_guest_may_not_convert(opened, file):
    with opened() as studio, pytest.raises(NotAllowedError):
        studio.conversion.submit(GUEST, file)


def test_what_makes_no_sense_is_refused_at_once(opened, file, tmp_path):
    with opened() as studio:
        with pytest.raises(ModelMissingError):
            studio.conversion.submit(OWNER, tmp_path / "gone.ckpt")
        (tmp_path / "notes.txt").write_text("")
        with pytest.raises(RequestError, match=r"notes\.txt"):
            studio.conversion.submit(OWNER, tmp_path / "notes.txt")
        (tmp_path / "model.safetensors").write_text("")
        with pytest.raises(RequestError, match="already"):
            studio.conversion.submit(OWNER, file)
