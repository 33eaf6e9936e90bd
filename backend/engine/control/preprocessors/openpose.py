"""Poses by OpenPose: bodies, and where wanted hands and faces."""

from PIL import Image

from backend.engine.control.base import MapSettings
from backend.engine.control.openpose import BODY, FACES, HANDS, find_people
from backend.engine.control.registry import preprocessor
from backend.engine.control.skeletons import look_at, map_of
from backend.schema.control_types import ControlType
from backend.schema.controls import PreprocessorInfo
from backend.schema.poses import JOINTS


@preprocessor(
    PreprocessorInfo(
        id="openpose",
        label="OpenPose (body)",
        help="Joints and limbs of everybody, as a coloured skeleton.",
        makes=ControlType.POSE,
        aliases=("openpose_body", "pose"),
        weights=(BODY,),
    )
)
def openpose(picture: Image.Image, settings: MapSettings) -> Image.Image:
    """Skeletons on black; the map carries the pose."""
    return map_of(find_people(look_at(picture), settings), picture)


@preprocessor(
    PreprocessorInfo(
        id="openpose_hand",
        label="OpenPose (body, hands)",
        help="Skeletons with fingers.",
        makes=ControlType.POSE,
        weights=(BODY, HANDS),
    )
)
def openpose_hand(picture: Image.Image, settings: MapSettings) -> Image.Image:
    """Skeletons with fingers."""
    return map_of(find_people(look_at(picture), settings, hands=1), picture)


@preprocessor(
    PreprocessorInfo(
        id="openpose_face",
        label="OpenPose (body, face)",
        help="Skeletons with the points of faces.",
        makes=ControlType.POSE,
        weights=(BODY, FACES),
    )
)
def openpose_face(picture: Image.Image, settings: MapSettings) -> Image.Image:
    """Skeletons with the points of faces."""
    return map_of(find_people(look_at(picture), settings, faces=1), picture)


@preprocessor(
    PreprocessorInfo(
        id="openpose_faceonly",
        label="OpenPose (face alone)",
        help="The points of faces, without bodies.",
        makes=ControlType.POSE,
        weights=(BODY, FACES),
    )
)
def openpose_faceonly(picture: Image.Image, settings: MapSettings) -> Image.Image:
    """The points of faces, without bodies."""
    people = find_people(look_at(picture), settings, faces=1)
    nobody = {"body": (None,) * len(JOINTS)}
    return map_of([one.model_copy(update=nobody) for one in people if one.face], picture)


@preprocessor(
    PreprocessorInfo(
        id="openpose_full",
        label="OpenPose (body, hands, face)",
        help="Skeletons with fingers and the points of faces.",
        makes=ControlType.POSE,
        weights=(BODY, HANDS, FACES),
    )
)
def openpose_full(picture: Image.Image, settings: MapSettings) -> Image.Image:
    """Skeletons with fingers and the points of faces."""
    return map_of(find_people(look_at(picture), settings, hands=1, faces=2), picture)
