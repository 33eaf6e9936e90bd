"""Captions that a model writes."""

from pathlib import Path
from typing import Protocol

from backend.jobs.queue import JobQueue
from backend.library.captioners import FOLDER, captioners_in
from backend.schema.captioning import CaptionerOffer, CaptionerOffers, CaptionRequest, CaptionWish
from backend.schema.errors import ModelMissingError, NotFoundError, RequestError
from backend.schema.jobs import Actor, Job, JobView
from backend.services.datasets import Datasets
from backend.services.owner import only_the_owner

KIND = "caption"
OFFERED = (
    CaptionerOffer(
        id="blip-base",
        label="BLIP",
        writes="a few words",
        repository="Salesforce/blip-image-captioning-base",
        bytes=990_000_000,
        license="BSD-3",
    ),
    CaptionerOffer(
        id="florence-2-base",
        label="Florence-2",
        writes="a sentence or two",
        repository="florence-community/Florence-2-base",
        bytes=465_000_000,
        license="MIT",
    ),
    CaptionerOffer(
        id="wd-vit-tagger-v3",
        label="WD tagger",
        writes="tags, as anime models learned them",
        repository="SmilingWolf/wd-vit-tagger-v3",
        bytes=380_000_000,
        license="Apache 2.0",
    ),
)
"""Models that are known to work; any other of their kinds works as well."""
_ADVICE = (
    "A model can write a first caption for each picture; none is needed. Get one, or put a "
    "folder of its files into {}."
)


class GetsCaptioners(Protocol):
    """Who downloads them; `backend.services.downloads.Downloads` does."""

    def get_captioner(
        self, actor: Actor, wanted: CaptionerOffer, place: str
    ) -> tuple[JobView, ...]:
        """Download a model that describes pictures, each of its files as a job."""
        ...


class Captioning:
    """Turns the pictures of a dataset into a job that describes them."""

    def __init__(
        self, queue: JobQueue, datasets: Datasets, models: Path, downloads: GetsCaptioners
    ) -> None:
        self._downloads = downloads
        self._queue = queue
        self._datasets = datasets
        self._models = models

    def offers(self, actor: Actor) -> CaptionerOffers:
        """The models that can, or how to get one.

        Raises:
            NotAllowedError: When a guest asks.
        """
        only_the_owner(actor, "have captions written")
        there = tuple(captioners_in(self._models))
        known = {each.id for each in there}
        more = tuple(each for each in OFFERED if each.id not in known)
        advice = "" if there else _ADVICE.format(self._models / FOLDER)
        return CaptionerOffers(captioners=there, more=more, advice=advice)

    def fetch(self, actor: Actor, captioner: str) -> tuple[JobView, ...]:
        """Download a model that can, each of its files as a job.

        Raises:
            NotAllowedError: When a guest asks.
            NotFoundError: When no such model is offered, or its repository has it no more.
            HubError: When the hub does not answer as it should.
        """
        only_the_owner(actor, "download captioning models")
        wanted = next((each for each in OFFERED if each.id == captioner), None)
        if wanted is None:
            known = ", ".join(each.id for each in OFFERED)
            raise NotFoundError(
                f"No captioning model “{captioner}” is offered.", f"There are: {known}."
            )
        return self._downloads.get_captioner(actor, wanted, f"{FOLDER}/{wanted.id}")

    def submit(self, actor: Actor, dataset: str, wish: CaptionWish) -> JobView:
        """Queue the captions of a dataset and return at once.

        Raises:
            NotAllowedError: When a guest asks.
            NotFoundError: When there is no such dataset or picture.
            ModelMissingError: When there is no such model.
            RequestError: When every picture has a caption already.
        """
        offers = self.offers(actor)
        known = {each.id for each in offers.captioners}
        chosen = wish.captioner or next(iter(sorted(known)), "")
        if chosen not in known:
            advice = offers.advice or "Choose another one."
            raise ModelMissingError("This captioning model is not here.", advice)
        view = self._datasets.view(actor, dataset)
        silent = (each.path for each in view.pictures if not each.caption and each.width)
        paths = wish.paths or tuple(silent)
        if not paths:
            raise RequestError(
                "Every picture has a caption already.", "Choose those that get a new one."
            )
        request = CaptionRequest(
            captioner=str(self._models / FOLDER / chosen),
            title=view.name,
            pictures=tuple(str(self._datasets.file(actor, dataset, each)) for each in paths),
            again=bool(wish.paths),
        )
        return self._queue.submit(Job.asked(KIND, actor, request)).view()
