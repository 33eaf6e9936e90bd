"""People are found: joints become people, hands and faces theirs, and maps carry the pose."""

import json
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from PIL import Image
from transformers import RTDetrConfig, RTDetrForObjectDetection

from backend.control.poses import POSE_KEY
from backend.engine.control import openpose, wholebody
from backend.engine.control.base import MapSettings
from backend.engine.control.registry import find_preprocessor
from backend.engine.control.skeletons import look_at, map_of
from backend.schema.control_types import ControlType
from backend.schema.poses import FACE, KeyPoint, Person, Points, Poses, poses_of
from tests.fixtures.annotators import save_weights
from tests.fixtures.photos import photo

CPU = torch.device("cpu")
SIDE = 368
CELLS = 23
"""OpenPose looks at a picture 184 pixels high, and tells one value for eight pixels."""
STANDING = (
    *((0.5, 0.1), (0.5, 0.25), (0.35, 0.25), (0.25, 0.4), (0.15, 0.55)),
    *((0.65, 0.25), (0.75, 0.4), (0.85, 0.55), (0.4, 0.55), (0.4, 0.75), (0.4, 0.93)),
    *((0.6, 0.55), (0.6, 0.75), (0.6, 0.93), (0.44, 0.05), (0.56, 0.05), (0.36, 0.1), (0.64, 0.1)),
)
"""Where somebody's joints are, as shares of the picture, in OpenPose's order."""
LIMBS = (
    *((1, 2), (1, 5), (2, 3), (3, 4), (5, 6), (6, 7), (1, 8), (8, 9), (9, 10), (1, 11)),
    *((11, 12), (12, 13), (1, 0), (0, 14), (14, 16), (0, 15), (15, 17), (2, 16), (5, 17)),
)
FIELDS = (*(12, 20, 14, 16, 22, 24, 0, 2, 4, 6, 8, 10, 28, 30, 34, 32, 36, 18, 26),)
"""The first of the two layers in which the direction of each limb is."""

pytestmark = pytest.mark.usefixtures("one_thread")


def seen(points: Points, place: int) -> KeyPoint:
    """A point that has to be seen."""
    point = points[place]
    assert point is not None
    return point


class SeesSomebody(torch.nn.Module):
    """Tells what OpenPose's network would of somebody who stands there."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(1))

    def forward(self, pixels: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        assert pixels.shape == (1, 3, CELLS * 8, CELLS * 8)
        rows, columns = torch.meshgrid(torch.arange(CELLS), torch.arange(CELLS), indexing="ij")
        at = [torch.tensor(joint) * CELLS - 0.5 for joint in STANDING]
        heat = torch.zeros(1, 19, CELLS, CELLS)
        for layer, (x, y) in enumerate(at):
            heat[0, layer] = torch.exp(-((columns - x) ** 2 + (rows - y) ** 2) / 1.5)
        fields = torch.zeros(1, 38, CELLS, CELLS)
        for (first, second), layer in zip(LIMBS, FIELDS, strict=True):
            way = at[second] - at[first]
            long = way.norm()
            along = ((columns - at[first][0]) * way[0] + (rows - at[first][1]) * way[1]) / long
            aside = ((columns - at[first][0]) * way[1] - (rows - at[first][1]) * way[0]) / long
            on = (along > -1) & (along < long + 1) & (aside.abs() < 1.5)
            fields[0, layer : layer + 2, on] = (way / long)[:, None]
        return fields, heat


def test_joints_are_joined_to_a_person():
    [body] = openpose.bodies_in(np.zeros((SIDE, SIDE, 3), np.uint8), SeesSomebody())

    joints = [(joint.x / SIDE, joint.y / SIDE) for joint in body.keypoints if joint]
    assert len(joints) == 18
    assert np.abs(np.array(joints) - np.array(STANDING)).max() < 0.03


def test_a_map_is_as_large_as_its_picture_and_carries_the_pose():
    body = tuple(KeyPoint(x=x * 96, y=y * 64) for x, y in STANDING)
    drawn = map_of([Person(body=body)], Image.new("RGB", (96, 64)))

    assert drawn.size == (96, 64)
    assert np.asarray(drawn).max() > 200
    pose = poses_of(json.loads(drawn.info[POSE_KEY]))
    assert isinstance(pose, Poses)
    assert pose.people[0].body[4] == KeyPoint(x=14.4, y=35.2)


def test_pictures_smaller_than_a_pose_have_maps():
    tiny = Image.new("RGB", (1, 30))
    assert look_at(tiny).size == (64, 64)
    assert map_of([], tiny).size == (1, 30)


class SeesFace(torch.nn.Module):
    """A face whose points lie on a diagonal; it does not see the sixth."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(1))

    def forward(self, pixels: torch.Tensor) -> list[torch.Tensor]:
        assert pixels.abs().max() <= 0.5
        heat = torch.zeros(1, FACE + 1, 48, 48)
        for point in range(FACE):
            heat[0, point, point % 48, point % 48] = 0 if point == 5 else 1
        return [heat]


def test_a_point_of_a_face_that_is_not_seen_leaves_the_others_in_their_places():
    pixels = np.zeros((SIDE, SIDE, 3), np.uint8)
    [body] = openpose.bodies_in(pixels, SeesSomebody())

    face = openpose.face_of(body, pixels, SeesFace())

    assert len(face) == FACE
    assert face[5] is None
    last, first = seen(face, 47), seen(face, 0)
    assert last.x - first.x == pytest.approx(last.y - first.y, abs=1)
    assert last.x > first.x + 20


