"""Asking for larger pictures: which picture, which upscaler, and what is refused at once."""

import shutil

import numpy as np
import pytest
from PIL import Image
from safetensors.numpy import save_file

from backend.jobs.recovery import pictures_on_disk
from backend.library.library import Library
from backend.metadata.catalogue import load_catalogue
from backend.metadata.encoding import encode
from backend.metadata.encoding_upscaled import encode_upscaled
from backend.outputs.naming import upscaled_path
from backend.places import Places, default_places
from backend.schema.errors import (
    ModelError,
    ModelMissingError,
    NotAllowedError,
    NotFoundError,
    RequestError,
)
from backend.schema.events import Finished, ImageReady
from backend.schema.jobs import OWNER, Actor, JobState, PictureView, Role
from backend.schema.upscaling import UpscaleRequest
from backend.services.gallery import Gallery
from backend.services.inputs import Inputs
from backend.services.shelf import Shelf
from backend.services.upscaling import Upscaling
from tests.fixtures.desk import Desk
from tests.fixtures.requests import resolved

GUEST = Actor(id="anna", role=Role.GUEST)
COMPACT = {f"body.{number}.weight": np.zeros((4, 3, 3, 3), np.float32) for number in range(3)}
STARTER = default_places().models / "starter" / "upscaler.safetensors"


class Bench:
    """The verb over one folder, with a picture of the starter and a photograph."""

    def __init__(self, folder):
        self.places = Places(folder, folder / "outputs", folder / "data", folder / "models")
        (folder / "models" / "starter").mkdir(parents=True)
        self.places.outputs.mkdir()
        shutil.copy(STARTER, folder / "models" / "starter")
        self.desk = Desk(folder / "journal.sqlite3")
        self.library = Library(self.places, load_catalogue())
        self.shelf = Shelf(folder / "data" / "gallery.sqlite3", self.places.outputs)
        self.gallery = Gallery(self.desk.board, self.shelf, self.places)
        self.inputs = Inputs(folder / "data" / "inputs", self.gallery)
        self.verb = Upscaling(self.desk.queue, self.desk.board, self.library, self.inputs)
        self.photo = folder / "photo.jpg"
        Image.new("RGB", (60, 40), "teal").save(self.photo)
        self.drawn = self.add("starter")

    def add(self, checkpoint, owner="owner"):
        request = resolved("a red apple")
        model = request.model.model_copy(update={"checkpoint": checkpoint})
        request = request.model_copy(update={"model": model})
        picture = PictureView(
            id=f"{checkpoint}-0",
            job=checkpoint,
            index=0,
            owner=owner,
            path=f"{checkpoint}.png",
            width=128,
            height=64,
            seed=5,
            prompt="a red apple",
            created=1.0,
        )
        content = encode(Image.new("RGB", (128, 64)), request, 0, 1.0)
        (self.places.outputs / picture.path).write_bytes(content)
        self.shelf.add(picture)
        return picture.id

    def install(self, name="Sharp", tensors=COMPACT):
        folder = self.places.models / "upscale_models"
        folder.mkdir(exist_ok=True)
        save_file(tensors, folder / f"{name}.safetensors")
        self.library.rescan()

    def asked(self, actor=OWNER, **values):
        """What the job that comes of a request holds."""
        view = self.verb.submit(actor, UpscaleRequest(**values))
        return self.desk.board.get(view.id).job


@pytest.fixture
def bench(tmp_path):
    bench = Bench(tmp_path)
    yield bench
    bench.library.close()
    bench.shelf.close()


def test_a_picture_of_the_gallery_becomes_a_job_that_knows_what_it_shows(bench):
    job = bench.asked(picture=bench.drawn, factor=4)

    wanted = job.upscaling
    assert (wanted.prompt.positive, wanted.seed, wanted.factor) == ("a red apple", 5, 4)
    assert wanted.path == str(bench.places.outputs / "starter.png")
    view = bench.desk.board.get(job.id).view()
    assert (view.kind, view.title, view.pictures_wanted) == (
        "upscale",
        "Upscale 4×: a red apple",
        1,
    )


def test_the_starter_enlarges_its_own_pictures_and_lanczos_the_rest(bench):
    other = bench.add("dream")

    assert bench.asked(picture=bench.drawn).upscaling.upscaler_name == "Starter upscaler"
    assert bench.asked(picture=other).upscaling.upscaler is None
    assert bench.asked(picture=str(bench.photo)).upscaling.upscaler is None
    assert bench.verb.offers(OWNER, bench.drawn).usual == "starter"
    assert bench.verb.offers(OWNER, other).usual == "lanczos"


def test_an_upscaler_that_is_installed_enlarges_what_others_drew(bench):
    bench.install()

    assert bench.asked(picture=str(bench.photo)).upscaling.upscaler_name == "Sharp"
    assert bench.asked(picture=bench.drawn).upscaling.upscaler_name == "Starter upscaler"
    offers = bench.verb.offers(OWNER, bench.drawn)
    assert [each.label for each in offers.upscalers] == ["Sharp", "Starter upscaler", "Lanczos"]
    assert offers.upscalers[0].about == "Real-ESRGAN compact"


