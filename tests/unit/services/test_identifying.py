"""Finding out at CivitAI what models are: what is written, what leaves, and what is kept."""

import io
import json
from types import SimpleNamespace
from typing import cast

import pytest
from PIL import Image

from backend.hubs.book import HubBook
from backend.jobs.board import Board
from backend.jobs.host_jobs import HostJobs
from backend.library.library import Library
from backend.metadata.catalogue import load_catalogue
from backend.places import Places
from backend.schema.errors import (
    HubAnswerError,
    HubUnreachableError,
    NotAllowedError,
    NotFoundError,
    OutputError,
    RequestError,
)
from backend.schema.events import Finished, Progress, Stage, Warned
from backend.schema.hubs import HubName
from backend.schema.identifying import AskedModels
from backend.schema.jobs import OWNER, Actor, Job, JobState, Role
from backend.services.hubs import open_hubs
from backend.services.identifying import ASK_AGAIN_SECONDS, Identifier, Identifying, IdentifyJobs
from backend.services.studio import open_studio
from tests.fixtures.downloading import lora
from tests.fixtures.hubs.content import StoredFile
from tests.fixtures.hubs.shelf import sha256
from tests.fixtures.program import wait_until

ANNA = Actor(id="anna", role=Role.GUEST)
NOW = 1_800_000_000.0


@pytest.fixture
def places(tmp_path):
    (tmp_path / "models" / "loras").mkdir(parents=True)
    return Places(tmp_path, tmp_path / "outputs", tmp_path / "data", tmp_path / "models")


class Desk:
    """The verbs and the job over one folder of LoRAs."""

    def __init__(self, places, hubs, asked, library, book):
        self.places, self.hubs, self.library, self.book = places, hubs, library, book
        self.now = NOW
        self.waited = []
        self.identifier = Identifier(asked, library, book, places.models, lambda: self.now)
        self.jobs = IdentifyJobs(self.identifier, self.waited.append)
        nobody = SimpleNamespace()
        host_jobs, board = cast("HostJobs", nobody), cast("Board", nobody)
        self.verbs = Identifying(self.identifier, host_jobs, board)

    def put(self, name, seed=1):
        """A LoRA that is here; gives its bytes."""
        content = lora(4_000, seed)
        (self.places.models / "loras" / name).write_bytes(content)
        self.library.rescan()
        return content

    def publish(self, name, seed, number=1, **facts):
        """The LoRA of a seed on CivitAI, under a name of its own."""
        model, version = str(number), f"{number}1"
        self.hubs.add_model(HubName.CIVITAI, model, "Fox", type="LORA")
        self.hubs.add_version(HubName.CIVITAI, model, version, **{"words": ("foxy",), **facts})
        content = lora(4_000, seed)
        self.hubs.add_file(HubName.CIVITAI, name, content, model=model, version=version)
        return content

    def identify(self, name):
        return self.verbs.identify(OWNER, f"loras/{name}")

    def card(self, name):
        return self.library.entry(f"loras/{name}").card

    def left(self):
        self.library.rescan()
        return [entry.id for entry in self.identifier.left()]

    def job(self):
        """The job that would be begun now."""
        return Job(
            id="0" * 12,
            kind="identify",
            owner="owner",
            state=JobState.RUNNING,
            request=AskedModels(models=tuple(self.left())).model_dump(),
            created=self.now,
        )

    def run(self):
        return list(self.jobs.run(self.job()))

    def files(self):
        return {path.name: path.read_bytes() for path in self.places.models.rglob("*.*")}

    def asked(self):
        return [each.path for each in self.hubs.seen("civitai") if "by-hash" in each.path]


@pytest.fixture
def desk(places, hubs):
    library, book = Library(places, load_catalogue()), HubBook(places.data / "book.sqlite3")
    with open_hubs(places, hubs.settings) as asked:
        yield Desk(places, hubs, asked, library, book)
    book.close()
    library.close()


@pytest.fixture
def picture(hubs):
    """The address of a picture of CivitAI's."""
    buffer = io.BytesIO()
    Image.new("RGB", (900, 600), "red").save(buffer, "PNG")
    hubs.stored["p.png"] = StoredFile("p.png", buffer.getvalue(), hubs.behaviour("p.png"))
    return f"{hubs.content}/p.png"


def by_hash(content):
    return f"/api/v1/model-versions/by-hash/{sha256(content).upper()}"


def sentences(events):
    return [event.sentence for event in events if isinstance(event, Stage)]


# One model.


