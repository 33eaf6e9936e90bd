"""Captions by a model, from the click to the text file."""

import io

import pytest

from backend.channel.inprocess import ThreadedEngine
from backend.engine.captioning.story import caption
from backend.engine.worker import Worker
from backend.places import Places, default_places
from backend.schema.captioning import CaptionWish
from backend.schema.dataset_views import NewDataset
from backend.schema.errors import ModelMissingError, NotAllowedError, NotFoundError, RequestError
from backend.schema.hubs import HubName
from backend.schema.jobs import OWNER, Actor, JobState, Role
from backend.services.studio import open_studio
from tests.fixtures.photos import photo_bytes
from tests.fixtures.program import wait_until
from tests.fixtures.tiny_captioner import write_captioner

GUEST = Actor(id="anna", role=Role.GUEST)


@pytest.fixture
def places(tmp_path):
    folders = (tmp_path / name for name in ("outputs", "data", "models"))
    return Places(default_places().root, *folders)


@pytest.fixture
def studio(places):
    def launch(on_message, on_exit):
        return ThreadedEngine(
            lambda send: Worker({"caption": caption}, places, send), on_message, on_exit
        )

    with open_studio(places, launch=launch) as studio:
        yield studio


@pytest.fixture
def cats(studio):
    made = studio.datasets.create(OWNER, NewDataset(name="Cats"))
    for number in range(2):
        studio.datasets.add(OWNER, made.id, io.BytesIO(photo_bytes(number)), f"{number}.png")
    studio.datasets.write(OWNER, made.id, {"1.png": "mine"})
    return made.id


@pytest.fixture
def published(hubs, monkeypatch, tmp_path):
    """A captioning model on the hub, under the name of one that is offered."""
    for name, value in hubs.environment.items():
        monkeypatch.setenv(name, value)
    repository = "Salesforce/blip-image-captioning-base"
    for file in sorted(write_captioner(tmp_path / "published").iterdir()):
        hubs.add_file(HubName.HUGGING_FACE, file.name, file.read_bytes(), model=repository)
    return repository


def test_a_model_is_downloaded_when_it_is_asked_for_and_describes(published, studio, cats):
    offers = studio.captioning.offers(OWNER)
    assert offers.captioners == ()
    assert published in [each.repository for each in offers.more]
    assert "needed" in offers.advice

    jobs = studio.captioning.fetch(OWNER, "blip-base")

    assert len(jobs) > 3

    def now():
        return [studio.jobs.view(OWNER, each.id) for each in jobs]

    wait_until(lambda: all(each.state.ended for each in now()), lambda: str(now()))
    assert [each.failure for each in now()] == [None] * len(jobs)
    [there] = studio.captioning.offers(OWNER).captioners
    assert there.id == "blip-base"
    job = studio.captioning.submit(OWNER, cats, CaptionWish())
    wait_until(lambda: studio.jobs.view(OWNER, job.id).state is JobState.FINISHED, lambda: str(job))
    assert captions(studio, cats)["0.png"]


def test_only_the_owner_downloads_and_only_what_is_offered(studio):
    with pytest.raises(NotAllowedError, match="Only the owner"):
        studio.captioning.fetch(GUEST, "blip-base")
    with pytest.raises(NotFoundError, match="No captioning model “nobody” is offered"):
        studio.captioning.fetch(OWNER, "nobody")


def captions(studio, cats):
    return {each.path: each.caption for each in studio.datasets.view(OWNER, cats).pictures}


def test_pictures_without_a_caption_get_one(studio, cats, places):
    write_captioner(places.models / "captioners" / "tiny")
    [offered] = studio.captioning.offers(OWNER).captioners

    job = studio.captioning.submit(OWNER, cats, CaptionWish())
    wait_until(
        lambda: studio.jobs.view(OWNER, job.id).state.ended,
        lambda: f"never ended: {studio.jobs.view(OWNER, job.id)}",
        seconds=60,
    )

    view = studio.jobs.view(OWNER, job.id)
    assert (offered.id, job.title) == ("tiny", "Captions of Cats")
    assert (view.state, view.outcome) == (JobState.FINISHED, "1 caption written.")
    said = captions(studio, cats)
    assert said["0.png"]
    assert said["1.png"] == "mine"
    with pytest.raises(RequestError, match="Every picture has a caption"):
        studio.captioning.submit(OWNER, cats, CaptionWish())


def test_without_a_model_it_is_told_where_to_put_which(studio, cats, places):
    pickled = places.models / "captioners" / "pickled"
    pickled.mkdir(parents=True)
    (pickled / "config.json").write_text('{"model_type": "blip"}')
    (pickled / "pytorch_model.bin").write_bytes(b"pickle")

    offers = studio.captioning.offers(OWNER)

    assert offers.captioners == ()
    assert str(places.models / "captioners") in offers.advice
    assert str(places.models / "captioners") in offers.advice
    with pytest.raises(ModelMissingError):
        studio.captioning.submit(OWNER, cats, CaptionWish(captioner="../tiny"))
    with pytest.raises(NotAllowedError):
        studio.captioning.submit(GUEST, cats, CaptionWish())
