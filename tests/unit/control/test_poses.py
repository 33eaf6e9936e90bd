"""Poses: read as other programs write them, and drawn as control models were taught."""

import colorsys
import json
import random
import subprocess
import sys
from importlib import import_module
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from backend.control.files import png_of, pose_in
from backend.control.poses import draw_poses
from backend.schema.errors import RequestError
from backend.schema.poses import FACE, HAND, JOINTS, KeyPoint, Person, Points, Poses, poses_of
from tests.fixtures.program import ROOT
from tests.fixtures.studio import MemoryStudio

WIDTH, HEIGHT = 416, 352


def anywhere(chance: random.Random, count: int, *, missing: float = 0.2) -> Points:
    return tuple(
        None
        if chance.random() < missing
        else KeyPoint(x=chance.uniform(2, WIDTH - 2), y=chance.uniform(2, HEIGHT - 2))
        for _ in range(count)
    )


def somebody(chance: random.Random) -> Person:
    return Person(
        body=anywhere(chance, len(JOINTS)),
        left_hand=anywhere(chance, HAND, missing=0),
        right_hand=anywhere(chance, HAND, missing=0),
        face=anywhere(chance, FACE, missing=0),
    )


def standing(**changes: object) -> dict[str, object]:
    """A pose as A1111's extension writes it, with one person."""
    body = [number for at in range(18) for number in (100 + 5 * at, 90 + 10 * at, 1)]
    return {
        "people": [{"pose_keypoints_2d": body}],
        "canvas_width": WIDTH,
        "canvas_height": HEIGHT,
    } | changes


@pytest.mark.filterwarnings("ignore")  # of the oracle's own imports
def test_poses_are_drawn_as_controlnet_aux_draws_them(monkeypatch):
    hues = SimpleNamespace(hsv_to_rgb=lambda hsv: np.array(colorsys.hsv_to_rgb(*hsv)))
    # Of matplotlib it uses this one function.
    monkeypatch.setitem(sys.modules, "matplotlib", SimpleNamespace(colors=hues))
    util = import_module("controlnet_aux.open_pose.util")
    body = import_module("controlnet_aux.open_pose.body")

    def shares(points: Points):
        return [p and body.Keypoint(p.x / WIDTH, p.y / HEIGHT) for p in points]

    for seed in range(8):
        person = somebody(random.Random(seed))
        theirs = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
        util.draw_bodypose(theirs, shares(person.body))
        util.draw_handpose(theirs, shares(person.left_hand))
        util.draw_handpose(theirs, shares(person.right_hand))
        util.draw_facepose(theirs, shares(person.face))

        ours = np.asarray(draw_poses(Poses(width=WIDTH, height=HEIGHT, people=(person,))))

        assert theirs.any(axis=2).sum() > 5000
        assert np.array_equal(ours, theirs)


def test_a_joint_that_is_not_seen_takes_its_limbs_along():
    whole = poses_of(standing())
    body = list(whole.people[0].body)
    body[4] = None  # the right wrist
    without = whole.model_copy(update={"people": (Person(body=tuple(body)),)})

    lost = np.asarray(draw_poses(whole)).astype(int) - np.asarray(draw_poses(without))

    assert (lost[130, 120] > 0).any()  # the wrist itself
    rows, columns = np.nonzero(lost.any(axis=2))
    assert rows.min() >= 115  # and the forearm, from the elbow on
    assert columns.max() <= 126


def test_what_is_written_is_read_again():
    chance = random.Random(3)
    poses = Poses(width=640, height=512, people=(somebody(chance), somebody(chance)))

    again = poses_of(json.loads(json.dumps(poses.to_openpose())))

    assert again.to_openpose() == poses.to_openpose()
    assert again.people[0].body[0] is None or abs(again.people[0].body[0].x) < WIDTH
    assert [p is None for p in again.people[1].body] == [p is None for p in poses.people[1].body]


