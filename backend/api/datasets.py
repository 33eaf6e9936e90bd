"""Datasets over HTTP: pictures and zips are the body, everything else is JSON."""

from typing import Annotated

from anyio import to_thread
from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import FileResponse, Response

from backend.api.answers import actor_of
from backend.api.sent import LARGEST_ZIP, sent
from backend.api.verbs import Verbs
from backend.schema.captioning import CaptionerOffers, CaptionWish
from backend.schema.dataset_views import (
    Chosen,
    ConceptChange,
    DatasetChange,
    DatasetSummary,
    DatasetView,
    FolderSource,
    GallerySource,
    NewCaptions,
    NewDataset,
    OwnPicture,
    Removed,
    TagEdit,
    Taken,
)
from backend.schema.datasets import DatasetReport
from backend.schema.jobs import Actor, JobView

Who = Annotated[Actor, Depends(actor_of)]
Name = Annotated[str, Query(max_length=300)]
Below = Annotated[str, Query(max_length=500)]
Resolution = Annotated[int, Query(ge=64, le=2048)]
_KEPT = {"Cache-Control": "private, max-age=31536000, immutable"}
"""Addresses of pictures change with their files."""


def dataset_router(studio: Verbs) -> APIRouter:
    """Routes that make datasets, fill them, and change what they say."""
    router = APIRouter(prefix="/api/datasets")
    _keep(router, studio)
    _fill(router, studio)
    _change(router, studio)
    _describe(router, studio)
    _show(router, studio)
    return router


def _keep(router: APIRouter, studio: Verbs) -> None:
    @router.get("")
    def every(actor: Who) -> tuple[DatasetSummary, ...]:
        return studio.datasets.all(actor)

    @router.post("")
    def create(wanted: NewDataset, actor: Who) -> DatasetView:
        return studio.datasets.create(actor, wanted)

    @router.get("/{dataset}")
    def view(dataset: str, actor: Who) -> DatasetView:
        return studio.datasets.view(actor, dataset)

    @router.patch("/{dataset}")
    def change(dataset: str, wanted: DatasetChange, actor: Who) -> DatasetView:
        return studio.datasets.change(actor, dataset, wanted)

    @router.delete("/{dataset}")
    def delete(dataset: str, actor: Who) -> Removed:
        return studio.datasets.delete(actor, dataset)

    @router.post("/{dataset}/restore")
    def restore(dataset: str, token: Name, actor: Who) -> DatasetView:
        return studio.datasets.restore(actor, dataset, token)


def _fill(router: APIRouter, studio: Verbs) -> None:
    @router.post("/{dataset}/pictures")
    async def add(
        dataset: str, request: Request, actor: Who, name: Name, concept: Below = ""
    ) -> OwnPicture:
        async with sent(request) as content:
            return await to_thread.run_sync(
                studio.datasets.add, actor, dataset, content, name, concept
            )

    @router.post("/{dataset}/zip")
    async def add_zip(dataset: str, request: Request, actor: Who) -> Taken:
        async with sent(request, LARGEST_ZIP) as content:
            return await to_thread.run_sync(studio.datasets.add_zip, actor, dataset, content)

    @router.post("/{dataset}/folder")
    def add_folder(dataset: str, source: FolderSource, actor: Who) -> Taken:
        return studio.datasets.add_folder(actor, dataset, source)

    @router.post("/{dataset}/gallery")
    def add_pictures(dataset: str, source: GallerySource, actor: Who) -> Taken:
        return studio.datasets.add_pictures(actor, dataset, source)


def _change(router: APIRouter, studio: Verbs) -> None:
    @router.put("/{dataset}/captions", status_code=204)
    def write(dataset: str, wanted: NewCaptions, actor: Who) -> None:
        studio.datasets.write(actor, dataset, wanted.captions)

    @router.post("/{dataset}/tags")
    def edit(dataset: str, wanted: TagEdit, actor: Who) -> DatasetView:
        return studio.datasets.edit(actor, dataset, wanted)

    @router.post("/{dataset}/remove")
    def remove(dataset: str, chosen: Chosen, actor: Who) -> Removed:
        return studio.datasets.remove(actor, dataset, chosen.paths)

    @router.post("/{dataset}/move")
    def move(dataset: str, chosen: Chosen, actor: Who) -> DatasetView:
        return studio.datasets.move(actor, dataset, chosen)

    @router.post("/{dataset}/concepts")
    def put_concept(dataset: str, wanted: ConceptChange, actor: Who) -> DatasetView:
        return studio.datasets.put_concept(actor, dataset, wanted)

    @router.delete("/{dataset}/concepts")
    def drop_concept(dataset: str, folder: Below, actor: Who) -> DatasetView:
        return studio.datasets.drop_concept(actor, dataset, folder)


def _describe(router: APIRouter, studio: Verbs) -> None:
    @router.get("/{dataset}/captioners")
    def captioners(dataset: str, actor: Who) -> CaptionerOffers:
        del dataset  # any may be described by any
        return studio.captioning.offers(actor)

    @router.post("/captioners/{captioner}/fetch")
    def fetch(captioner: str, actor: Who) -> tuple[JobView, ...]:
        return studio.captioning.fetch(actor, captioner)

    @router.post("/{dataset}/describe")
    def describe(dataset: str, wish: CaptionWish, actor: Who) -> JobView:
        return studio.captioning.submit(actor, dataset, wish)


def _show(router: APIRouter, studio: Verbs) -> None:
    @router.get("/{dataset}/checks")
    def check(dataset: str, actor: Who, resolution: Resolution = 512) -> DatasetReport:
        return studio.datasets.check(actor, dataset, resolution)

    @router.get("/{dataset}/picture")
    def picture(dataset: str, path: Below, actor: Who) -> Response:
        return FileResponse(studio.datasets.file(actor, dataset, path), headers=_KEPT)

    @router.get("/{dataset}/thumbnail")
    def thumbnail(dataset: str, path: Below, actor: Who) -> Response:
        small = studio.datasets.thumbnail(actor, dataset, path)
        return FileResponse(small, media_type="image/webp", headers=_KEPT)
