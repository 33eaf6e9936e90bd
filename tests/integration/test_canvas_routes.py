"""Selecting by a click over HTTP."""

import base64
import io

import numpy as np
import pytest
from PIL import Image

from tests.fixtures.canvas_page import canvas_app
from tests.fixtures.doors import client
from tests.fixtures.studio import MemoryStudio
from tests.unit.selecting.test_grabcut import overlap, scene


@pytest.fixture
def http(tmp_path):
    return client(canvas_app(MemoryStudio(tmp_path)))


def handed_in(http, pixels):
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return http.post("/api/inputs", content=buffer.getvalue()).json()["id"]


def test_a_click_on_a_picture_that_was_handed_in_gives_a_mask_of_its_size(http):
    pixels, inside = scene(200, 300)
    picture = handed_in(http, pixels)

    answer = http.post("/page/select", json={"picture": picture, "point": [165, 100]})

    assert answer.status_code == 200
    kind, content = answer.json().split(",")
    assert kind == "data:image/png;base64"
    mask = Image.open(io.BytesIO(base64.b64decode(content)))
    assert (mask.mode, mask.size) == ("L", (300, 200))
    assert overlap(np.asarray(mask), inside) > 0.9


def test_what_cannot_be_selected_is_said(http):
    picture = handed_in(http, np.full((60, 80, 3), 90, np.uint8))

    def said(**click):
        answer = http.post("/page/select", json=click)
        return answer.status_code, answer.json()["error"]["sentence"]

    assert said(picture=picture, point=[40, 30]) == (400, "Nothing stands out there.")
    assert said(picture=picture, point=[99, 30]) == (400, "That click is outside the picture.")
    gone = f"input-{'0' * 40}"
    assert said(picture=gone, point=[1, 1]) == (404, "The picture is not here any more.")
    assert said(picture="../../etc/passwd", point=[1, 1])[0] == 404
    assert said(picture=picture, point=[1])[0] == 400