def test_a_known_file_is_described_as_a_download_would_describe_it(desk, picture):
    desk.put("mine.safetensors")
    desk.publish("fox.safetensors", 1, images=[{"url": picture, "nsfwLevel": 1}])

    told = desk.identify("mine.safetensors")

    assert (told.known, told.title) == (True, "Fox v1")
    assert told.page == f"{desk.hubs.civitai.origin}/models/1?modelVersionId=11"
    assert told.written == ("mine.civitai.info", "mine.preview.jpg")
    card = desk.card("mine.safetensors")
    assert (card.title, card.description, card.base_model) == ("Fox v1", "A model.", "SDXL 1.0")
    assert card.trigger_words == ("foxy",)
    assert card.source == "https://civitai.com/models/1?modelVersionId=11"
    assert card.preview.endswith("mine.preview.jpg")
    written = json.loads((desk.places.models / "loras" / "mine.civitai.info").read_text())
    assert written["files"][0]["hashes"]["SHA256"] == sha256(lora(4_000, 1)).upper()


def test_the_hash_alone_leaves_the_machine(desk):
    content = desk.put("secret name.safetensors")

    desk.identify("secret name.safetensors")

    [asked] = desk.hubs.requests
    assert asked.path == by_hash(content)
    assert "secret" not in str(asked)


def test_what_a_person_wrote_and_chose_stays_as_it_is(desk, picture):
    desk.put("mine.safetensors")
    desk.publish("fox.safetensors", 1, images=[{"url": picture, "nsfwLevel": 1}])
    folder = desk.places.models / "loras"
    (folder / "mine.png").write_bytes(b"my picture")
    (folder / "mine.civitai.info").write_text('{"trainedWords": ["my word"]}')
    before = desk.files()

    told = desk.identify("mine.safetensors")

    assert (told.known, told.written) == (True, ())
    assert "left as they are" in told.sentence
    assert desk.files() == before
    assert desk.card("mine.safetensors").trigger_words == ("my word",)


def test_an_unknown_file_is_asked_for_again_after_a_month_or_singly(desk):
    desk.put("mine.safetensors")
    desk.library.hashes(desk.places.models / "loras" / "mine.safetensors")
    assert desk.left() == ["loras/mine.safetensors"]

    assert not desk.identify("mine.safetensors").known

    assert [name for name in desk.files() if name.startswith("mine")] == ["mine.safetensors"]
    assert desk.left() == []
    desk.identify("mine.safetensors")
    assert len(desk.asked()) == 2
    desk.now += ASK_AGAIN_SECONDS + 1
    assert desk.left() == ["loras/mine.safetensors"]


def test_guests_folders_and_what_is_not_there_are_refused(desk):
    desk.put("mine.safetensors")
    (desk.places.models / "whole").mkdir()
    (desk.places.models / "whole" / "model_index.json").write_text("{}")
    desk.library.rescan()

    for verb in (lambda: desk.verbs.identify(ANNA, "x"), lambda: desk.verbs.identify_all(ANNA)):
        with pytest.raises(NotAllowedError, match="Only the owner may identify"):
            verb()
    with pytest.raises(NotFoundError):
        desk.verbs.identify(OWNER, "loras/gone.safetensors")
    with pytest.raises(RequestError, match="folder"):
        desk.verbs.identify(OWNER, "whole")
    assert desk.hubs.requests == []


def test_a_hub_that_is_down_is_told_and_nothing_is_remembered(desk):
    content = desk.put("mine.safetensors")
    desk.hubs.behave(by_hash(content), status=503)

    with pytest.raises(HubUnreachableError, match="out of order"):
        desk.identify("mine.safetensors")

    assert desk.left() == ["loras/mine.safetensors"]


# All models.


def test_all_strangers_are_asked_for_one_after_the_other(desk):
    desk.put("a.safetensors", 1)
    desk.put("b.safetensors", 2)
    desk.put("known.safetensors", 3)
    source = {"id": 5, "modelId": 6}
    (desk.places.models / "loras" / "known.civitai.info").write_text(json.dumps(source))
    desk.publish("fox.safetensors", 2)

    events = desk.run()

    assert sentences(events) == ["1 of 2: a", "2 of 2: b"]
    steps = [(each.step, each.steps) for each in events if isinstance(each, Progress)]
    assert steps == [(0, 2), (1, 2)]
    assert events[-1] == Finished(sentence="CivitAI knows 1 of 2 models.")
    assert desk.card("b.safetensors").title == "Fox v1"
    assert desk.card("a.safetensors") is None
    assert desk.left() == []
    assert desk.run() == [
        Finished(sentence="All models are known already, or CivitAI was asked lately.")
    ]


