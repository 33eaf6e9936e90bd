"""Previews by a tiny decoder, while the starter model draws."""

import base64
import io

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file

from backend.engine.families.tiny_decoder import TinyDecoder
from backend.engine.preview import PreviewPacer
from backend.engine.run import generate
from backend.schema.events import ImageReady, Preview, Warned
from tests.fixtures.starter import context_in, of_type, starter_request

pytestmark = [pytest.mark.engine, pytest.mark.usefixtures("one_thread")]


@pytest.fixture
def draw(tmp_path, monkeypatch):
    """Draw with a preview of each step; the previews, the picture and the warnings."""
    monkeypatch.setattr(PreviewPacer, "due", lambda self: True)

    def draw(decoder: str | None):
        request = starter_request().model_copy(update={"preview_decoder": decoder})
        events = list(generate(request.model_dump(mode="json"), context_in(tmp_path)))
        previews = [pixels(base64.b64decode(each.jpeg)) for each in of_type(events, Preview)]  # pyright: ignore[reportAttributeAccessIssue]
        [ready] = of_type(events, ImageReady)
        picture = pixels((tmp_path / "outputs" / ready.path).read_bytes())  # pyright: ignore[reportAttributeAccessIssue]
        return previews, picture, of_type(events, Warned)

    return draw


def pixels(content: bytes) -> np.ndarray:
    with Image.open(io.BytesIO(content)) as picture:
        return np.asarray(picture.convert("RGB"))


def test_a_decoder_makes_the_previews_and_not_the_picture(draw, tmp_path):
    decoder = TinyDecoder(4)
    for parameter in decoder.parameters():
        torch.nn.init.zeros_(parameter)
    decoder.layers[-1].bias.data.copy_(torch.tensor([0.0, 1.0, 0.5]))  # pyright: ignore[reportArgumentType, reportCallIssue, reportAttributeAccessIssue]
    state = {name.removeprefix("layers."): each for name, each in decoder.state_dict().items()}
    path = tmp_path / "taesd_decoder.safetensors"
    save_file(state, path)

    previews, picture, warned = draw(str(path))
    guessed, plain, _ = draw(None)

    assert len(previews) == len(guessed) == 3
    assert all(np.abs(each.mean((0, 1)) - (0, 255, 128)).max() < 5 for each in previews)
    assert np.array_equal(picture, plain)
    assert not warned


def test_a_decoder_that_cannot_be_read_is_told_and_previews_are_guessed(draw, tmp_path):
    path = tmp_path / "taesd_decoder.safetensors"
    path.write_bytes(b"<html>Log in</html>")

    previews, _, warned = draw(str(path))

    assert len(previews) == 3
    assert [each.sentence.startswith("Previews are rough: “taesd_decoder") for each in warned] == [
        True
    ]
