"""Newer versions of models that are here: which count, who is asked, and what is remembered."""

import json
from contextlib import nullcontext
from types import SimpleNamespace
from typing import cast

import pytest

from backend.hubs.book import HubBook
from backend.jobs.board import Board
from backend.jobs.host_jobs import HostJobs
from backend.library.library import Library
from backend.metadata.catalogue import load_catalogue
from backend.places import Places
from backend.schema.errors import HubUnreachableError, NotAllowedError
from backend.schema.events import Finished, Stage
from backend.schema.hubs import HubName
from backend.schema.jobs import OWNER, Actor, Job, JobState, Role
from backend.services.hubs import open_hubs
from backend.services.studio import open_studio
from backend.services.updates import UpdateJobs, Updates
from tests.fixtures.downloading import lora
from tests.fixtures.program import wait_until

ANNA = Actor(id="anna", role=Role.GUEST)
NOW = 1_800_000_000.0


@pytest.fixture
def places(tmp_path):
    (tmp_path / "models" / "loras").mkdir(parents=True)
    return Places(tmp_path, tmp_path / "outputs", tmp_path / "data", tmp_path / "models")


def put(places, name, model, version, base_model="SDXL 1.0"):
    """A LoRA that came from CivitAI once."""
    folder = places.models / "loras"
    (folder / f"{name}.safetensors").write_bytes(lora(4_000))
    card = {"id": version, "modelId": model, "baseModel": base_model}
    (folder / f"{name}.civitai.info").write_text(json.dumps(card))


def publish(hubs, model, *versions, base_model="SDXL 1.0"):
    """Versions of a model on CivitAI, the first one first, each with a file."""
    for version in versions:
        facts = {"name": f"v{version}", "base_model": base_model}
        hubs.add_version(HubName.CIVITAI, str(model), str(version), **facts)
        name = f"fox-{version}.safetensors"
        hubs.add_file(HubName.CIVITAI, name, b"x" * 99, model=str(model), version=str(version))


class Desk:
    """The verbs and the job over one folder."""

    def __init__(self, places, hubs, asked):
        self.hubs, self.library = hubs, Library(places, load_catalogue())
        self.path = places.data / "book.sqlite3"
        self.book = HubBook(self.path)
        self.begun = []
        board = cast("Board", SimpleNamespace(lock=nullcontext(), waiting=lambda **_: ()))
        host_jobs = cast("HostJobs", SimpleNamespace(submit=self.begin))
        self.verbs = Updates(self.library, self.book, host_jobs, board)
        self.jobs = UpdateJobs(asked, self.library, self.book, lambda _: None, lambda: NOW)

    def begin(self, job):
        self.begun.append(job)
        return SimpleNamespace(view=lambda: job)

    def job(self) -> Job:
        self.library.rescan()
        self.verbs.look(OWNER)
        return self.begun[-1].model_copy(update={"created": NOW})

    def run(self):
        return list(self.jobs.run(self.job()))

    def found(self):
        self.library.rescan()
        return self.verbs.found(ANNA).updates

    def asked(self):
        return [each.path for each in self.hubs.seen("civitai")]


@pytest.fixture
def desk(places, hubs):
    with open_hubs(places, hubs.settings) as asked:
        made = Desk(places, hubs, asked)
        yield made
    made.book.close()
    made.library.close()


def test_a_newer_version_is_found_with_all_that_a_download_takes(desk, places, hubs):
    put(places, "mine", 1, 11)
    publish(hubs, 1, 13, 12, 11)

    events = desk.run()

    assert events[0] == Stage(sentence="1 of 1: mine")
    assert events[-1] == Finished(sentence="1 newer version of 1 model.")
    [update] = desk.found()
    assert (update.model, update.name) == ("loras/mine.safetensors", "Model 1")
    assert (update.version_name, update.published, update.bytes) == ("v13", "2025-12-18", 99)
    assert update.page == f"{hubs.civitai.origin}/models/1?modelVersionId=13"
    assert (update.hub_model, update.version, update.file) == ("1", "13", "fox-13.safetensors")
    assert desk.verbs.found(ANNA).looked == NOW


