"""The verbs: what the owner and a guest may do, see and are told."""

import base64

import pytest
from PIL import Image

from backend.api.verbs import Verbs
from backend.metadata.encoding import encode
from backend.metadata.sidecar import sidecar_of
from backend.places import Places, default_places
from backend.schema.errors import (
    AlreadyRunningError,
    ModelMissingError,
    NotAllowedError,
    NotFoundError,
    OutOfRangeError,
    OutputError,
)
from backend.schema.events import Finished, Preview
from backend.schema.generation import GenerationRequest
from backend.schema.jobs import OWNER, Actor, JobState, PictureRemoved, PreviewChanged, Role
from backend.schema.resolved import ResolvedRequest
from backend.services.studio import open_studio
from tests.fixtures.desk import unsaved
from tests.fixtures.program import wait_until
from tests.fixtures.script import Script

ANNA = Actor(id="anna", role=Role.GUEST)
BEN = Actor(id="ben", role=Role.GUEST)


@pytest.fixture
def places(tmp_path):
    return Places(
        default_places().root, tmp_path / "outputs", tmp_path / "data", tmp_path / "models"
    )


@pytest.fixture
def engine(places):
    return Script(places)


@pytest.fixture
def studio(places, engine):
    with open_studio(places, launch=engine) as opened:
        yield opened


def asked(**values):
    return GenerationRequest.from_short_names({"prompt": "a cat", **values})


def submitted(studio, engine, actor=OWNER, **values):
    """A job that the engine was told to do."""
    job = studio.generation.submit(actor, asked(**values))
    wait_until(
        lambda: [start for start in engine.starts if start.job == job.id],
        lambda: f"never started: {studio.jobs.snapshot(OWNER)}",
        seconds=10,
    )
    return job


def drawn(studio, engine, actor=OWNER, **values):
    """A finished job with one picture."""
    job = submitted(studio, engine, actor, **values)
    engine.draw(job.id)
    engine.tell(job.id, Finished())
    return ended(studio, job)


def ended(studio, job):
    wait_until(
        lambda: studio.jobs.view(OWNER, job.id).state.ended,
        lambda: f"never ended: {studio.jobs.view(OWNER, job.id)}",
        seconds=10,
    )
    return studio.jobs.view(OWNER, job.id)


def test_studio_is_what_the_doors_need(studio):
    verbs: Verbs = studio

    assert verbs.models.catalogue().samplers
    assert [info.id for info in verbs.models.checkpoints(ANNA)] == ["starter"]


def test_a_job_is_told_with_everything_decided(studio, engine):
    job = submitted(studio, engine, seed=-1)

    request = ResolvedRequest.model_validate(engine.starts[0].request)
    assert len(request.model.sha256) == 64
    assert request.model.path.endswith("starter")
    assert 0 <= request.seed < 2**32
    assert request.size.width == studio.models.checkpoints(OWNER)[0].defaults.width
    assert (job.title, job.owner, job.pictures_wanted) == ("a cat", "owner", 1)


def test_two_jobs_with_a_random_seed_differ(studio, engine):
    for _ in range(2):
        drawn(studio, engine)

    first, second = studio.gallery.newest(OWNER)
    assert first.seed != second.seed


@pytest.mark.parametrize(
    ("values", "error", "words"),
    [
        ({"checkpoint": "unknown"}, ModelMissingError, "“unknown” is not installed"),
        ({"sampler": "magic"}, OutOfRangeError, "Sampler cannot be “magic”"),
    ],
)
def test_what_cannot_be_made_is_told_at_once(studio, values, error, words):
    with pytest.raises(error, match=words):
        studio.generation.submit(OWNER, asked(**values))

    assert studio.jobs.snapshot(OWNER).jobs == ()


