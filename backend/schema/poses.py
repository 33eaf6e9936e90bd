"""Poses: where people's joints are in a map, and the JSON in which programs exchange that."""

import math
from collections.abc import Iterator
from functools import partial
from typing import Annotated, Final, Self, TypeGuard

from pydantic import Field

from backend.schema.base import Frozen
from backend.schema.errors import RequestError

JOINTS: Final = (
    "nose",
    "neck",
    "right shoulder",
    "right elbow",
    "right wrist",
    "left shoulder",
    "left elbow",
    "left wrist",
    "right hip",
    "right knee",
    "right ankle",
    "left hip",
    "left knee",
    "left ankle",
    "right eye",
    "left eye",
    "right ear",
    "left ear",
)
"""The key points of a body, in OpenPose's order for COCO; right and left are the person's own."""
HAND, FACE = 21, 70
"""How many key points a hand and a face have."""
MOST_PEOPLE = 50
LEAST_SIDE, MOST_SIDE = 64, 8192
"""Pixels along the sides of a map."""
_FARTHEST = 5
"""How far beside a map a point may lie, in its sides."""
_BODY_25 = (*range(8), *range(9, 19))
"""Where the joints are among the 25 of OpenPose's newer body, which has hips and feet besides."""
_FACE_WITHOUT_PUPILS = 68


class KeyPoint(Frozen):
    """A place in a map, in its pixels; it may lie beside the map."""

    x: Annotated[float, Field(allow_inf_nan=False)]
    y: Annotated[float, Field(allow_inf_nan=False)]


Points = tuple[KeyPoint | None, ...]
"""Key points in their order; None for one that is not seen."""


class Person(Frozen):
    """Somebody in a map."""

    body: Annotated[Points, Field(min_length=len(JOINTS), max_length=len(JOINTS))]
    """In the order of `JOINTS`."""
    left_hand: Annotated[Points, Field(max_length=HAND)] = ()
    """The wrist, then four points of each finger from the thumb on; empty where it has none."""
    right_hand: Annotated[Points, Field(max_length=HAND)] = ()
    face: Annotated[Points, Field(max_length=FACE)] = ()
    """Jaw, brows, nose, eyes and mouth as in the 300-W data set, then the pupils."""

    @property
    def points(self) -> Iterator[KeyPoint]:
        """All that is seen of it."""
        for part in (self.body, self.left_hand, self.right_hand, self.face):
            yield from (point for point in part if point)

    def moved(self, scale: float, x: float, y: float) -> Self:
        """The same, `scale` times as large and then so many pixels farther."""

        def move(points: Points) -> Points:
            return tuple(p and KeyPoint(x=p.x * scale + x, y=p.y * scale + y) for p in points)

        return self.model_copy(
            update={
                "body": move(self.body),
                "left_hand": move(self.left_hand),
                "right_hand": move(self.right_hand),
                "face": move(self.face),
            }
        )


class Poses(Frozen):
    """Everybody in a map."""

    width: Annotated[int, Field(ge=LEAST_SIDE, le=MOST_SIDE)]
    """Of the map, in pixels."""
    height: Annotated[int, Field(ge=LEAST_SIDE, le=MOST_SIDE)]
    people: Annotated[tuple[Person, ...], Field(max_length=MOST_PEOPLE)] = ()

    def fitted(self, width: int, height: int) -> "Poses":
        """The same in the middle of a map of another size, as large as fits."""
        scale = min(width / self.width, height / self.height)
        x, y = (width - self.width * scale) / 2, (height - self.height * scale) / 2
        people = tuple(person.moved(scale, x, y) for person in self.people)
        return Poses(width=width, height=height, people=people)

    def to_openpose(self) -> dict[str, object]:
        """OpenPose's JSON, with the size of the map as A1111's extension writes it."""
        return {
            "people": [
                {
                    "pose_keypoints_2d": _triples(person.body),
                    "face_keypoints_2d": _triples(person.face),
                    "hand_left_keypoints_2d": _triples(person.left_hand),
                    "hand_right_keypoints_2d": _triples(person.right_hand),
                }
                for person in self.people
            ],
            "canvas_width": self.width,
            "canvas_height": self.height,
        }


class PosePreset(Frozen):
    """A pose to begin with."""

    id: str
    label: str
    pose: dict[str, object]
    """OpenPose's JSON."""


