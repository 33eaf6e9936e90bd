"""Previews of models: drawn with one click over restarts, or chosen from the gallery."""

import pytest
from PIL import Image

from backend.library.index import HashRow, Index
from backend.places import Places, default_places
from backend.schema.errors import ModelError, NotAllowedError, NotFoundError, RequestError
from backend.schema.events import Failed, Finished
from backend.schema.generation import GenerationRequest
from backend.schema.jobs import OWNER, Actor, JobState, Role
from backend.schema.resolved import ResolvedRequest
from backend.services.previews import EXAMPLE, SEED
from backend.services.studio import open_studio
from tests.fixtures import model_files as made
from tests.fixtures.program import wait_until
from tests.fixtures.script import Script

ANNA = Actor(id="anna", role=Role.GUEST)
DREAM = "checkpoints/dream.safetensors"
FLUX_LAYER = "transformer.single_transformer_blocks.0.attn.to_q"
KINDS = {
    "loras/fox.safetensors": made.kohya_lora(),
    "loras/flux.safetensors": made.peft_lora(FLUX_LAYER, 3072),
    "vae/v.safetensors": made.VAE,
}


@pytest.fixture
def places(tmp_path):
    folders = (tmp_path / name for name in ("outputs", "data", "models"))
    places = Places(default_places().root, *folders)
    for folder in ("checkpoints", "loras", "vae"):
        (places.models / folder).mkdir(parents=True)
    path = made.write_safetensors(places.models / DREAM, made.sd15_checkpoint())
    for name, tensors in KINDS.items():
        made.write_safetensors(places.models / name, tensors)
    index = Index(places.data / "library.sqlite3")  # two gigabytes of nothing need no hashing
    state = path.stat()
    index.keep_hash(HashRow(str(path), state.st_size, state.st_mtime_ns, "ab" * 32, "ab" * 6))
    index.close()
    return places


@pytest.fixture
def engine(places):
    return Script(places)


@pytest.fixture
def opened(places, engine):
    return lambda: open_studio(places, launch=engine)


@pytest.fixture
def preview(places):
    """Where the preview of the checkpoint appears."""
    return places.models / "checkpoints" / "dream.preview.png"


def started(engine, job, times=1):
    wait_until(
        lambda: len([start for start in engine.starts if start.job == job.id]) >= times,
        lambda: f"never started: {engine.starts}",
        seconds=10,
    )


def shown(studio, preview):
    """The preview that the library knows."""
    wait_until(
        lambda: (card := studio.models.entry(OWNER, DREAM).card) and card.preview == str(preview),
        lambda: "no preview",
        seconds=10,
    )
    with Image.open(preview) as picture:
        return picture.format, picture.size


def test_a_click_draws_with_the_models_own_settings_and_the_picture_is_its_preview(
    opened, engine, preview
):
    with opened() as studio:
        job = studio.previews.make(OWNER, DREAM)
        assert studio.previews.make(OWNER, DREAM).id == job.id
        started(engine, job)
        engine.draw(job.id)
        engine.tell(job.id, Finished())

        assert shown(studio, preview) == ("PNG", (640, 64))
        small = studio.covers.of(OWNER, DREAM)
        assert small.is_file()
        assert [each.job for each in studio.gallery.newest(OWNER)] == [job.id]
    request = ResolvedRequest.model_validate(engine.starts[0].request)
    assert (request.model.checkpoint, request.prompt.positive) == (DREAM, EXAMPLE)
    assert (request.seed, request.batch.pictures) == (SEED, 1)
    assert request.size.width == 512


def test_a_lora_is_drawn_with_a_checkpoint_that_it_fits_and_its_words(opened, engine, places):
    (places.models / "loras" / "fox.civitai.info").write_text('{"trainedWords": ["foxy", "sly"]}')
    with opened() as studio:
        job = studio.previews.make(OWNER, "loras/fox.safetensors")
        started(engine, job)

    request = ResolvedRequest.model_validate(engine.starts[0].request)
    assert request.prompt.positive == f"{EXAMPLE}, foxy, <lora:fox:1>"
    assert request.model.checkpoint == DREAM
    assert [each.id for each in request.loras] == ["loras/fox.safetensors"]


def test_a_preview_that_was_asked_for_before_a_restart_appears_after_it(opened, engine, preview):
    with opened() as studio:
        job = studio.previews.make(OWNER, DREAM)
        started(engine, job)
    assert not preview.exists()

    with opened() as studio:
        started(engine, job, times=2)
        engine.draw(job.id)

        assert shown(studio, preview) == ("PNG", (640, 64))