def test_a_hub_that_goes_down_leaves_what_was_found_and_the_rest_for_later(desk):
    for name, seed in (("a", 1), ("b", 2), ("c", 3)):
        desk.put(f"{name}.safetensors", seed)
    desk.publish("fox.safetensors", 1)
    desk.hubs.behave(by_hash(lora(4_000, 2)), status=503)

    with pytest.raises(HubUnreachableError, match=r"1 of 3 were asked for before") as caught:
        desk.run()

    assert "begin again" in caught.value.hint
    assert sum(desk.waited) == pytest.approx(12)
    assert desk.card("a.safetensors").title == "Fox v1"
    assert desk.left() == ["loras/b.safetensors", "loras/c.safetensors"]
    desk.hubs.behave(by_hash(lora(4_000, 2)), status=0)
    assert desk.run()[-1].sentence == "CivitAI knows 0 of 2 models."


def test_a_busy_hub_is_waited_for(desk):
    content = desk.put("mine.safetensors")
    desk.publish("fox.safetensors", 1)
    desk.hubs.behave(by_hash(content), status=429, times=1, retry_after="7")

    events = desk.run()

    assert sum(desk.waited) == pytest.approx(7)
    assert any("Asking again in 7 s" in sentence for sentence in sentences(events))
    assert events[-1].sentence == "CivitAI knows 1 of 1 model."


def test_one_senseless_answer_is_passed_over_and_three_in_a_row_are_not(desk):
    for name, seed in (("a", 1), ("b", 2), ("c", 3), ("d", 4)):
        desk.put(f"{name}.safetensors", seed)
    for seed in (1, 2, 4):
        desk.hubs.behave(by_hash(lora(4_000, seed)), login_page=True)

    assert desk.run()[-1].sentence == "CivitAI knows 0 of 4 models."
    desk.put("e.safetensors", 5)
    desk.hubs.behave(by_hash(lora(4_000, 5)), login_page=True)
    with pytest.raises(HubAnswerError, match="something else than data"):
        desk.run()


def test_after_a_restart_the_job_goes_on_with_the_rest(desk):
    desk.put("a.safetensors", 1)
    desk.put("b.safetensors", 2)
    job = desk.job()
    running = desk.jobs.run(job)
    while next(running, None) != Stage(sentence="2 of 2: b"):
        pass
    running.close()

    events = list(desk.jobs.run(job))

    assert sentences(events) == ["2 of 2: b"]
    assert len(desk.asked()) == 2


def test_a_file_with_a_new_name_is_known_by_its_hash_and_not_asked_for_again(desk):
    desk.put("a.safetensors", 1)
    desk.run()
    folder = desk.places.models / "loras"
    (folder / "a.safetensors").rename(folder / "b.safetensors")

    desk.run()

    assert len(desk.asked()) == 1


def test_what_cannot_be_written_is_told_once_and_asked_for_again(desk, monkeypatch):
    desk.put("a.safetensors", 1)
    desk.put("b.safetensors", 2)
    desk.publish("fox.safetensors", 1)
    desk.publish("owl.safetensors", 2, number=2)

    def refuse(*_):
        raise OutputError("The disk is full.")

    monkeypatch.setattr("backend.downloads.cards.write_atomically", refuse)

    events = desk.run()

    warnings = [event.sentence for event in events if isinstance(event, Warned)]
    assert warnings == ["The disk is full. So it was with 2 of them."]
    assert desk.left() == ["loras/a.safetensors", "loras/b.safetensors"]
    with pytest.raises(OutputError, match="The disk is full"):
        desk.identify("a.safetensors")


def test_it_is_one_job_beside_the_engine(places, hubs, monkeypatch):
    for name, value in hubs.environment.items():
        monkeypatch.setenv(name, value)
    content = lora(4_000, 1)
    (places.models / "loras" / "a.safetensors").write_bytes(content)
    hubs.add_file(HubName.CIVITAI, "fox.safetensors", content)
    hubs.behave(by_hash(content), status=503)
    with open_studio(places, warm=False) as studio:
        first = studio.identifying.identify_all(OWNER)
        second = studio.identifying.identify_all(OWNER)

        assert first.id == second.id
        assert (first.kind, first.title) == ("identify", "Identify models")
        wait_until(
            lambda: "Asking again" in studio.jobs.view(OWNER, first.id).stage,
            lambda: f"{studio.jobs.view(OWNER, first.id)}",
            seconds=15,
        )
    hubs.behave(by_hash(content), status=0)
    with open_studio(places, warm=False) as studio:
        wait_until(
            lambda: studio.jobs.view(OWNER, first.id).state is JobState.FINISHED,
            lambda: f"{studio.jobs.view(OWNER, first.id)}",
            seconds=15,
        )
        assert studio.jobs.view(OWNER, first.id).outcome == "CivitAI knows 1 of 1 model."
        card = studio.models.entry(OWNER, "loras/a.safetensors").card
        assert card
        assert card.title == "Model 1 v1"