class SeesHand(torch.nn.Module):
    """A hand whose points lie on a diagonal; it does not see the fourth."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(1))

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        height, width = (side // 8 for side in pixels.shape[-2:])
        heat = torch.zeros(1, 22, height, width)
        for point in range(21):
            at = round((point + 2) / 25 * width)
            heat[0, point, at - 1 : at + 2, at - 1 : at + 2] = 0 if point == 3 else 1
        return heat


def test_hands_are_looked_for_beyond_the_wrists():
    pixels = np.zeros((SIDE, SIDE, 3), np.uint8)
    [body] = openpose.bodies_in(pixels, SeesSomebody())

    hands = openpose.hands_of(body, pixels, SeesHand())

    assert set(hands) == {"left_hand", "right_hand"}
    for side, wrist in (("left_hand", STANDING[7]), ("right_hand", STANDING[4])):
        points = hands[side]
        assert len(points) == 21
        assert points[3] is None
        middle = seen(points, 10)
        assert abs(middle.x / SIDE - wrist[0]) < 0.15
        assert abs(middle.y / SIDE - wrist[1]) < 0.15
        assert seen(points, 20).x > seen(points, 0).x


class SeesPoints(torch.nn.Module):
    """Sees the points of whole bodies down a diagonal; of the last it is not sure."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(1))

    def forward(self, pixels: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        assert pixels.shape[1:] == (3, 384, 288)
        people, points = pixels.shape[0], torch.arange(133)
        columns, rows = torch.zeros(people, 133, 576), torch.zeros(people, 133, 768)
        columns[:, points, 4 * points], rows[:, points, 3 * points] = 0.9, 0.8
        rows[:, 132] = 0.2
        return columns, rows


def test_points_of_whole_bodies_become_openposes():
    box = (40.0, 20.0, 160.0, 180.0)  # in the network's proportions, and a quarter more is seen

    [person] = wholebody.points_in(photo(1, 200, 200), [box], SeesPoints())

    left, top, wide, high = 25.0, 0.0, 150.0, 200.0
    nose, neck, wrist = (seen(person.body, joint) for joint in (0, 1, 4))
    assert (nose.x, nose.y) == (left, top)
    assert wrist.x == pytest.approx(left + 40 / 576 * wide)  # the tenth of COCO's
    assert wrist.y == pytest.approx(top + 30 / 768 * high)
    assert neck.x == pytest.approx(left + 22 / 576 * wide)  # between the fifth and the sixth
    assert seen(person.left_hand, 0).x == pytest.approx(left + 4 * 91 / 576 * wide)
    assert person.right_hand[20] is None
    assert seen(person.face, 67).x == pytest.approx(left + 4 * 90 / 576 * wide)
    assert person.face[68:] == (None, None)


def test_the_network_learns_where_a_crop_is():
    picture = Image.new("RGB", (200, 200))
    picture.paste("white", (40, 20, 160, 180))
    shown: list[torch.Tensor] = []

    class Looks(SeesPoints):
        def forward(self, pixels: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            shown.append(pixels)
            return super().forward(pixels)

    list(wholebody.points_in(picture, [(40.0, 20.0, 160.0, 180.0)], Looks()))

    light = shown[0][0, 0] > 0
    assert light[192, 144]
    assert not light[192, 20]
    assert not light[20, 144]
    assert light[45:340, 35:250].all()


class SeesBoxes(torch.nn.Module):
    """Sees two people and a surer thing of another kind."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(1))

    def forward(self, pixels: torch.Tensor) -> SimpleNamespace:
        assert pixels.shape == (1, 3, 640, 640)
        logits = torch.full((1, 4, 80), -9.0)
        logits[0, 0, 0], logits[0, 1, 7], logits[0, 2, 0], logits[0, 3, 0] = 1.0, 5.0, 2.0, -1.0
        boxes = torch.tensor([[[0.5, 0.5, 0.2, 0.4]] * 2 + [[0.25, 0.5, 0.1, 1.0]] * 2])
        return SimpleNamespace(logits=logits, pred_boxes=boxes)


def test_people_are_told_from_things_the_surest_first():
    boxes = wholebody.people_in(photo(1, 200, 100), SeesBoxes())

    assert np.allclose(boxes, [(40, 0, 60, 100), (80, 30, 120, 70)], atol=0.01)


@pytest.mark.slow
def test_dwpose_runs_from_its_files(tmp_path, monkeypatch):
    detector = RTDetrForObjectDetection(RTDetrConfig(num_labels=80))  # pyright: ignore[reportCallIssue]
    detector.save_pretrained(tmp_path)
    files = (tmp_path / "model.safetensors", save_weights(tmp_path, "dw-ll_ucoco_384.pth"))
    settings = MapSettings(device=CPU, files=files)
    entry = find_preprocessor("dwpose")

    assert entry(photo(1, 128, 96), settings).size == (128, 96)
    monkeypatch.setattr(wholebody, "people_in", lambda picture, network: [(10.0, 5.0, 60.0, 90.0)])
    found = entry(photo(1, 128, 96), settings)
    assert len(poses_of(json.loads(found.info[POSE_KEY])).people) == 1


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", ["openpose", "openpose_hand", "openpose_face", "openpose_faceonly", "openpose_full"]
)
def test_openpose_runs_from_its_files(name, tmp_path_factory):
    folder = tmp_path_factory.getbasetemp() / "openpose"
    folder.mkdir(exist_ok=True)
    entry = find_preprocessor(name)
    files = tuple(save_weights(folder, each.file) for each in entry.info.weights)

    drawn = entry(photo(1, 128, 96), MapSettings(device=CPU, files=files))

    assert entry.info.makes is ControlType.POSE
    assert (drawn.mode, drawn.size) == ("RGB", (128, 96))
    assert POSE_KEY in drawn.info
