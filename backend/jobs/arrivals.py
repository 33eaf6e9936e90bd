"""Pictures as the engine tells of them."""

import base64
import time

from backend.jobs.record import Record
from backend.schema.events import ImageReady, ImageUnsaved
from backend.schema.jobs import PictureView


def picture_of(record: Record, event: ImageReady | ImageUnsaved) -> PictureView:
    """The picture that a job just made."""
    return PictureView(
        id=f"{record.job.id}-{event.index}",
        job=record.job.id,
        index=event.index,
        owner=record.job.owner,
        path=event.path,
        width=event.width,
        height=event.height,
        seed=event.seed,
        prompt=record.job.picture_request.prompt_of(event.index).positive,
        created=time.time(),
        saved=isinstance(event, ImageReady),
    )


def held_png(event: ImageUnsaved) -> bytes:
    """The whole file of a picture that the disk refused."""
    return base64.b64decode(event.png)
