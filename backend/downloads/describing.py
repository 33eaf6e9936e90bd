"""What a hub tells of a model, written beside its file: side-cars and preview."""

import logging
from collections.abc import Iterator
from pathlib import Path

from backend.downloads.cards import has_preview, write_cards, write_preview
from backend.downloads.ports import Network
from backend.schema.downloads import DownloadRequest
from backend.schema.errors import EaselError
from backend.schema.events import Event, Stage, Warned

LOG = logging.getLogger(__name__)


def describe(
    model: Path, request: DownloadRequest, sha256: str, network: Network
) -> Iterator[Event]:
    """Write what is not there yet; a model without it is a model all the same."""
    try:
        write_cards(model, request, sha256)
    except EaselError as error:
        yield Warned(sentence=str(error))
    if request.sample is None or has_preview(model):
        return
    yield Stage(sentence="Getting its preview")
    try:
        write_preview(model, network.picture(request.sample.address))
    except EaselError as error:
        LOG.info("describe.without_preview model=%s code=%s", model.name, error.code)