def test_guests_see_only_their_own(studio, engine):
    hers = drawn(studio, engine, ANNA)
    picture = hers.pictures[0].id

    assert studio.jobs.view(ANNA, hers.id) == studio.jobs.view(OWNER, hers.id)
    assert [job.id for job in studio.jobs.snapshot(ANNA).jobs] == [hers.id]
    assert [one.id for one in studio.jobs.snapshot(ANNA).pictures] == [picture]
    assert [one.id for one in studio.gallery.newest(ANNA)] == [picture]
    assert studio.gallery.file(ANNA, picture).is_file()
    theirs = studio.jobs.snapshot(BEN)
    assert (theirs.jobs, theirs.pictures) == ((), ())
    assert studio.gallery.newest(BEN) == ()
    for verb in ("view", "cancel"):
        with pytest.raises(NotFoundError, match="no such job"):
            getattr(studio.jobs, verb)(BEN, hers.id)
    for verb in ("picture", "file", "thumbnail", "unsaved_bytes", "request_of", "delete"):
        with pytest.raises(NotFoundError, match="no such picture"):
            getattr(studio.gallery, verb)(BEN, picture)
    assert studio.gallery.file(OWNER, picture).is_file()


def test_a_job_tells_how_to_do_all_of_it_again(studio, engine):
    first = submitted(studio, engine, batch_count=3, batch_size=2)
    engine.tell(first.id, Finished())
    ended(studio, first)

    second = studio.generation.submit(OWNER, studio.jobs.request_of(OWNER, first.id))

    wait_until(lambda: len(engine.starts) == 2, lambda: "never started", seconds=10)
    assert second.id != first.id
    assert engine.starts[1].request == engine.starts[0].request
    with pytest.raises(NotFoundError):
        studio.jobs.request_of(BEN, first.id)


def test_a_foreign_job_is_as_absent_as_none(studio, engine):
    hers = drawn(studio, engine, ANNA)
    told = []
    for job in (hers.id, "ffffffffffff"):
        with pytest.raises(NotFoundError) as caught:
            studio.jobs.view(BEN, job)
        told.append(str(caught.value))

    assert told[0] == told[1]


def test_only_the_owner_steers_the_queue(studio):
    for verb in (studio.jobs.pause_queue, studio.jobs.resume_queue):
        with pytest.raises(NotAllowedError, match="Only the owner"):
            verb(ANNA)

    studio.jobs.pause_queue(OWNER)
    assert studio.jobs.snapshot(ANNA).system.queue_paused
    studio.jobs.resume_queue(OWNER)
    assert not studio.jobs.snapshot(ANNA).system.queue_paused


def test_only_the_owner_frees_the_memory(studio, engine):
    with pytest.raises(NotAllowedError, match="Only the owner"):
        studio.jobs.free_memory(ANNA)
    assert engine.freed == 0
    drawn(studio, engine)

    studio.jobs.free_memory(OWNER)

    assert engine.freed == 1


def test_a_guest_may_cancel_their_own_job(studio):
    studio.jobs.pause_queue(OWNER)
    job = studio.generation.submit(ANNA, asked())

    studio.jobs.cancel(ANNA, job.id)
    studio.jobs.cancel(ANNA, job.id)

    assert studio.jobs.view(ANNA, job.id).state is JobState.CANCELLED


def test_the_feed_tells_a_guest_nothing_of_others(studio, engine):
    with studio.jobs.follow(BEN) as ben, studio.jobs.follow(OWNER) as owner:
        assert ben.next(1).jobs == owner.next(1).jobs == ()
        drawn(studio, engine, ANNA)
        told = {item.type for item in iter(lambda: owner.next(0.2), None)}
        assert told >= {"job", "picture"}
        assert {item.type for item in iter(lambda: ben.next(0.2), None)} <= {"system"}


def test_who_comes_in_the_middle_sees_the_preview(studio, engine):
    job = submitted(studio, engine)
    engine.tell(job.id, Preview(index=0, jpeg="AAAA"))
    wait_until(lambda: studio.jobs._board.previews(OWNER), lambda: "no preview", seconds=10)

    with studio.jobs.follow(OWNER) as reader:
        snapshot = reader.next(1)
        assert [view.id for view in snapshot.jobs] == [job.id]
        assert reader.next(1) == PreviewChanged(job=job.id, index=0, jpeg="AAAA")
    with studio.jobs.follow(ANNA) as reader:
        reader.next(1)
        assert reader.next(0) is None


