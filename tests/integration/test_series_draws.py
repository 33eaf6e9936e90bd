"""Grids of the real engine: each picture is what it would be alone, and models are loaded once."""

import numpy as np
import pytest
import torch
from PIL import Image

from backend.engine.advance import advance
from backend.engine.residency import Residency
from backend.engine.run import KINDS, generate
from backend.outputs.naming import find_pictures
from backend.schema.events import ImageReady
from backend.schema.picture_settings import PromptSettings
from backend.schema.series import ResolvedAxis, ResolvedSeries, SeriesAxes
from backend.series.order import drawing_order
from tests.fixtures.starter import context_in, of_type, starter_request
from tests.fixtures.tiny_unets import save_tiny_sd15

pytestmark = pytest.mark.engine


@pytest.fixture(autouse=True)
def one_thread():
    """Two that wait for each other on a busy machine need ten times as long."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def all_of(job):
    events = []
    while (event := advance(job)) is not None:
        events.append(event)
    return events


def grid(cells, axes, *, sheet=True):
    series = ResolvedSeries.of(axes, cells, drawing_order(cells), sheet=sheet)
    return series.model_dump(mode="json")


def pixels(path):
    with Image.open(path) as picture:
        return np.asarray(picture.convert("RGB"))


def test_a_picture_of_a_grid_is_the_one_that_is_drawn_alone(tmp_path):
    cells = [
        starter_request(prompt, seed=seed)
        for prompt in ("red apple, 3d style, white background", "green pear, 3d style")
        for seed in (1, 2)
    ]
    axes = SeriesAxes(
        x=ResolvedAxis(title="Seed", labels=("1", "2")),
        y=ResolvedAxis(title="Prompt", labels=("red apple", "green pear")),
    )
    context = context_in(tmp_path)

    events = all_of(KINDS["series"](grid(cells, axes), context))

    assert [event.index for event in of_type(events, ImageReady)] == [0, 1, 2, 3, 4]
    files = find_pictures(tmp_path / "outputs", context.job)
    alone = context_in(tmp_path / "alone", kept=context.kept)
    (made,) = of_type(all_of(generate(cells[2].model_dump(mode="json"), alone)), ImageReady)
    assert (pixels(files[2]) == pixels(tmp_path / "alone" / "outputs" / made.path)).all()
    sheet = pixels(files[4])
    side = cells[0].size.width
    windows = np.lib.stride_tricks.sliding_window_view(sheet[:, :, 0], (side, side))
    first = pixels(files[0])[:, :, 0]
    assert (windows[:, :, ::16, ::16] == first[::16, ::16]).all(axis=(2, 3)).any()


def test_what_one_picture_left_when_it_was_killed_is_not_taken_for_another(tmp_path):
    cells = [starter_request(prompt) for prompt in ("red apple, 3d style", "green pear, 3d style")]
    axes = SeriesAxes(x=ResolvedAxis(title="Prompt", labels=("red apple", "green pear")))
    context = context_in(tmp_path)
    killed = KINDS["series"](grid(cells, axes), context)
    while not isinstance(advance(killed), ImageReady):
        pass
    del killed  # the first is saved, and what it was decoded from is still there

    rest = context_in(tmp_path, finished=[0], kept=context.kept)
    ready = of_type(all_of(KINDS["series"](grid(cells, axes), rest)), ImageReady)

    assert [event.index for event in ready] == [1, 2]
    files = find_pictures(tmp_path / "outputs", context.job)
    assert (pixels(files[1]) != pixels(files[0])).any()


def test_each_checkpoint_is_loaded_once_though_there_is_room_for_one(tmp_path):
    residency = Residency(free=lambda device: 0)
    paths = {name: save_tiny_sd15(tmp_path / name).folder for name in ("dawn", "dusk")}
    cells = [_of(paths[name], name, prompt) for prompt in ("a cat", "a dog") for name in paths]
    axes = SeriesAxes(
        x=ResolvedAxis(title="Checkpoint", labels=tuple(paths)),
        y=ResolvedAxis(title="Prompt", labels=("a cat", "a dog")),
    )
    context = context_in(tmp_path, kept={"residency": residency})

    events = all_of(KINDS["series"](grid(cells, axes, sheet=False), context))

    assert [event.index for event in of_type(events, ImageReady)] == [0, 2, 1, 3]
    assert residency.loads == len(paths)


def _of(path, name, prompt):
    request = starter_request(prompt)
    model = request.model.model_copy(update={"path": str(path), "name": name, "checkpoint": name})
    return request.model_copy(update={"model": model, "prompt": PromptSettings(positive=prompt)})
