"""A finished picture is never lost, whatever the disk says."""

import base64
import io
import json

from PIL import Image

from backend.engine import saving
from backend.engine.saving import save
from backend.metadata.own import read_metadata
from backend.outputs.writing import write_atomically
from backend.schema.errors import OutputError
from backend.schema.events import ImageReady, ImageUnsaved, Warned
from backend.schema.output_settings import OutputSettings
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


def test_a_side_car_lies_beside_the_picture_where_one_is_wanted(tmp_path):
    output = OutputSettings(format="webp", sidecar="json")
    request = starter_request(seed=40).model_copy(update={"output": output})

    [ready] = of_type(save(RED, request, 0, context_in(tmp_path)), ImageReady)

    assert isinstance(ready, ImageReady)
    path = tmp_path / "outputs" / ready.path
    assert path.suffix == ".webp"
    told = json.loads(path.with_name(f"{path.stem}_metadata.json").read_text(encoding="utf-8"))
    assert told["request"]["seed"] == 40
    assert "Seed: 40, " in told["infotext"]
    assert str(tmp_path) not in json.dumps(told)


def test_a_side_car_that_cannot_be_written_costs_no_picture(tmp_path, monkeypatch):
    def refuse_json(path, content):
        if path.suffix == ".json":
            raise OutputError("The disk is full.", "Free some space.")
        write_atomically(path, content)

    monkeypatch.setattr(saving, "write_atomically", refuse_json)
    output = OutputSettings(sidecar="json")
    request = starter_request(seed=40).model_copy(update={"output": output})

    events = list(save(RED, request, 0, context_in(tmp_path)))

    assert of_type(events, ImageReady)
    assert [each.sentence for each in events if isinstance(each, Warned)] == [
        "The disk is full. Free some space."
    ]
