"""Poses over HTTP."""

import io

import numpy as np
import pytest
from PIL import Image

from backend.access.access import Access
from backend.api.app import create_app
from tests.fixtures.doors import client
from tests.fixtures.studio import MemoryStudio


@pytest.fixture
def http(tmp_path):
    return client(create_app(MemoryStudio(tmp_path), Access(None)))


def preset(http, name: str = "waving"):
    presets = http.get("/api/poses/presets").json()
    return next(one["pose"] for one in presets if one["id"] == name)


def shown(http, reference: str) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(http.get(f"/api/inputs/{reference}").content)))


def test_a_pose_becomes_a_map_that_can_be_opened_as_a_pose_again(http):
    pose = preset(http)

    kept = http.post("/api/poses", json=pose).json()

    assert (kept["width"], kept["height"]) == (512, 768)
    pixels = shown(http, kept["id"])
    assert pixels.shape == (768, 512, 3)
    assert tuple(pixels[142, 256]) == (255, 0, 0)  # the nose
    assert http.get(f"/api/poses/{kept['id']}").json() == pose


def test_a_map_that_was_downloaded_and_handed_in_again_still_is_a_pose(http):
    pose = preset(http)
    kept = http.post("/api/poses", json=pose, params={"width": 256, "height": 256}).json()
    file = http.get(f"/api/inputs/{kept['id']}").content

    again = http.post("/api/inputs", content=file).json()

    assert (kept["width"], kept["height"]) == (256, 256)
    assert again["id"] == kept["id"]
    assert http.get(f"/api/poses/{again['id']}").json()["canvas_width"] == 256


def test_what_is_no_pose_is_said(http):
    def said(answer):
        return answer.status_code, answer.json()["error"]["sentence"]

    assert said(http.post("/api/poses", json=[1]))[0] == 400
    assert said(http.post("/api/poses", json={"people": []})) == (
        400,
        "This pose does not tell how large its map is.",
    )
    lopsided = http.post("/api/poses", json={"people": []}, params={"width": 512})
    assert said(lopsided) == (400, "Only one side of the map is told.")
    buffer = io.BytesIO()
    Image.new("RGB", (64, 64)).save(buffer, "PNG")
    plain = http.post("/api/inputs", content=buffer.getvalue()).json()["id"]
    assert said(http.get(f"/api/poses/{plain}")) == (404, "This picture carries no pose.")
    assert said(http.get(f"/api/poses/input-{'0' * 40}"))[0] == 404