@pytest.mark.parametrize("name", ["Sharp", "sharp.safetensors", "upscale_models/Sharp.safetensors"])
def test_an_upscaler_is_found_by_its_names(bench, name):
    bench.install()

    assert bench.asked(picture=bench.drawn, upscaler=name).upscaling.upscaler_name == "Sharp"


def test_lanczos_can_be_asked_for(bench):
    assert bench.asked(picture=bench.drawn, upscaler="Lanczos").upscaling.upscaler is None


def test_what_cannot_enlarge_is_refused_with_what_can(bench):
    bench.install()
    lora = {"lora_unet_mid_block_attentions_0_proj_in.lora_down.weight": np.zeros((4, 8), "f4")}
    bench.install("Ink", lora)

    for name, kind, words in (
        ("sharpp", ModelMissingError, "Did you mean “sharp"),
        ("zzz", ModelMissingError, "models/upscale_models"),
        ("Ink", ModelError, "not an upscaler"),
    ):
        with pytest.raises(kind) as caught:
            bench.asked(picture=bench.drawn, upscaler=name)
        assert words in str(caught.value)


def test_files_are_the_owners_alone_and_so_are_others_pictures(bench):
    with pytest.raises(NotAllowedError, match="Only the owner"):
        bench.asked(GUEST, picture=str(bench.photo))
    with pytest.raises(NotFoundError, match="no such picture"):
        bench.asked(GUEST, picture=bench.drawn)
    mine = bench.add("dream", "anna")
    assert bench.asked(GUEST, picture=mine).owner == "anna"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("", "No picture is named"),
        ("gone.png", "no file gone.png"),
        ("text.png", "no whole picture"),
    ],
)
def test_what_is_no_picture_is_refused_at_once(bench, name, words):
    (bench.places.root / "text.png").write_text("no picture")

    with pytest.raises(RequestError, match=words):
        bench.asked(picture=str(bench.places.root / name) if name else "")


def test_what_would_be_too_large_is_refused_at_once(bench):
    Image.new("1", (20_000, 700)).save(bench.places.root / "wide.png")

    with pytest.raises(RequestError, match=r"80,000 × 2,800.*up to 3 times"):
        bench.asked(picture=str(bench.places.root / "wide.png"), factor=4)


def test_a_job_that_failed_is_asked_again_with_all_that_it_was(bench):
    first = bench.asked(picture=bench.drawn, factor=4)

    again = bench.verb.again(OWNER, first.id)

    assert bench.desk.board.get(again.id).job.upscaling == first.upscaling
    with pytest.raises(NotFoundError):
        bench.verb.again(GUEST, first.id)


def test_the_new_picture_is_in_the_gallery_with_what_the_old_one_shows(bench):
    job = bench.asked(picture=bench.drawn, factor=2)
    bench.desk.be_ready()
    assert bench.desk.last_start().kind == "upscale"
    ready = ImageReady(index=0, path="large.png", width=256, height=128, seed=5)
    bench.desk.queue.engine_told(job.id, ready)
    bench.desk.queue.engine_told(job.id, Finished())

    view = bench.desk.board.get(job.id).view()
    assert view.state is JobState.FINISHED
    (picture,) = view.pictures
    assert (picture.prompt, picture.width, picture.seed) == ("a red apple", 256, 5)


def test_a_picture_that_was_written_before_a_death_is_found_again(bench):
    job = bench.asked(picture=bench.drawn, factor=2)
    path = bench.places.outputs / upscaled_path(job.id, job.created, "png")
    path.parent.mkdir()
    source = bench.places.outputs / "starter.png"
    large = Image.new("RGB", (256, 128))
    path.write_bytes(encode_upscaled(large, job.upscaling, source, job.created))

    (found,) = pictures_on_disk(bench.places.outputs, job)

    assert (found.id, found.width, found.prompt) == (f"{job.id}-0", 256, "a red apple")
    path.write_bytes(path.read_bytes()[:200])
    assert pictures_on_disk(bench.places.outputs, job) == ()


def test_what_was_enlarged_can_be_drawn_again_from_its_own_file(bench):
    job = bench.asked(picture=bench.drawn, factor=2)
    content = encode_upscaled(
        Image.new("RGB", (256, 128)), job.upscaling, bench.places.outputs / "starter.png", 1.0
    )
    (bench.places.outputs / "large.png").write_bytes(content)
    bench.desk.be_ready()
    bench.desk.queue.engine_told(
        job.id, ImageReady(index=0, path="large.png", width=256, height=128, seed=5)
    )
    (picture,) = bench.desk.board.get(job.id).pictures
    bench.shelf.add(picture)

    request = bench.gallery.request_of(OWNER, picture.id)

    assert (request.prompt.positive, request.size.width) == ("a red apple", 128)


def test_a_picture_that_was_handed_in_can_be_enlarged(bench):
    with bench.photo.open("rb") as content:
        handed_in = bench.inputs.keep(GUEST, content)

    job = bench.verb.submit(GUEST, UpscaleRequest(picture=handed_in.id, factor=2))

    wanted = bench.desk.board.get(job.id).job.upscaling
    assert (wanted.name, wanted.seed) == ("The picture", 0)
    assert bench.verb.offers(GUEST, handed_in.id).usual
    with pytest.raises(NotFoundError, match="not here any more"):
        bench.verb.submit(OWNER, UpscaleRequest(picture="input-" + "0" * 40))
