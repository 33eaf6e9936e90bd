"""The real engine with the starter model: what goes on after a kill is what would have been."""

from collections.abc import Generator
from contextlib import nullcontext
from pathlib import Path

import pytest
from PIL import Image

from backend.api.generate_command import run
from backend.channel.supervisor import Patience
from backend.schema.jobs import OWNER, JobState, JobView
from backend.services.studio import Studio
from tests.fixtures.real_studio import (
    asked,
    ended,
    engine_of_this_process,
    real_studio,
    wait_for,
)

pytestmark = pytest.mark.engine

PROMPT = "red apple, 3d style, white background"
PICTURES = 3
SECONDS = 150.0


@pytest.fixture(scope="module")
def studio(tmp_path_factory) -> Generator[Studio]:
    with real_studio(tmp_path_factory.mktemp("real"), (), Patience()) as opened:
        yield opened


def apples(studio: Studio) -> JobView:
    return studio.generation.submit(OWNER, asked(PROMPT, PICTURES, steps=4))


def pixels(path: Path) -> bytes:
    with Image.open(path) as opened:
        return opened.tobytes()


def pictures_of(studio: Studio, job: JobView) -> list[bytes]:
    view = ended(studio, job, SECONDS)
    assert view.state is JobState.FINISHED, view
    return [pixels(studio.gallery.file(OWNER, picture.id)) for picture in view.pictures]


def test_a_killed_batch_ends_in_the_same_pictures_and_metadata_makes_them_again(studio):
    undisturbed = pictures_of(studio, apples(studio))
    assert len(set(undisturbed)) == PICTURES

    disturbed = apples(studio)
    wait_for(studio, disturbed, lambda view: len(view.pictures) == 1, SECONDS)
    engine_of_this_process().kill()

    assert pictures_of(studio, disturbed) == undisturbed
    view = studio.jobs.view(OWNER, disturbed.id)
    assert view.engine_deaths == 1
    again = studio.gallery.request_of(OWNER, view.pictures[2].id)
    assert pictures_of(studio, studio.generation.submit(OWNER, again)) == undisturbed[2:]


def test_the_command_line_makes_a_picture(studio, tmp_path, capsys):
    target = tmp_path / "apple.png"

    code = run(
        ["generate", PROMPT, "-o", str(target), "--steps", "3", "--seed", "5"],
        lambda: nullcontext(studio),
    )

    assert code == 0
    assert capsys.readouterr().out == f"{target}\n"
    with Image.open(target) as picture:
        assert picture.size == (128, 128)
    assert len(set(pixels(target))) > 50
