"""The story of a job that makes a map."""

from collections.abc import Iterator
from pathlib import Path

from backend.control.files import png_of
from backend.engine.accelerator import choose_device, free_bytes
from backend.engine.context import Context
from backend.engine.control.maps import make_map
from backend.engine.control.seeing import device_for
from backend.engine.residency import Residency
from backend.outputs.input_files import FOLDER, keep_input
from backend.schema.controls import MapRequest
from backend.schema.events import Event, Finished, Stage

_TIMES = 2
"""The size of a preprocessor's weights that have to be free; else what others keep has to go."""


def make(request: dict[str, object], context: Context) -> Iterator[Event]:
    """Make a map and keep it as a picture that requests can refer to.

    Args:
        request: A `MapRequest` as JSON.
        context: The job's surroundings.

    Raises:
        NotFoundError: When the picture is gone.
        RequestError: When the picture cannot be read.
        ModelError: When the preprocessor's weights are missing or broken.
        OutputError: When the map cannot be written.
    """
    wanted = MapRequest.model_validate(request)
    yield Stage(sentence="Making the map")
    files = [path for path in map(Path, wanted.files) if path.exists()]
    device = device_for(choose_device(), files)
    if free_bytes(device) < _TIMES * sum(each.stat().st_size for each in files):
        context.keep("residency", Residency).free_memory()
    made = make_map(wanted, context.places.data, device)
    kept = keep_input(context.places.data / FOLDER, png_of(made), made.size)
    yield Finished(sentence=f"The map has {kept.width} × {kept.height} pixels.", map=kept)
