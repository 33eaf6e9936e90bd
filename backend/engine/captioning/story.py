"""The story of a job that writes captions."""

import time
from collections.abc import Iterator
from pathlib import Path

from backend.dataset.captions import caption_of
from backend.engine.accelerator import choose_device, free_bytes, free_memory
from backend.engine.captioning.loading import load_captioner
from backend.engine.context import Context
from backend.engine.residency import Residency
from backend.metadata.opening import open_picture
from backend.outputs.writing import write_atomically
from backend.schema.captioning import CaptionRequest
from backend.schema.errors import NotFoundError, RequestError
from backend.schema.events import Event, Finished, Progress, Stage, Warned


def caption(request: dict[str, object], context: Context) -> Iterator[Event]:
    """Write a caption into the text file beside each picture; each is there before the next begins.

    What somebody wrote in the meantime is kept, unless captions are to be written anew.

    Args:
        request: A `CaptionRequest` as JSON.
        context: The job's surroundings.

    Raises:
        ModelError: When the model is missing or broken.
        OutputError: When a caption cannot be written.
    """
    wanted = CaptionRequest.model_validate(request)
    folder = Path(wanted.captioner)
    yield Stage(sentence=f"Loading {folder.name}")
    if free_bytes(choose_device()) < _room_for(folder):
        context.keep("residency", Residency).free_memory()
    captioner = load_captioner(folder)
    began, written, count = time.perf_counter(), 0, len(wanted.pictures)
    for number, path in enumerate(map(Path, wanted.pictures), 1):
        yield Stage(sentence=f"Describing picture {number} of {count}")
        if path.is_file() and (wanted.again or not _said(path)):
            try:
                words = captioner.describe(open_picture(path).pixels.convert("RGB"))
            except (NotFoundError, RequestError) as error:
                yield Warned(sentence=error.sentence)
                continue
            write_atomically(path.with_suffix(".txt"), words.encode())
            written += 1
        left = (time.perf_counter() - began) / number * (count - number)
        yield Progress(step=number, steps=count, batch=1, batches=1, seconds_left=left)
    del captioner
    free_memory()
    yield Finished(sentence=f"{written} {'caption' if written == 1 else 'captions'} written.")


def _room_for(folder: Path) -> int:
    """Bytes of memory that a captioning model needs, pictures and words included."""
    return 2 * sum(each.stat().st_size for each in folder.glob("*.safetensors"))


def _said(picture: Path) -> bool:
    known = caption_of(picture)
    return bool(known and known.text)
