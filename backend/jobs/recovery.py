"""Pictures that a job left on disk before anybody heard of them."""

from pathlib import Path

from PIL import Image

from backend.metadata.own import read_metadata
from backend.metadata.upscaled import read_upscaled
from backend.outputs.naming import find_pictures
from backend.schema.jobs import Job, PictureView


def pictures_on_disk(outputs: Path, job: Job) -> tuple[PictureView, ...]:
    """Every picture of `job` below `outputs` that says itself what it is, by index."""
    found = sorted(find_pictures(outputs, job.id).items())
    views = (_view(outputs, job, index, path) for index, path in found)
    return tuple(view for view in views if view is not None)


def _view(outputs: Path, job: Job, index: int, path: Path) -> PictureView | None:
    metadata = read_upscaled(path) if job.kind == "upscale" else read_metadata(path)
    if metadata is None or metadata.index != index:
        return None
    wanted = job.picture_request
    with Image.open(path) as opened:
        width, height = opened.size
    return PictureView(
        id=f"{job.id}-{index}",
        job=job.id,
        index=index,
        owner=job.owner,
        path=path.relative_to(outputs).as_posix(),
        width=width,
        height=height,
        seed=wanted.seed_of(index),
        prompt=wanted.prompt_of(index).positive,
        created=path.stat().st_mtime,
    )
