"""Pictures that a job left on disk before anybody heard of them."""

from pathlib import Path

from PIL import Image

from backend.metadata.own import read_metadata
from backend.metadata.sheets import read_sheet
from backend.metadata.upscaled import read_upscaled
from backend.outputs.naming import find_pictures
from backend.schema.jobs import Job, PictureRequest, PictureView
from backend.schema.series import ResolvedSeries
from backend.schema.upscaling import ResolvedUpscaling


def pictures_on_disk(outputs: Path, job: Job) -> tuple[PictureView, ...]:
    """Every picture of `job` below `outputs` that says itself what it is, by index."""
    wanted = job.picture_request
    found = sorted(find_pictures(outputs, job.id).items())
    whole = ((index, path) for index, path in found if _is_whole(wanted, index, path))
    return tuple(_view(outputs, job, wanted, index, path) for index, path in whole)


def _is_whole(wanted: PictureRequest, index: int, path: Path) -> bool:
    """Whether a file says itself that it is this picture."""
    match wanted:
        case ResolvedSeries() if index < wanted.axes.cells:
            return read_metadata(path) is not None  # it tells of itself as if it were made alone
        case ResolvedSeries():
            metadata = read_sheet(path)
        case ResolvedUpscaling():
            metadata = read_upscaled(path)
        case _:
            metadata = read_metadata(path)
    return metadata is not None and metadata.index == index


def _view(outputs: Path, job: Job, wanted: PictureRequest, index: int, path: Path) -> PictureView:
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