def test_a_version_that_is_here_already_is_no_news(desk, places, hubs):
    put(places, "old", 1, 11)
    publish(hubs, 1, 12, 11)
    desk.run()
    assert len(desk.found()) == 1

    put(places, "new", 1, 12)

    assert desk.found() == ()


def test_a_version_for_another_family_or_an_older_one_replaces_nothing(desk, places, hubs):
    put(places, "mine", 1, 12)
    publish(hubs, 1, 13, base_model="Flux.1 D")
    publish(hubs, 1, 11, 12)

    assert desk.run()[-1] == Finished(sentence="No newer versions of 1 model.")

    assert desk.found() == ()


def test_a_version_that_was_withdrawn_is_still_replaced_by_a_newer_one(desk, places, hubs):
    put(places, "mine", 1, 11)
    publish(hubs, 1, 12)

    desk.run()

    assert [update.version for update in desk.found()] == ["12"]


def test_each_model_is_asked_for_once_and_what_has_no_page_never(desk, places, hubs):
    put(places, "a", 1, 11)
    put(places, "b", 1, 12)
    (places.models / "loras" / "stranger.safetensors").write_bytes(lora(4_000, 2))
    publish(hubs, 1, 12, 11)

    desk.run()

    assert desk.asked() == ["/api/v1/models/1"]


def test_a_model_that_is_gone_from_the_hub_is_no_news(desk, places):
    put(places, "mine", 1, 11)

    assert desk.run()[-1] == Finished(sentence="No newer versions of 1 model.")

    assert desk.found() == ()
    assert desk.verbs.found(OWNER).looked == NOW


def test_nobody_is_asked_until_the_owner_asks(desk, places, hubs):
    put(places, "mine", 1, 11)

    assert desk.found() == ()
    assert desk.verbs.found(OWNER).looked is None
    with pytest.raises(NotAllowedError, match="Only the owner may look"):
        desk.verbs.look(ANNA)
    assert hubs.requests == []


def test_a_hub_that_goes_down_leaves_what_was_found_and_the_rest_for_later(desk, places, hubs):
    for number in (1, 2):
        put(places, f"m{number}", number, number * 10)
        publish(hubs, number, number * 10 + 1, number * 10)
    hubs.behave("/api/v1/models/2", status=503)

    job = desk.job()
    with pytest.raises(HubUnreachableError, match="1 of 2 were asked for before"):
        list(desk.jobs.run(job))

    assert [update.version for update in desk.found()] == ["11"]
    hubs.behave("/api/v1/models/2", status=0)
    events = list(desk.jobs.run(job))
    assert events[0] == Stage(sentence="2 of 2: m2")
    assert [update.version for update in desk.found()] == ["11", "21"]
    assert desk.asked().count("/api/v1/models/1") == 1


def test_what_was_found_outlives_the_program_and_no_model_needs_no_hub(desk, places, hubs):
    [sentence] = desk.run()
    assert "Identify them first" in sentence.sentence
    put(places, "mine", 1, 11)
    publish(hubs, 1, 12, 11)
    desk.run()
    desk.book.close()

    assert list(HubBook(desk.path).models()) == ["1"]
    assert [update.version for update in desk.found()] == ["12"]


def test_it_is_one_job_beside_the_engine_and_its_find_can_be_downloaded(places, hubs, monkeypatch):
    for name, value in hubs.environment.items():
        monkeypatch.setenv(name, value)
    put(places, "mine", 1, 11)
    publish(hubs, 1, 12, 11)

    def ended(job):
        return studio.jobs.view(OWNER, job.id).state.ended

    with open_studio(places, warm=False) as studio:
        job = studio.updates.look(OWNER)
        assert (job.kind, job.title) == ("updates", "Look for newer versions")
        wait_until(lambda: ended(job), lambda: f"{studio.jobs.view(OWNER, job.id)}", seconds=15)
        assert studio.jobs.view(OWNER, job.id).state is JobState.FINISHED
        [update] = studio.updates.found(OWNER).updates
        hub, model, version, file = update.hub, update.hub_model, update.version, update.file
        download = studio.downloads.start(OWNER, hub, model, version, file)
        assert download.title == "Download Model 1 v12"
        wait_until(lambda: ended(download), lambda: "never ended", seconds=15)
