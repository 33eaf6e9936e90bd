"""Steered drawing from the command line to the file, with the starter's ControlNet."""

from contextlib import nullcontext
from pathlib import Path

import pytest
from PIL import Image, ImageChops, ImageDraw

from backend.api.generate_command import run
from backend.api.grid_command import grid_command
from backend.api.running import run_command
from backend.metadata.own import read_metadata
from backend.schema.jobs import OWNER, JobState
from tests.fixtures.real_studio import ended, real_studio

pytestmark = pytest.mark.engine

SMALL = ["--steps", "8", "--seed", "3", "--width", "64", "--height", "64"]


@pytest.fixture(scope="module")
def studio(tmp_path_factory):
    with real_studio(tmp_path_factory.mktemp("steered"), ()) as opened:
        yield opened


@pytest.fixture
def photos(tmp_path):
    """A folder with a ring and a square."""
    folder = tmp_path / "photos"
    folder.mkdir()
    for name in ("ring", "square"):
        picture = Image.new("RGB", (96, 64), "white")
        draw = ImageDraw.Draw(picture)
        shape = draw.ellipse if name == "ring" else draw.rectangle
        shape((28, 12, 68, 52), outline="black", width=4)
        picture.save(folder / f"{name}.png")
    return folder


def pixels(path: Path) -> Image.Image:
    with Image.open(path) as opened:
        return opened.convert("RGB")


def test_a_photo_steers_and_its_picture_is_made_again(studio, photos, tmp_path):
    target = tmp_path / "steered.png"
    unit = ["--control1-picture", str(photos / "ring.png"), "--control1-model", "canny"]

    assert run(["an apple", *SMALL, *unit, "-o", str(target)], lambda: nullcontext(studio)) == 0

    own = read_metadata(target)
    assert own
    (control,) = own.request.controls
    assert (control.model.id, control.preprocessor) == ("starter/controlnet-canny", "canny")
    assert len(control.model.sha256) == 64
    with Image.open(target) as opened:
        written = opened.info["parameters"]
    assert 'ControlNet 0: "Module: canny, Model: controlnet-canny, Weight: 0.8' in written

    picture = studio.jobs.snapshot(OWNER).jobs[0].pictures[0]
    again = studio.reproducing.start(OWNER, picture.id)
    view = ended(studio, studio.jobs.view(OWNER, again.job))
    assert view.state is JobState.FINISHED
    assert studio.reproducing.compare(OWNER, picture.id, view.pictures[0].id).identical


def test_maps_of_a_folder_and_weights_make_a_grid(studio, photos):
    words = ["an apple", *SMALL, "--control1-picture", str(photos), "--x", "control1_weight=0,1"]
    command = grid_command(lambda: nullcontext(studio))

    assert run_command(command, words) == 0

    job = studio.jobs.snapshot(OWNER).jobs[0]
    assert len(job.pictures) == 5  # with the sheet
    ring, ring_steered, square, square_steered = (
        pixels(studio.gallery.file(OWNER, each.id)) for each in job.pictures[:4]
    )
    assert not ImageChops.difference(ring, square).getbbox()  # a weight of 0 steers nothing
    assert ImageChops.difference(ring_steered, square_steered).getbbox()
