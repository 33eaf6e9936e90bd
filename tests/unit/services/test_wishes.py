"""After a download, the prompt is drawn with the new model: once, over restarts, or not at all."""

import pytest

from backend.places import Places, default_places
from backend.schema.errors import HubUnreachableError
from backend.schema.events import Finished
from backend.schema.hubs import HubName
from backend.schema.jobs import OWNER, JobState
from backend.schema.picture_settings import PromptSettings
from backend.schema.resolved import ResolvedRequest
from backend.services.studio import open_studio
from backend.services.well_known import load_well_known
from tests.fixtures import model_files as made
from tests.fixtures.downloading import lora
from tests.fixtures.program import wait_until
from tests.fixtures.script import Script

APPLE = PromptSettings(positive="red apple", negative="worm")
MODEL = next(model for model in load_well_known().model if model.id == "sd1-5")


@pytest.fixture
def places(tmp_path):
    folders = (tmp_path / name for name in ("outputs", "data", "models"))
    return Places(default_places().root, *folders)


@pytest.fixture
def engine(places):
    return Script(places)


@pytest.fixture
def opened(places, engine):
    return lambda: open_studio(places, launch=engine)


@pytest.fixture
def small(tmp_path):
    """A whole model with next to nothing in it."""
    path = made.write_safetensors(tmp_path / "small", made.small_checkpoint(), dtype="F8_E4M3")
    return path.read_bytes()


@pytest.fixture(autouse=True)
def published(hubs, small, monkeypatch):
    for name, value in hubs.environment.items():
        monkeypatch.setenv(name, value)
    hubs.add_file(HubName.HUGGING_FACE, MODEL.file, small, model=MODEL.repository)


def take(studio):
    return studio.guide.take(OWNER, MODEL.id, APPLE)


def until(look, told=lambda: "it never came"):
    return wait_until(look, told, seconds=15)


def ended(studio, job):
    until(lambda: studio.jobs.view(OWNER, job).state.ended)
    return studio.jobs.view(OWNER, job)


def drawn(studio):
    """The jobs that draw, those that ended too."""
    return [job for job in studio.jobs.snapshot(OWNER).jobs if job.kind == "generate"]


def test_the_same_prompt_is_drawn_with_the_new_model_and_its_own_settings(opened, engine):
    with opened() as studio:
        download = ended(studio, take(studio).id)
        until(lambda: engine.starts)

        assert (download.state, download.warnings) == (JobState.FINISHED, ())
        wanted = ResolvedRequest.model_validate(engine.starts[0].request)
        assert wanted.prompt == APPLE
        assert wanted.model.path.endswith(f"checkpoints/{MODEL.file}")
        assert (wanted.size.width, wanted.sampling.steps) == (512, 25)
        assert wanted.batch.pictures == 1
        (job,) = drawn(studio)
        assert (job.owner, job.title) == ("owner", "red apple")


def test_a_restart_in_between_loses_nothing_and_draws_nothing_twice(opened, engine, hubs):
    hubs.behave(MODEL.file, bytes_per_second=1_000_000)
    with opened() as studio:
        job = take(studio).id
        until(lambda: studio.jobs.view(OWNER, job).done_bytes)
    assert engine.starts == []
    hubs.behave(MODEL.file, bytes_per_second=0)

    with opened() as studio:
        assert ended(studio, job).state is JobState.FINISHED
        until(lambda: engine.starts)
        engine.draw(engine.starts[0].job)
        engine.tell(engine.starts[0].job, Finished())
        until(lambda: drawn(studio)[0].state.ended)
    with opened() as studio:
        studio.downloads.start(OWNER, MODEL.hub, MODEL.repository, "", MODEL.file)
        until(lambda: all(job.state.ended for job in studio.jobs.snapshot(OWNER).jobs))

        assert len(drawn(studio)) == len(engine.starts) == 1


def test_a_download_that_was_tried_again_draws_all_the_same(opened, engine, hubs):
    hubs.behave(MODEL.file, status=403, times=1)
    with opened() as studio:
        failed = ended(studio, take(studio).id)
        assert failed.state is JobState.FAILED
        assert drawn(studio) == []

        again = studio.downloads.resume(OWNER, failed.id)

        assert ended(studio, again.id).state is JobState.FINISHED
        until(lambda: engine.starts)


def test_a_cancelled_download_draws_nothing_even_when_it_comes_later(opened, hubs, places):
    hubs.behave(MODEL.file, bytes_per_second=100_000)
    with opened() as studio:
        job = take(studio).id
        until(lambda: studio.jobs.view(OWNER, job).done_bytes)
        studio.jobs.cancel(OWNER, job)
        hubs.behave(MODEL.file, bytes_per_second=0)
        until(lambda: not list(places.models.rglob("*.part")))

        later = studio.downloads.start(OWNER, MODEL.hub, MODEL.repository, "", MODEL.file)

        assert ended(studio, later.id).state is JobState.FINISHED
        assert drawn(studio) == []


def test_a_file_that_cannot_draw_is_told_where_it_was_asked_for(opened, hubs):
    hubs.huggingface.models.clear()
    hubs.add_file(HubName.HUGGING_FACE, MODEL.file, lora(), model=MODEL.repository)
    with opened() as studio:
        download = ended(studio, take(studio).id)

        assert download.state is JobState.FINISHED
        assert any("Nothing was drawn with it" in words for words in download.warnings)
        assert drawn(studio) == []


def test_a_hub_that_does_not_answer_leaves_nothing_behind(opened, hubs):
    hubs.behave(f"/api/models/{MODEL.repository}", status=503)
    with opened() as studio:
        with pytest.raises(HubUnreachableError):
            take(studio)
        hubs.behave(f"/api/models/{MODEL.repository}", status=0)

        plain = studio.downloads.start(OWNER, MODEL.hub, MODEL.repository, "", MODEL.file)

        assert ended(studio, plain.id).state is JobState.FINISHED
        assert drawn(studio) == []
