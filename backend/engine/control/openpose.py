"""Finding people's joints, hands and faces with OpenPose's networks.

Source: Cao et al., “OpenPose: Realtime Multi-Person 2D Pose Estimation using Part Affinity Fields”,
2019, by way of controlnet-aux, whose grouping of joints into people and boxes around hands and
faces are used; its networks are filled here, and faces read here, since it loses the count of
points that are not seen.
"""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from functools import partial
from typing import Protocol, cast

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn import Module, functional

from backend.engine.control.base import MapSettings
from backend.engine.control.pixels import Bytes
from backend.engine.control.seeing import annotator, at_work, attribute_of, part_of
from backend.schema.poses import FACE, KeyPoint, Person, Points

_LICENCE = "CMU, non-commercial use"
BODY = annotator("body_pose_model.pth", 209_267_595, _LICENCE)
HANDS = annotator("hand_pose_model.pth", 147_341_049, _LICENCE)
FACES = annotator("facenet.pth", 153_718_792, _LICENCE)
_FACE_SIDE = 384
_SEEN = 0.05
"""How high the peak of a point of a face has to be."""


class _Joint(Protocol):
    x: float
    y: float


class Body(Protocol):
    """Somebody's joints as controlnet-aux tells them, in pixels."""

    keypoints: Sequence[_Joint | None]


class _FindsBodies(Protocol):
    model: Module

    def __call__(self, picture: Bytes) -> tuple[np.ndarray, np.ndarray]: ...

    def format_body_result(self, candidate: np.ndarray, subset: np.ndarray) -> list[Body]: ...


class _FindsHands(Protocol):
    model: Module

    def __call__(self, picture: Bytes) -> np.ndarray: ...


class _Boxes(Protocol):
    def handDetect(self, body: Body, picture: Bytes) -> list[tuple[int, int, int, bool]]: ...  # noqa: N802  its name

    def faceDetect(self, body: Body, picture: Bytes) -> tuple[int, int, int] | None: ...  # noqa: N802  its name


def find_people(
    picture: Image.Image, settings: MapSettings, *, hands: int = 0, faces: int = 0
) -> tuple[Person, ...]:
    """Everybody in a picture, with joints in its pixels.

    Args:
        picture: RGB.
        settings: Whose first file is `BODY`.
        hands: The place of `HANDS` among the files; 0 to look for none.
        faces: The same for `FACES`.
    """
    pixels = np.ascontiguousarray(np.asarray(picture)[:, :, ::-1])  # blue first, as they learned
    work = partial(_at_work, settings)
    with work("bodypose_model", 0) as network:
        bodies = bodies_in(pixels, network)
    people = [Person(body=_points(body.keypoints)) for body in bodies]
    if hands and bodies:
        with work("handpose_model", hands) as network:
            found = [hands_of(body, pixels, network) for body in bodies]
        people = [one.model_copy(update=more) for one, more in zip(people, found, strict=True)]
    if faces and bodies:
        with at_work(
            part_of("open_pose.face", "FaceNet"), settings.files[faces], settings.device
        ) as n:
            seen = [face_of(body, pixels, n) for body in bodies]
        people = [
            one.model_copy(update={"face": face}) for one, face in zip(people, seen, strict=True)
        ]
    return tuple(people)


def bodies_in(pixels: Bytes, network: Module) -> list[Body]:
    """Everybody's joints.

    Args:
        pixels: Blue first, shape (height, width, 3).
        network: Tells where joints are, and which way limbs run.
    """
    finder = _without_weights("open_pose.body", "Body", network)
    finds = cast("_FindsBodies", finder)
    candidate, subset = finds(pixels)
    return finds.format_body_result(candidate, subset)


def hands_of(body: Body, pixels: Bytes, network: Module) -> dict[str, Points]:
    """The points of somebody's hands: `left_hand` and `right_hand`, where they are seen.

    Args:
        body: Whose.
        pixels: Blue first, shape (height, width, 3).
        network: Tells how likely each point is where.
    """
    finds = cast("_FindsHands", _without_weights("open_pose.hand", "Hand", network))
    found: dict[str, Points] = {}
    for x, y, side, is_left in _boxes().handDetect(body, pixels):
        peaks = finds(pixels[y : y + side, x : x + side])
        points = (KeyPoint(x=x + px, y=y + py) if px or py else None for px, py in peaks.tolist())
        found["left_hand" if is_left else "right_hand"] = tuple(points)
    return {side: points for side, points in found.items() if any(points)}


def face_of(body: Body, pixels: Bytes, network: Module) -> Points:
    """The points of somebody's face; none where no face is seen.

    Args:
        body: Whose.
        pixels: Blue first, shape (height, width, 3).
        network: Tells how likely each point is where.
    """
    box = _boxes().faceDetect(body, pixels)
    if box is None:
        return ()
    x, y, side = box
    crop = torch.from_numpy(pixels[y : y + side, x : x + side].copy()).permute(2, 0, 1)[None]
    device = next(network.parameters()).device
    given = functional.interpolate(
        crop.float(), (_FACE_SIDE, _FACE_SIDE), mode="bilinear", align_corners=False, antialias=True
    )
    heat: Tensor = network((given / 256 - 0.5).to(device))[-1]
    heat = functional.interpolate(heat, (side, side), mode="bilinear", align_corners=True)[0, :FACE]
    values, places = heat.flatten(1).max(1)
    told = zip(values.tolist(), places.tolist(), strict=True)
    points = tuple(
        KeyPoint(x=x + place % side, y=y + place // side) if value > _SEEN else None
        for value, place in told
    )
    return points if any(points) else ()


def _points(joints: Sequence[_Joint | None]) -> Points:
    return tuple(KeyPoint(x=float(j.x), y=float(j.y)) if j else None for j in joints)


def _at_work(settings: MapSettings, name: str, file: int) -> AbstractContextManager[Module]:
    return at_work(partial(built, name), settings.files[file], settings.device)


def built(name: str) -> Module:
    """A network whose published weights lack the first part of their names."""
    network = part_of("open_pose.model", name)()
    network.register_load_state_dict_pre_hook(_with_first_part)
    return network


def _with_first_part(network: Module, tensors: dict[str, Tensor], *_: object) -> None:
    for name in tuple(network.state_dict()):
        bare = name.partition(".")[2]
        if bare in tensors:
            tensors[name] = tensors.pop(bare)


def _without_weights(module: str, name: str, network: Module) -> object:
    """What controlnet-aux finds things with; its own way reads a file by itself."""
    kind = cast("type[_FindsHands]", attribute_of(module, name))
    finder = object.__new__(kind)
    finder.model = network
    return finder


def _boxes() -> _Boxes:
    return cast("_Boxes", attribute_of("open_pose", "util"))
