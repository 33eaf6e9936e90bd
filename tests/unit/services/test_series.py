"""Asking for grids: what the pictures are, in which order, and what is refused before any."""

from dataclasses import replace
from types import SimpleNamespace
from typing import cast

import pytest
from PIL import Image

from backend.library.library import Library
from backend.metadata.catalogue import load_catalogue
from backend.places import default_places
from backend.schema.errors import ModelMissingError, NotFoundError, OutOfRangeError, RequestError
from backend.schema.generation import GenerationRequest
from backend.schema.jobs import OWNER, Actor, Role
from backend.schema.series import Axis, SeriesRequest
from backend.services.gallery import Gallery
from backend.services.generation import Generation
from backend.services.inputs import Inputs
from backend.services.planning import Planner
from backend.services.series import LibraryOffers, Series
from backend.services.shelf import Shelf
from backend.services.wording import Wording
from tests.fixtures.desk import Desk

GUEST = Actor(id="anna", role=Role.GUEST)


class Bench:
    """The verb over the repository's models, with an engine that draws nothing."""

    def __init__(self, folder):
        places = replace(default_places(), data=folder / "data", outputs=folder / "outputs")
        self.folder, self.desk = folder, Desk(folder / "journal.sqlite3")
        self.desk.lane.held = True  # jobs wait as they were asked for
        self.library = Library(places, load_catalogue())
        gallery = Gallery(
            self.desk.board, Shelf(folder / "gallery.sqlite3", places.outputs), places
        )
        inputs = Inputs(folder / "inputs", gallery)
        catalogue, self.seconds = load_catalogue(), 2.0
        generation = Generation(self.desk.queue, self.library, catalogue, Wording(places), inputs)
        plans = SimpleNamespace(plan=lambda wanted: SimpleNamespace(seconds=self.seconds))
        planner = cast("Planner", plans)
        offers = LibraryOffers(self.library, catalogue)
        self.verb = Series(self.desk.queue, self.desk.board, generation, offers, planner)

    def submit(self, x=None, y=None, z=None, *, actor=OWNER, sheet=True, **base):
        job = self.verb.submit(actor, self.request(x, y, z, sheet=sheet, **base))
        return self.desk.board.get(job.id).job.series

    def request(self, x=None, y=None, z=None, *, sheet=True, **base):
        given = GenerationRequest.from_short_names({"prompt": "a red apple", **base})
        axes = (axis and Axis(field=axis[0], values=axis[1]) for axis in (x, y, z))
        return SeriesRequest(base=given, **dict(zip("xyz", axes, strict=True)), sheet=sheet)


@pytest.fixture(scope="module")
def bench(tmp_path_factory):
    bench = Bench(tmp_path_factory.mktemp("series"))
    yield bench
    bench.library.close()


def of(series, read):
    return [read(series.cell(index)) for index in range(series.axes.cells)]


def test_the_places_are_counted_along_x_then_y_then_z(bench):
    series = bench.submit(("steps", "5,6,7"), ("cfg_scale", "4,5"), ("seed", "1,2"))

    told = of(series, lambda cell: (cell.sampling.steps, cell.sampling.cfg_scale, cell.seed))
    assert told == [(x, y, z) for z in (1, 2) for y in (4, 5) for x in (5, 6, 7)]
    assert (series.sheets, series.pictures) == (2, 14)
    assert series.in_order == tuple(range(14))


def test_all_share_a_seed_that_is_drawn_once(bench):
    series = bench.submit(("steps", "5-8"), variation_strength=0.1)

    assert len(set(of(series, lambda cell: (cell.seed, cell.variation.seed)))) == 1
    assert len(set(of(series, lambda cell: cell.batch.pictures))) == 1


def test_each_random_seed_of_an_axis_is_one_for_its_whole_column(bench):
    series = bench.submit(("seed", "-1,-1"), ("steps", "5,6"))

    first, second, *again = of(series, lambda cell: cell.seed)
    assert first != second
    assert again == [first, second]
    assert series.axes.x.labels == (str(first), str(second))


