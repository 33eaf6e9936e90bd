"""A finished picture is never lost, whatever the disk says."""

import base64
import io

from PIL import Image

from backend.engine import saving
from backend.engine.saving import save
from backend.metadata.own import read_metadata
from backend.schema.errors import OutputError
from backend.schema.events import ImageReady, ImageUnsaved
from tests.fixtures.starter import context_in, of_type, starter_request

RED = Image.new("RGB", (64, 64), (200, 20, 20))


def test_a_picture_lies_where_its_event_says_with_its_settings_inside(tmp_path):
    request = starter_request(seed=40)

    [ready] = of_type(save(RED, request, 2, context_in(tmp_path)), ImageReady)

    assert isinstance(ready, ImageReady)
    assert (ready.index, ready.seed, ready.width, ready.height) == (2, 42, 64, 64)
    with Image.open(tmp_path / "outputs" / ready.path) as picture:
        assert picture.getpixel((0, 0)) == (200, 20, 20)
    metadata = read_metadata(tmp_path / "outputs" / ready.path)
    assert metadata is not None
    assert metadata.index == 2
    assert metadata.request.prompt == request.prompt


def test_a_refused_picture_is_handed_over_whole(tmp_path, monkeypatch):
    def refuse(path, content):
        raise OutputError("The disk is full.", "Free some space.")

    monkeypatch.setattr(saving, "write_atomically", refuse)

    events = list(save(RED, starter_request(seed=40), 1, context_in(tmp_path)))

    assert not of_type(events, ImageReady)
    [unsaved] = of_type(events, ImageUnsaved)
    assert isinstance(unsaved, ImageUnsaved)
    assert "disk is full" in unsaved.sentence
    assert (unsaved.index, unsaved.seed) == (1, 41)
    assert unsaved.path.endswith("-1.png")
    png = io.BytesIO(base64.b64decode(unsaved.png))
    with Image.open(png) as picture:
        assert picture.getpixel((0, 0)) == (200, 20, 20)
    assert read_metadata(png) is not None
