"""Maps, from the wish to the picture that steers."""

import io

import numpy as np
import pytest
from PIL import Image

from backend.channel.inprocess import ThreadedEngine
from backend.engine.control.story import make
from backend.engine.worker import Worker
from backend.places import Places, default_places
from backend.schema.errors import NotAllowedError, NotFoundError
from backend.schema.jobs import OWNER, Actor, JobState, Role
from backend.schema.maps import MapWish, NewSavedMap
from backend.services.studio import open_studio
from tests.fixtures.photos import photo, photo_bytes
from tests.fixtures.program import wait_until

GUEST = Actor(id="anna", role=Role.GUEST)
OTHER = Actor(id="bert", role=Role.GUEST)


@pytest.fixture
def places(tmp_path):
    folders = (tmp_path / name for name in ("outputs", "data", "models"))
    return Places(default_places().root, *folders)


@pytest.fixture
def studio(places):
    def launch(on_message, on_exit):
        return ThreadedEngine(lambda send: Worker({"map": make}, places, send), on_message, on_exit)

    with open_studio(places, launch=launch) as studio:
        yield studio


def ended(studio, actor, wish):
    job = studio.maps.submit(actor, wish)
    wait_until(
        lambda: studio.jobs.view(actor, job.id).state.ended,
        lambda: f"never ended: {studio.jobs.view(actor, job.id)}",
        seconds=60,
    )
    return studio.jobs.view(actor, job.id)


def test_a_wish_becomes_a_picture_that_can_steer(studio):
    picture = studio.inputs.keep(GUEST, io.BytesIO(photo_bytes(1, 192, 96)))

    view = ended(studio, GUEST, MapWish(picture=picture.id, threshold_a=1, threshold_b=2))

    assert (view.state, view.title) == (JobState.FINISHED, "Map by canny")
    assert (view.map.width, view.map.height) == (192, 96)
    with Image.open(studio.inputs.file(GUEST, view.map.id)) as made:
        assert set(np.unique(np.asarray(made))) == {0, 255}
    again = ended(studio, GUEST, MapWish(picture=view.map.id, preprocessor="none"))
    assert again.map.id == view.map.id


def test_a_file_is_the_owners_alone(studio, tmp_path):
    path = tmp_path / "photo.png"
    photo(1).save(path)
    assert ended(studio, OWNER, MapWish(picture=str(path))).state is JobState.FINISHED
    with pytest.raises(NotAllowedError):
        studio.maps.submit(GUEST, MapWish(picture=str(path)))


def test_a_picture_that_is_gone_is_told(studio):
    picture = studio.inputs.keep(OWNER, io.BytesIO(photo_bytes(1)))
    studio.inputs.file(OWNER, picture.id).unlink()
    with pytest.raises(NotFoundError, match="not here any more"):
        studio.maps.submit(OWNER, MapWish(picture=picture.id))


def test_kept_maps_are_those_of_who_kept_them(studio, places):
    picture = studio.inputs.keep(GUEST, io.BytesIO(photo_bytes(1)))
    kept = studio.map_shelf.keep(GUEST, NewSavedMap(picture=picture.id, name="edges"))
    (places.data / "maps" / "stranger.png").write_bytes(photo_bytes(2))
    (places.data / "maps" / "broken.png").write_bytes(b"no picture")

    assert studio.map_shelf.all(OTHER) == ()
    assert studio.map_shelf.all(GUEST) == studio.map_shelf.all(OWNER) == (kept,)
    with pytest.raises(NotFoundError):
        studio.map_shelf.remove(OTHER, kept.id)
    with pytest.raises(NotFoundError):
        studio.map_shelf.file(OWNER, "../journal")
