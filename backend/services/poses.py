"""Poses that become maps, and maps that are opened as poses again."""

import io
import json
from pathlib import Path
from typing import Final

from backend.control.files import png_of, pose_in
from backend.control.poses import draw_poses
from backend.schema.errors import NotFoundError
from backend.schema.inputs import InputPicture
from backend.schema.jobs import Actor
from backend.schema.poses import PosePreset, Poses, poses_of
from backend.services.inputs import Inputs

_PRESETS = Path(__file__).parents[1] / "control" / "presets"
_LABELS: Final = {
    "standing": "Standing",
    "walking": "Walking",
    "sitting": "Sitting",
    "waving": "Waving",
    "jumping": "Jumping",
    "portrait": "Portrait",
}
"""In the order in which they are offered."""


class PoseMaps:
    """Draws poses as the maps that control models follow; the maps are kept as pictures."""

    def __init__(self, inputs: Inputs) -> None:
        self._inputs = inputs

    def keep(self, actor: Actor, poses: Poses) -> InputPicture:
        """Draw a map; it carries the pose.

        Raises:
            OutputError: When it cannot be written.
        """
        return self._inputs.keep(actor, io.BytesIO(png_of(draw_poses(poses))), "The pose")

    def of(self, actor: Actor, reference: str) -> Poses:
        """The pose that a map was drawn of.

        Raises:
            NotFoundError: When there is no such picture, or it carries no pose.
        """
        found = pose_in(self._inputs.file(actor, reference))
        if found is None:
            raise NotFoundError(
                "This picture carries no pose.",
                "Find the pose in it with the OpenPose preprocessor, or begin with a preset.",
            )
        return found

    def presets(self) -> tuple[PosePreset, ...]:
        """Poses to begin with."""
        return tuple(_preset(name, label) for name, label in _LABELS.items())


def _preset(name: str, label: str) -> PosePreset:
    told = json.loads((_PRESETS / f"{name}.json").read_text(encoding="utf-8"))
    return PosePreset(id=name, label=label, pose=poses_of(told).to_openpose())