def test_a_picture_that_nobody_heard_of_when_the_program_ended_becomes_the_preview(
    opened, engine, preview
):
    with opened() as studio:
        job = studio.previews.make(OWNER, DREAM)
        started(engine, job)
        engine.save(job.id)

    with opened() as studio:
        assert shown(studio, preview) == ("PNG", (640, 64))
        assert studio.jobs.view(OWNER, job.id).state is JobState.FINISHED


def test_a_job_that_fails_or_is_cancelled_leaves_the_earlier_preview_and_is_forgotten(
    opened, engine, places, preview
):
    preview.write_bytes(b"the earlier one")
    with opened() as studio:
        failed = studio.previews.make(OWNER, DREAM)
        started(engine, failed)
        engine.tell(failed.id, Failed(code="x", sentence="It did not work."))
        wait_until(
            lambda: studio.jobs.view(OWNER, failed.id).state.ended, lambda: "no end", seconds=10
        )
        studio.jobs.pause_queue(OWNER)
        cancelled = studio.previews.make(OWNER, DREAM)
        assert cancelled.id != failed.id
        studio.jobs.cancel(OWNER, cancelled.id)
        other = studio.generation.submit(OWNER, GenerationRequest())
        studio.jobs.resume_queue(OWNER)
        started(engine, other)
        engine.draw(other.id)
        engine.tell(other.id, Finished())
        book = places.data / "preview-jobs.json"
        wait_until(lambda: failed.id not in book.read_text(), book.read_text, seconds=10)
        wait_until(lambda: cancelled.id not in book.read_text(), book.read_text, seconds=10)
    assert preview.read_bytes() == b"the earlier one"


def drawn(studio, engine):
    """A picture in the gallery."""
    job = studio.generation.submit(OWNER, GenerationRequest())
    started(engine, job)
    engine.draw(job.id)
    engine.tell(job.id, Finished())
    wait_until(lambda: studio.gallery.newest(OWNER), lambda: "no picture", seconds=10)
    return studio.gallery.newest(OWNER)[0]


@pytest.mark.parametrize("model", [DREAM, *KINDS])
def test_a_picture_of_mine_becomes_the_preview_of_any_model(opened, engine, places, model):
    path = (places.models / model).with_suffix(".preview.png")
    Image.new("RGB", (8, 8), "blue").save(path)
    with opened() as studio:
        before = studio.covers.of(OWNER, model)
        picture = drawn(studio, engine)

        entry = studio.previews.use(OWNER, model, picture.id)

        assert entry.card
        assert entry.card.preview == str(path)
        assert studio.covers.of(OWNER, model) != before
    with Image.open(path) as small:
        assert small.size == (640, 64)
        assert small.getpixel((1, 1)) == (0, 0, 0)


@pytest.mark.parametrize(
    ("model", "words"),
    [
        ("loras/flux.safetensors", "No checkpoint here fits “flux”, a LoRA for FLUX.1"),
        ("vae/v.safetensors", "draws no pictures: it is a VAE"),
    ],
)
def test_what_does_not_draw_is_refused_with_what_to_do(opened, engine, model, words):
    with opened() as studio:
        with pytest.raises(RequestError, match=words) as caught:
            studio.previews.make(OWNER, model)
        assert "Choose one of your pictures" in caught.value.hint
        assert studio.jobs.snapshot(OWNER).jobs == ()


def test_a_checkpoint_that_cannot_draw_now_says_why(opened, places):
    name = "checkpoints/flux.safetensors"
    made.write_safetensors(places.models / name, made.flux())
    with opened() as studio, pytest.raises(ModelError, match="lacks parts"):
        studio.previews.make(OWNER, name)


def test_guests_and_the_starter_are_refused_and_what_is_not_there(opened, preview):
    with opened() as studio:
        for act in (
            lambda: studio.previews.make(ANNA, DREAM),
            lambda: studio.previews.use(ANNA, DREAM, "x"),
            lambda: studio.previews.make(OWNER, "starter"),
            lambda: studio.previews.use(OWNER, "starter", "x"),
        ):
            with pytest.raises(NotAllowedError):
                act()
        for act in (
            lambda: studio.previews.make(OWNER, "gone"),
            lambda: studio.previews.use(OWNER, DREAM, "gone"),
        ):
            with pytest.raises(NotFoundError):
                act()
        assert studio.jobs.snapshot(OWNER).jobs == ()
    assert not preview.exists()
