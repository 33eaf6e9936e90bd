"""Maps of the people that were found in a picture."""

from collections.abc import Sequence

from PIL import Image

from backend.control.poses import draw_poses
from backend.schema.poses import LEAST_SIDE, MOST_PEOPLE, MOST_SIDE, Person, Poses


def look_at(picture: Image.Image) -> Image.Image:
    """A picture at a size that a pose can have."""
    width, height = (min(max(side, LEAST_SIDE), MOST_SIDE) for side in picture.size)
    if (width, height) == picture.size:
        return picture
    return picture.resize((width, height), Image.Resampling.LANCZOS)


def map_of(people: Sequence[Person], picture: Image.Image) -> Image.Image:
    """The map of people; it carries their pose, so that it can be edited.

    Args:
        people: With joints in the pixels of `look_at(picture)`.
        picture: What they were found in; the map is as large.
    """
    width, height = look_at(picture).size
    poses = Poses(width=width, height=height, people=tuple(people[:MOST_PEOPLE]))
    drawn = draw_poses(poses)
    return drawn if drawn.size == picture.size else drawn.resize(picture.size)