def poses_of(told: object, size: tuple[int, int] | None = None) -> Poses:
    """Read OpenPose's JSON, as programs exchange it.

    Points may be in pixels or, all of them, in shares of the map's sides (older versions of
    A1111's extension); bodies may have 18 or 25 points; a list with one pose is that pose.

    Args:
        told: What `json.loads` made of it.
        size: The map's width and height where the JSON tells none.

    Raises:
        RequestError: When it is none; says where it goes wrong.
    """
    pose = told[0] if _is_list(told) and len(told) == 1 else told
    people = pose.get("people") if _is_object(pose) else None
    if not _is_object(pose) or not _is_list(people):
        raise RequestError(
            "That is no pose: it has no list of people.",
            "Easel reads OpenPose's JSON, as A1111's ControlNet extension and pose editors write.",
        )
    if len(people) > MOST_PEOPLE:
        raise RequestError(f"A pose has at most {MOST_PEOPLE} people.", "Remove some of them.")
    width, height = _size(pose, size)
    read = [_person(person, number) for number, person in enumerate(people, 1)]
    points = [point for person in read for point in person.points]
    if points and all(0 <= point.x <= 1 and 0 <= point.y <= 1 for point in points):
        read = [_in_pixels(person, width, height) for person in read]
    farthest = max((max(abs(p.x) / width, abs(p.y) / height) for p in points), default=0)
    if farthest > _FARTHEST:
        raise RequestError(
            f"A point of this pose is far outside its map of {width} × {height} pixels.",
            "Does the file tell another size than that in which its points are?",
        )
    return Poses(width=width, height=height, people=tuple(read))


def _size(pose: dict[str, object], size: tuple[int, int] | None) -> tuple[int, int]:
    told = pose.get("canvas_width"), pose.get("canvas_height")
    if told == (None, None):
        if size is None:
            raise RequestError(
                "This pose does not tell how large its map is.",
                "Add canvas_width and canvas_height to it.",
            )
        return size
    sides = [int(side) for side in told if _is_number(side) and LEAST_SIDE <= side <= MOST_SIDE]
    if len(sides) != len(told):
        raise RequestError(
            f"This pose says that its map has {told[0]} × {told[1]} pixels.",
            f"A map's sides have {LEAST_SIDE} to {MOST_SIDE} pixels.",
        )
    return sides[0], sides[1]


def _person(told: object, number: int) -> Person:
    if not _is_object(told):
        raise RequestError(f"Person {number} of this pose is no object.")
    read = partial(_points, told, number)
    body = read("pose_keypoints_2d", "the body", (len(JOINTS), len(_BODY_25) + 7))
    if len(body) > len(JOINTS):
        body = tuple(body[at] for at in _BODY_25)
    face = read("face_keypoints_2d", "the face", (FACE, _FACE_WITHOUT_PUPILS))
    return Person(
        body=body or (None,) * len(JOINTS),
        left_hand=read("hand_left_keypoints_2d", "the left hand", (HAND,)),
        right_hand=read("hand_right_keypoints_2d", "the right hand", (HAND,)),
        face=face + (None,) * (FACE - len(face)) if face else (),
    )


def _points(
    person: dict[str, object], number: int, key: str, part: str, counts: tuple[int, ...]
) -> Points:
    """A part's points; none where the part is missing, or no point of it is seen."""
    told = person.get(key) or []
    numbers = [float(one) for one in told if _is_number(one)] if _is_list(told) else []
    if not _is_list(told) or len(numbers) != len(told) or not all(map(math.isfinite, numbers)):
        raise RequestError(
            f"In this pose, {part} of person {number} is no list of numbers ({key})."
        )
    if told and len(told) not in [3 * count for count in counts]:
        known = " or ".join(str(count) for count in counts)
        raise RequestError(
            f"In this pose, {part} of person {number} has {len(told)} numbers ({key}).",
            f"Easel knows {known} points, three numbers each: x, y, and how certain it is.",
        )
    triples = zip(numbers[::3], numbers[1::3], numbers[2::3], strict=True)
    points = tuple(KeyPoint(x=x, y=y) if seen > 0 else None for x, y, seen in triples)
    return points if any(points) else ()


def _in_pixels(person: Person, width: int, height: int) -> Person:
    def scaled(points: Points) -> Points:
        return tuple(p and KeyPoint(x=p.x * width, y=p.y * height) for p in points)

    return Person(
        body=scaled(person.body),
        left_hand=scaled(person.left_hand),
        right_hand=scaled(person.right_hand),
        face=scaled(person.face),
    )


def _triples(points: Points) -> list[float]:
    """X, y and 1 for each point, three zeros for one that is not seen."""
    told = ((round(p.x, 2), round(p.y, 2), 1.0) if p else (0.0, 0.0, 0.0) for p in points)
    return [number for triple in told for number in triple]


def _is_object(told: object) -> TypeGuard[dict[str, object]]:
    return isinstance(told, dict)


def _is_list(told: object) -> TypeGuard[list[object]]:
    return isinstance(told, list)


def _is_number(told: object) -> TypeGuard[float]:
    return isinstance(told, int | float) and not isinstance(told, bool)
