"""Hugging Face, through its public API.

Sources: huggingface.co/docs/hub/api and what huggingface_hub asks and reads (`list_models`,
`model_info` with the files' metadata). huggingface_hub itself gives no cursor to go on from, reads
answers of any size and opens connections of its own, so that it serves for the saved token only.
"""

import re
from collections.abc import Callable
from urllib.parse import parse_qs, quote, urlsplit

import httpx

from backend.hubs import huggingface_view as view
from backend.hubs.families import family_tag
from backend.hubs.kinds import marks_of
from backend.hubs.network import Network
from backend.hubs.paging import PAGE, gathered
from backend.metadata.loose import as_object, objects
from backend.metadata.plain_text import plain_markdown
from backend.schema.errors import HubError, RequestError
from backend.schema.hubs import HubCard, HubModel, HubPage, HubSearch, Sort

_SORTS: dict[Sort, str] = {"downloads": "downloads", "likes": "likes", "newest": "createdAt"}
_TOLD = (
    "author",
    "cardData",
    "createdAt",
    "downloads",
    "gated",
    "likes",
    "pipeline_tag",
    "sha",
    "tags",
    "widgetData",
)
_REPOSITORY = re.compile(r"[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9_][\w.-]{0,95}")
_REVISION = re.compile(r"[\w][\w./-]{0,199}")


class HuggingFace:
    """Searches Hugging Face and tells what it has."""

    def __init__(self, network: Network, address: str) -> None:
        """Use its API at an address.

        Args:
            network: The way to it.
            address: Its origin.
        """
        self._network = network
        self._address = address.rstrip("/")

    def search(self, wanted: HubSearch) -> HubPage:
        """A page of hits; `period` counts for nothing, as this hub sorts without one.

        Raises:
            HubError: When it does not answer.
        """
        marks = marks_of(wanted.kind) if wanted.kind else None
        tag = family_tag(wanted.family, wanted.kind) if wanted.family else ""
        if (wanted.kind and marks is None) or (wanted.family and not tag):
            return HubPage()
        asked: dict[str, str | int | tuple[str, ...]] = {"limit": PAGE, "expand": _TOLD}
        words = f"{wanted.text} {marks.words if marks else ''}".strip()
        if words:
            asked["search"] = words
        filters = [marks.tags[0]] if marks and not marks.words else []
        filters += [tag] if tag else []
        filters += [f"license:{wanted.licence}"] if wanted.licence else []
        if filters:
            asked["filter"] = tuple(filters)
        pipeline = marks.pipeline if marks else "text-to-image"
        if pipeline:
            asked["pipeline_tag"] = pipeline
        if wanted.sort in _SORTS:
            asked["sort"] = _SORTS[wanted.sort]
        return gathered(wanted.page, self._asker(asked), _filter(wanted))

    def model(self, model_id: str, revision: str = "") -> HubModel:
        """All about a repository; its one version is the commit of a revision, the newest else.

        Raises:
            RequestError: When it is no repository's id, or no revision.
            HubError: When it does not answer, or has no such repository.
        """
        if not _REPOSITORY.fullmatch(model_id) or ".." in model_id:
            raise RequestError(
                f"“{model_id[:100]}” is no repository's id.", "It looks like “owner/name”."
            )
        if revision and (not _REVISION.fullmatch(revision) or ".." in revision):
            raise RequestError("That is no revision.", "Take the link from the page.")
        path = f"/revision/{quote(revision, safe='')}" if revision else ""
        asked = {"blobs": "true"}
        told, _ = self._network.json(f"{self._address}/api/models/{model_id}{path}", asked)
        model = view.model(as_object(told), self._address)
        return model.model_copy(update={"description": self._description(model)})

    def _description(self, model: HubModel) -> str:
        """The words of its README; empty where it has none."""
        commit = model.versions[0].id
        try:
            text = self._network.text(f"{self._address}/{model.card.id}/resolve/{commit}/README.md")
        except HubError:  # many have none, and gated ones may hide it
            return ""
        return plain_markdown(text)

    def _asker(self, asked: dict[str, str | int | tuple[str, ...]]) -> Callable[[str], HubPage]:
        def ask(cursor: str) -> HubPage:
            told, response = self._network.json(
                f"{self._address}/api/models", asked | ({"cursor": cursor} if cursor else {})
            )
            cards = (view.card(item, self._address) for item in objects(told))
            return HubPage(
                cards=tuple(card for card in cards if card is not None),
                next_page=_cursor(response),
            )

        return ask


def _cursor(response: httpx.Response) -> str:
    """Where the next page begins, as the `Link` header tells; empty where there is none."""
    following = response.links.get("next", {}).get("url", "")
    return parse_qs(urlsplit(following).query).get("cursor", [""])[0]


def _filter(wanted: HubSearch) -> Callable[[HubCard], bool]:
    def keeps(card: HubCard) -> bool:
        return (wanted.mature or not card.mature) and (
            not wanted.commercial or card.commercial is True
        )

    return keeps