def test_a_thumbnail_is_small_and_made_once(studio, engine):
    picture = drawn(studio, engine).pictures[0]

    small = studio.gallery.thumbnail(OWNER, picture.id)
    with Image.open(small) as opened:
        assert opened.size == (320, 32)
    made = small.stat().st_mtime_ns
    assert studio.gallery.thumbnail(OWNER, picture.id) == small
    assert small.stat().st_mtime_ns == made


def test_a_picture_without_room_for_a_thumbnail_is_shown_whole(studio, engine, places):
    picture = drawn(studio, engine).pictures[0]
    (places.data / "thumbnails").write_text("in the way")

    assert studio.gallery.thumbnail(OWNER, picture.id) == studio.gallery.file(OWNER, picture.id)


def test_a_picture_tells_how_to_make_it_again(studio, engine):
    picture = drawn(studio, engine, seed=41, steps=3).pictures[0]

    request = studio.gallery.request_of(OWNER, picture.id)
    assert (request.seed.value, request.sampling.steps) == (41, 3)
    studio.gallery.file(OWNER, picture.id).write_bytes(b"edited elsewhere")
    assert studio.gallery.request_of(OWNER, picture.id) == request


def test_a_deleted_picture_is_gone_and_everybody_hears_of_it(studio, engine):
    job = drawn(studio, engine)
    picture = job.pictures[0].id
    whole, small = studio.gallery.file(OWNER, picture), studio.gallery.thumbnail(OWNER, picture)
    sidecar_of(whole).write_text("{}")
    with studio.jobs.follow(OWNER) as reader:
        reader.next(1)

        studio.gallery.delete(OWNER, picture)

        assert reader.next(1) == PictureRemoved(picture=picture)
        assert reader.next(1).job.pictures == ()
    assert not whole.exists()
    assert not sidecar_of(whole).exists()
    assert not small.exists()
    assert studio.gallery.newest(OWNER) == ()
    with pytest.raises(NotFoundError):
        studio.gallery.picture(OWNER, picture)


def test_a_picture_whose_file_was_taken_away_can_still_be_deleted(studio, engine):
    picture = drawn(studio, engine).pictures[0].id
    studio.gallery.file(OWNER, picture).unlink()
    with pytest.raises(NotFoundError, match="not in the outputs folder any more"):
        studio.gallery.file(OWNER, picture)

    studio.gallery.delete(OWNER, picture)

    assert studio.gallery.newest(OWNER) == ()


def test_a_file_that_cannot_be_removed_stays_in_the_gallery(studio, engine):
    picture = drawn(studio, engine).pictures[0].id
    path = studio.gallery.file(OWNER, picture)
    path.unlink()
    path.mkdir()

    with pytest.raises(OutputError, match="cannot be deleted"):
        studio.gallery.delete(OWNER, picture)

    assert [one.id for one in studio.gallery.newest(OWNER)] == [picture]


def refused(studio, engine, job):
    """The one picture of a job that the disk refuses, from an engine."""
    request = ResolvedRequest.model_validate(engine.starts[-1].request)
    png = encode(Image.new("RGB", (640, 64)), request, 0, 1.0)
    event = unsaved(int(job.id, 16), 0)
    engine.tell(job.id, event.model_copy(update={"png": base64.b64encode(png).decode()}))
    engine.tell(job.id, Finished())
    return ended(studio, job).pictures[0], png


