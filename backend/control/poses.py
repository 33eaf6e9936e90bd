"""Drawing poses as the maps that ControlNets for poses were trained on.

Source: Cao et al. 2019, “OpenPose: Realtime Multi-Person 2D Pose Estimation using Part Affinity
Fields”, for the points and their colours; ControlNet's annotator for widths and shading. Widths are
in pixels of the map, whatever its size: so these models have seen them.
"""

import colorsys
import json
import math
from itertools import pairwise
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from backend.schema.poses import KeyPoint, Points, Poses

Canvas = NDArray[np.uint8]

_LIMBS: Final = (
    (1, 2),
    (1, 5),
    (2, 3),
    (3, 4),
    (5, 6),
    (6, 7),
    (1, 8),
    (8, 9),
    (9, 10),
    (1, 11),
    (11, 12),
    (12, 13),
    (1, 0),
    (0, 14),
    (14, 16),
    (0, 15),
    (15, 17),
)
"""Which joints hang together, in the order of their colours."""
_COLOURS: Final = tuple(
    tuple(round(255 * part) for part in colorsys.hsv_to_rgb(step / 18, 1, 1)) for step in range(18)
)
"""Of joints, and darker of limbs: once around the circle of hues."""
_LIMB_SHADE = 0.6
_JOINT_RADIUS = _LIMB_RADIUS = 4
_FINGERS: Final = tuple(
    edge for first in range(1, 21, 4) for edge in pairwise((0, *range(first, first + 4)))
)
_FINGER_WIDTH = 2
_FINGER_JOINT: Final = (0, 0, 255)
_FACE_RADIUS = 3
_WHITE: Final = (255, 255, 255)
POSE_KEY: Final = "openpose"
"""Under which a map carries its pose: in the picture's `info`, and in a PNG's texts."""


def draw_poses(poses: Poses) -> Image.Image:
    """The map of some poses: coloured limbs and joints on black, RGB, of their size.

    It carries the pose, so that wherever it is written by `backend.control.files` it can be
    edited again.
    """
    canvas: Canvas = np.zeros((poses.height, poses.width, 3), np.uint8)
    for person in poses.people:
        _draw_body(canvas, person.body)
        _draw_hand(canvas, person.left_hand)
        _draw_hand(canvas, person.right_hand)
        for point in filter(None, person.face):
            cv2.circle(canvas, _pixel(point), _FACE_RADIUS, _WHITE, thickness=cv2.FILLED)
    drawn = Image.fromarray(canvas)
    drawn.info[POSE_KEY] = json.dumps(poses.to_openpose(), separators=(",", ":"))
    return drawn


def _draw_body(canvas: Canvas, body: Points) -> None:
    for (first, second), colour in zip(_LIMBS, _COLOURS, strict=False):
        one, other = body[first], body[second]
        if one and other:
            shade = tuple(int(part * _LIMB_SHADE) for part in colour)
            cv2.fillConvexPoly(canvas, _limb(one, other), shade)
    for point, colour in zip(body, _COLOURS, strict=True):
        if point:
            cv2.circle(canvas, _pixel(point), _JOINT_RADIUS, colour, thickness=cv2.FILLED)


def _limb(one: KeyPoint, other: KeyPoint) -> NDArray[np.int32]:
    """The outline of an ellipse from a joint to another; its angle is in whole degrees."""
    across, down = one.x - other.x, one.y - other.y
    middle = int((one.x + other.x) / 2), int((one.y + other.y) / 2)
    axes = int(math.hypot(across, down) / 2), _LIMB_RADIUS
    angle = int(math.degrees(math.atan2(down, across)))
    return np.asarray(cv2.ellipse2Poly(middle, axes, angle, 0, 360, 1), np.int32)


def _draw_hand(canvas: Canvas, hand: Points) -> None:
    for step, (first, second) in enumerate(_FINGERS):
        one, other = (hand[first], hand[second]) if hand else (None, None)
        if one and other:
            colour = [255 * part for part in colorsys.hsv_to_rgb(step / len(_FINGERS), 1, 1)]
            cv2.line(canvas, _pixel(one), _pixel(other), colour, thickness=_FINGER_WIDTH)
    for point in filter(None, hand):
        cv2.circle(canvas, _pixel(point), _JOINT_RADIUS, _FINGER_JOINT, thickness=cv2.FILLED)


def _pixel(point: KeyPoint) -> tuple[int, int]:
    return int(point.x), int(point.y)
