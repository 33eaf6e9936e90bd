"""Writing pictures and maps that are kept for a while, with the pose that a map carries."""

import io
import json
from pathlib import Path

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from backend.control.poses import POSE_KEY
from backend.schema.errors import NotFoundError, RequestError
from backend.schema.poses import LEAST_SIDE, MOST_SIDE, Poses, poses_of

_QUICKLY = 1
"""PNG's compression; what is kept for a while need not be small."""


def png_of(picture: Image.Image) -> bytes:
    """A picture as PNG; of its texts, the pose alone is kept."""
    texts = PngInfo()
    pose = picture.info.get(POSE_KEY)
    if isinstance(pose, str):
        texts.add_text(POSE_KEY, pose, zip=True)
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", compress_level=_QUICKLY, pnginfo=texts)
    return buffer.getvalue()


def pose_file(path: Path, resolution: int | None = None) -> Poses:
    """Read a pose in OpenPose's JSON.

    Args:
        path: The file.
        resolution: Pixels along the shorter side of its map; None for those that it tells.

    Raises:
        NotFoundError: When there is no such file.
        RequestError: When it is no pose.
    """
    try:
        poses = poses_of(json.loads(path.read_bytes()))
    except OSError as error:
        raise NotFoundError(f"There is no file {path.name}.", "Was it moved or deleted?") from error
    except ValueError as error:
        raise RequestError(
            f"“{path.name}” is no JSON.", "Name a pose in OpenPose's JSON."
        ) from error
    if resolution is None:
        return poses
    sides = poses.width, poses.height
    factor = min(resolution / min(sides), MOST_SIDE / max(sides))
    width, height = (max(LEAST_SIDE, round(side * factor)) for side in sides)
    return poses.fitted(width, height)


def pose_in(path: Path) -> Poses | None:
    """The pose that a map carries; None where it carries none, or none that makes sense.

    Raises:
        OSError: When the file is not there or no picture.
    """
    with Image.open(path) as picture:
        told = picture.info.get(POSE_KEY)
        size = picture.size
    if not isinstance(told, str):
        return None
    try:
        return poses_of(json.loads(told), size)
    except (RequestError, ValueError):
        return None