def test_other_forms_of_the_same_are_understood():
    wanted = poses_of(standing())
    body = [number for at in range(18) for number in (100 + 5 * at, 90 + 10 * at, 0.4)]
    shares = [n / (WIDTH, HEIGHT, 1)[at % 3] for at, n in enumerate(body)]
    newer = [*body[:24], 1, 1, 1, *body[24:], *[1] * 18]
    bare = {"people": [{"pose_keypoints_2d": body, "hand_left_keypoints_2d": None}]}

    assert poses_of([standing()]) == wanted
    assert poses_of(standing(people=[{"pose_keypoints_2d": newer}])) == wanted
    assert poses_of(bare, (WIDTH, HEIGHT)) == wanted
    read = poses_of(standing(people=[{"pose_keypoints_2d": shares}])).people[0].body
    for point, same in zip(read, wanted.people[0].body, strict=True):
        assert point
        assert same
        assert (point.x, point.y) == pytest.approx((same.x, same.y))
    face = standing(people=[{"face_keypoints_2d": [9, 9, 1] * 68}])
    assert len(poses_of(face).people[0].face) == FACE
    assert poses_of(standing(people=[])).people == ()


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ("a pose", "no list of people"),
        ([], "no list of people"),
        ({"people": "me"}, "no list of people"),
        (standing(canvas_width=None, canvas_height=None), "how large"),
        (standing(canvas_width=0), "0 × 352 pixels"),
        (standing(canvas_width=True), "True × 352 pixels"),
        (standing(people=["me"]), "Person 1"),
        (standing(people=[{"pose_keypoints_2d": [1, 2, 3, 4]}]), "the body of person 1 has 4 numb"),
        (standing(people=[{"pose_keypoints_2d": [1, "2", 3]}]), "no list of numbers"),
        (standing(people=[{}, {"hand_left_keypoints_2d": 7}]), "the left hand of person 2"),
        (standing(people=[{"face_keypoints_2d": [float("nan")] * 210}]), "the face of person 1"),
        (standing(people=[{"pose_keypoints_2d": [9e9, 1, 1] * 18}]), "far outside"),
        (standing(people=[{}] * 51), "at most 50 people"),
    ],
)
def test_what_is_no_pose_is_said_in_words(told, words):
    with pytest.raises(RequestError) as refused:
        poses_of(told)
    assert words in refused.value.sentence


def test_a_pose_fits_into_a_map_of_another_size_with_its_proportions():
    square = poses_of(standing()).fitted(1024, 512)

    nose, neck, *_ = square.people[0].body
    assert (square.width, square.height) == (1024, 512)
    assert nose
    assert neck
    assert (neck.y - nose.y) / (neck.x - nose.x) == pytest.approx(2)
    assert nose.y == pytest.approx(90 * 512 / HEIGHT)
    assert nose.x == pytest.approx((1024 - WIDTH * 512 / HEIGHT) / 2 + 100 * 512 / HEIGHT)


def test_a_map_carries_its_pose_and_other_texts_are_not_kept(tmp_path):
    poses = poses_of(standing())
    drawn = draw_poses(poses)
    drawn.info["parameters"] = "a secret"

    (tmp_path / "map.png").write_bytes(png_of(drawn.convert("RGB")))
    Image.new("RGB", (8, 8)).save(tmp_path / "other.png")

    assert pose_in(tmp_path / "map.png") == poses
    assert pose_in(tmp_path / "other.png") is None
    assert b"secret" not in (tmp_path / "map.png").read_bytes()
    broken = Image.new("RGB", (80, 80))
    broken.info["openpose"] = "{"
    (tmp_path / "broken.png").write_bytes(png_of(broken))
    assert pose_in(tmp_path / "broken.png") is None


def test_the_presets_are_whole_people_within_their_maps(tmp_path):
    presets = MemoryStudio(tmp_path).poses.presets()

    assert len(presets) == 6
    for preset in presets:
        poses = poses_of(preset.pose)
        (person,) = poses.people
        assert all(0 < p.x < poses.width and 0 < p.y < poses.height for p in person.points)
        assert sum(point is not None for point in person.body) >= (
            8 if preset.id == "portrait" else 17
        )


def test_drawing_a_pose_needs_no_torch():
    code = (
        "import sys, backend.control.poses, backend.services.poses; print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, check=True)
    assert done.stdout.strip() == b"False"
