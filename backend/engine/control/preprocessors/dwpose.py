"""Poses by DWPose: bodies, hands and faces."""

from PIL import Image

from backend.engine.control.base import MapSettings
from backend.engine.control.registry import preprocessor
from backend.engine.control.skeletons import look_at, map_of
from backend.engine.control.wholebody import DETECTOR, POINTS, find_people
from backend.schema.control_types import ControlType
from backend.schema.controls import PreprocessorInfo


@preprocessor(
    PreprocessorInfo(
        id="dw_openpose_full",
        label="DWPose (body, hands, face)",
        help="Skeletons with fingers and faces, surer than OpenPose's where people are covered.",
        makes=ControlType.POSE,
        aliases=("dwpose", "dw_openpose"),
        weights=(DETECTOR, POINTS),
        usual=True,
    )
)
def dwpose(picture: Image.Image, settings: MapSettings) -> Image.Image:
    """Skeletons on black; the map carries the pose."""
    return map_of(find_people(look_at(picture), settings), picture)