def test_a_picture_that_the_disk_refused_is_shown_and_saved_on_resume(studio, engine, places):
    job = submitted(studio, engine, seed=41)
    picture, png = refused(studio, engine, job)
    assert not picture.saved
    assert studio.jobs.snapshot(OWNER).system.queue_reason == "The disk is full."
    assert studio.gallery.unsaved_bytes(OWNER, picture.id) == png
    assert studio.gallery.request_of(OWNER, picture.id).seed.value == 41
    with pytest.raises(NotFoundError, match="not on disk yet"):
        studio.gallery.file(OWNER, picture.id)
    with Image.open(studio.gallery.thumbnail(OWNER, picture.id)) as small:
        assert small.size == (320, 32)

    places.outputs.write_text("in the way")
    with pytest.raises(OutputError):
        studio.jobs.resume_queue(OWNER)
    system = studio.jobs.snapshot(OWNER).system
    assert system.queue_paused
    assert "cannot be saved" in system.queue_reason
    places.outputs.unlink()
    studio.jobs.resume_queue(OWNER)

    assert studio.gallery.file(OWNER, picture.id).read_bytes() == png
    assert studio.gallery.unsaved_bytes(OWNER, picture.id) == png
    assert studio.gallery.picture(OWNER, picture.id).saved
    assert studio.jobs.view(OWNER, job.id).pictures[0].saved
    assert not studio.jobs.snapshot(OWNER).system.queue_paused


def test_a_held_picture_can_be_deleted(studio, engine, places):
    picture, _ = refused(studio, engine, submitted(studio, engine))
    places.outputs.write_text("in the way")

    studio.gallery.delete(OWNER, picture.id)
    studio.jobs.resume_queue(OWNER)

    assert studio.gallery.newest(OWNER) == ()


def test_a_held_picture_is_saved_at_the_end(places, engine):
    with open_studio(places, launch=engine) as studio:
        picture, png = refused(studio, engine, submitted(studio, engine))
    assert (places.outputs / picture.path).read_bytes() == png

    with open_studio(places, launch=engine) as again:
        assert again.jobs.view(OWNER, picture.job).state is JobState.FINISHED
        assert again.gallery.picture(OWNER, picture.id).saved


def test_a_held_picture_that_was_lost_is_made_again(places, engine):
    with open_studio(places, launch=engine) as studio:
        picture, _ = refused(studio, engine, submitted(studio, engine))
        places.outputs.write_text("in the way")
    places.outputs.unlink()

    with open_studio(places, launch=engine) as again:
        wait_until(lambda: len(engine.starts) == 2, lambda: "never started", seconds=10)
        assert engine.starts[1].finished_indices == ()
        engine.draw(picture.job)
        engine.tell(picture.job, Finished())
        assert len(ended(again, again.jobs.view(OWNER, picture.job)).pictures) == 1


def test_one_program_uses_a_data_folder(places, studio, engine):
    with pytest.raises(AlreadyRunningError, match=r"already runs .* \(process \d+\)"):
        open_studio(places, launch=engine).__enter__()


def test_a_closed_studio_gives_the_folder_back(places, engine):
    for _ in range(2):
        with open_studio(places, launch=engine, warm=False) as studio:
            assert studio.jobs.snapshot(OWNER).system.engine == "stopped"

    assert engine.launched == 0


def test_a_data_folder_that_cannot_be_made_is_told_in_words(places, engine):
    places.data.write_text("in the way")

    with pytest.raises(OutputError, match="data folder") as caught:
        open_studio(places, launch=engine).__enter__()

    assert "EASEL_DATA" in caught.value.hint


def test_a_visitor_leaves_the_queue_alone(places, engine):
    with open_studio(places, launch=engine) as studio:
        studio.jobs.pause_queue(OWNER)
        waiting = studio.generation.submit(OWNER, asked())
    with open_studio(places, launch=engine, resume=False) as visitor:
        drawn(visitor, engine)
        assert [start.job for start in engine.starts] != [waiting.id]
    with open_studio(places, launch=engine):
        wait_until(lambda: engine.starts[-1].job == waiting.id, lambda: "forgotten", seconds=10)


def test_a_lost_gallery_index_is_made_again(places, engine):
    with open_studio(places, launch=engine) as studio:
        picture = drawn(studio, engine).pictures[0]
    for file in places.data.glob("gallery.sqlite3*"):
        file.unlink()

    with open_studio(places, launch=engine) as again:
        assert again.gallery.newest(OWNER) == (picture,)