def test_words_change_in_prompts_that_another_axis_brings(bench):
    series = bench.submit(("prompt", "pear,plum"), ("prompts", "a pear\na pear tree"))

    prompts = of(series, lambda cell: cell.prompt.positive)
    assert prompts == ["a pear", "a plum", "a pear tree", "a plum tree"]
    assert series.prompt_of(4).positive == "a pear"  # the sheet's


def test_choices_are_made_for_each_picture_by_its_seed(bench):
    series = bench.submit(("seed", "1-30"), prompt="a {red|green} apple", sheet=False)

    assert {series.prompt_of(index).positive for index in range(30)} == {
        "a red apple",
        "a green apple",
    }
    assert series.pictures == 30


def test_a_picture_alone_would_be_the_same(bench):
    series = bench.submit(("sampler", "Euler a, DPM++ 2M"), ("width", "64,128"))

    cell = series.cell(3)
    assert (cell.sampling.sampler, cell.size.width) == ("dpmpp_2m", 128)
    assert cell.as_request().size.width == 128
    assert cell.in_order == range(1)


def test_pictures_of_a_folder_are_begun_with_by_the_owner(bench):
    photos = bench.folder / "photos"
    photos.mkdir()
    for name in ("a.png", "b.png"):
        Image.new("RGB", (64, 64), "teal").save(photos / name)
    (photos / "notes.txt").write_text("no picture")

    series = bench.submit(("init", (str(photos),)), sheet=False)

    assert series.axes.x.labels == ("a.png", "b.png")
    assert all(of(series, lambda cell: cell.source.picture.reference.startswith("input-")))
    with pytest.raises((NotFoundError, RequestError)):
        bench.submit(("init", (str(photos),)), actor=GUEST)


@pytest.mark.parametrize(
    ("axes", "error", "words"),
    [
        ((None, None, None), RequestError, "Nothing is varied"),
        ((("steps", "10,900"),), OutOfRangeError, "Steps cannot be 900"),
        ((("steps", "1-150"), ("seed", "1-3")), RequestError, "would be 450 pictures"),
        ((("lora:gone", "0,1"),), OutOfRangeError, "no LoRA called “gone”"),
        ((("checkpoint", "starter, gone"),), ModelMissingError, "“gone” is not installed"),
        ((("prompt", "blue,red"),), OutOfRangeError, "“blue” is not in the prompt"),
        ((("vae", "gone"),), OutOfRangeError, "no VAE called “gone”"),
    ],
)
def test_a_wrong_value_is_refused_before_anything_is_drawn(bench, axes, error, words):
    before = len(bench.desk.board.waiting())

    with pytest.raises(error, match=words):
        bench.submit(*axes)

    assert len(bench.desk.board.waiting()) == before


def test_the_preview_counts_pictures_and_seconds_and_keeps_nothing(bench):
    before = len(bench.desk.board.waiting())

    plan = bench.verb.preview(
        OWNER, bench.request(("steps", "5-7"), ("seed", "1,2"), ("cfg_scale", "4,7"), batch_count=2)
    )

    assert (plan.pictures, plan.sheets, plan.seconds) == (12, 2, 24)
    assert plan.notes == ("Each combination makes one picture; for more, vary the seed.",)
    assert len(bench.desk.board.waiting()) == before


def test_the_preview_does_not_guess(bench, monkeypatch):
    monkeypatch.setattr(bench, "seconds", None)

    assert bench.verb.preview(OWNER, bench.request(("steps", "5-7"))).seconds is None


def test_a_series_is_drawn_again_with_the_same_seeds(bench):
    job = bench.verb.submit(OWNER, bench.request(("seed", "-1,-1")))

    again = bench.verb.again(OWNER, job.id)

    jobs = [bench.desk.board.get(each).job.series for each in (job.id, again.id)]
    assert jobs[0] == jobs[1]
    with pytest.raises(NotFoundError):
        bench.verb.again(GUEST, job.id)


def test_the_title_says_what_it_is(bench):
    grid = bench.verb.submit(OWNER, bench.request(("steps", "5-7"), ("seed", "1,2")))
    prompts = bench.verb.submit(OWNER, bench.request(("prompts", "a pear\na plum"), sheet=False))

    assert (grid.title, grid.pictures_wanted) == ("Grid 3 × 2: a red apple", 7)
    assert (prompts.title, prompts.pictures_wanted) == ("2 pictures: a pear", 2)
