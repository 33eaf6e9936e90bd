"""CivitAI, through its public REST API.

Sources: developer.civitai.com/site/reference (models, model-versions, images, enums) and the
handlers under `src/pages/api/v1` in civitai/civitai: a text search filters by kind and family only
after it took a page of hits, so that pages may be short; settings of sample pictures come with a
version, not with its model.
"""

import re
from collections.abc import Callable

from backend.hubs import civitai_view as view
from backend.hubs.families import civitai_base_models
from backend.hubs.kinds import civitai_types
from backend.hubs.network import Network
from backend.hubs.paging import PAGE, gathered
from backend.metadata.loose import Object, as_object, object_in, objects_in
from backend.schema.errors import HubError, HubGoneError, RequestError
from backend.schema.hubs import HubCard, HubModel, HubPage, HubSearch, HubVersion, Period, Sort

_SORTS: dict[Sort, str] = {
    "downloads": "Most Downloaded",
    "likes": "Most Liked",
    "newest": "Newest",
}
_PERIODS: dict[Period, str] = {
    "all": "AllTime",
    "year": "Year",
    "month": "Month",
    "week": "Week",
    "day": "Day",
}
_NUMBER = re.compile(r"\d{1,12}")
_HASH = re.compile(r"[0-9a-fA-F]{8,64}")


class CivitAI:
    """Searches CivitAI and tells what it has."""

    def __init__(self, network: Network, address: str) -> None:
        """Use its API at an address.

        Args:
            network: The way to it.
            address: Its origin.
        """
        self._network = network
        self._address = address.rstrip("/")

    def search(self, wanted: HubSearch) -> HubPage:
        """A page of hits.

        Raises:
            HubError: When it does not answer.
        """
        types = civitai_types(wanted.kind)
        families = civitai_base_models(wanted.family) if wanted.family else ()
        if not types or (wanted.family and not families):
            return HubPage()
        asked: dict[str, str | int | tuple[str, ...]] = {
            "limit": PAGE,
            "types": types,
            "nsfw": "true" if wanted.mature else "false",
            "period": _PERIODS[wanted.period],
        }
        if wanted.text.strip():
            asked["query"] = wanted.text.strip()
        if wanted.sort in _SORTS:
            asked["sort"] = _SORTS[wanted.sort]
        if families:
            asked["baseModels"] = families
        if wanted.commercial:
            asked["allowCommercialUse"] = ("Image",)
        return gathered(wanted.page, self._asker(asked, wanted), _filter(wanted))

    def model(self, model_id: str, version_id: str = "") -> HubModel:
        """All about a model; the settings of the samples of one version, the newest by default.

        Raises:
            HubError: When it does not answer, or has no such model.
        """
        model = self.listed(model_id)
        wanted = version_id or next((each.id for each in model.versions), "")
        if not wanted:
            return model
        try:
            more = self._get(f"model-versions/{_checked(wanted)}")
        except HubError:
            if model.version(wanted) is None:
                raise
            return model  # the samples' settings alone are no reason to show nothing
        its_own = str(more.get("modelId")) == model.card.id
        return view.with_version(model, more) if its_own else model

    def listed(self, model_id: str) -> HubModel:
        """A model without the settings of its samples, which is one question instead of two.

        Raises:
            HubError: When it does not answer, or has no such model.
        """
        return view.model(self._get(f"models/{_checked(model_id)}"), self._address)

    def version(self, version_id: str) -> tuple[HubModel, HubVersion]:
        """A version and its model.

        Raises:
            HubError: When it does not answer, or has no such version.
        """
        return self._of_version(self._get(f"model-versions/{_checked(version_id)}"))

    def by_hash(self, sha256: str) -> tuple[HubModel, HubVersion] | None:
        """The version that has a file of this hash, and its model; None where there is none.

        Raises:
            RequestError: When it is no hash.
            HubError: When it does not answer.
        """
        if not _HASH.fullmatch(sha256):
            raise RequestError(f"“{sha256[:64]}” is no hash.", "Give a SHA-256, in hexadecimal.")
        try:
            return self._of_version(self._get(f"model-versions/by-hash/{sha256.upper()}"))
        except HubGoneError:
            return None

    def _of_version(self, told: Object) -> tuple[HubModel, HubVersion]:
        model_id, version_id = told.get("modelId"), str(told.get("id", ""))
        if not isinstance(model_id, int):
            raise _gone()
        model = view.model(self._get(f"models/{model_id}"), self._address)
        whole = view.with_version(model, told)
        version = whole.version(version_id)
        if version is None:
            raise _gone()
        return whole, version

    def _asker(
        self, asked: dict[str, str | int | tuple[str, ...]], wanted: HubSearch
    ) -> Callable[[str], HubPage]:
        def ask(cursor: str) -> HubPage:
            told = self._get("models", asked | ({"cursor": cursor} if cursor else {}))
            cards = [
                view.card(item, self._address, mature=wanted.mature)
                for item in objects_in(told, "items")
            ]
            following = object_in(told, "metadata").get("nextCursor")
            return HubPage(
                cards=tuple(card for card in cards if card is not None),
                next_page=str(following) if isinstance(following, str | int) else "",
            )

        return ask

    def _get(
        self, path: str, parameters: dict[str, str | int | tuple[str, ...]] | None = None
    ) -> Object:
        told, _ = self._network.json(f"{self._address}/api/v1/{path}", parameters)
        return as_object(told)


def _filter(wanted: HubSearch) -> Callable[[HubCard], bool]:
    def keeps(card: HubCard) -> bool:
        return (
            (wanted.mature or not card.mature)
            and (not wanted.commercial or card.commercial is True)
            and (not wanted.licence or card.licence == wanted.licence)
            and wanted.family in (None, card.family)
        )

    return keeps


def _checked(number: str) -> str:
    """A number of CivitAI's, safe in a path."""
    if not _NUMBER.fullmatch(number):
        raise RequestError(f"“{number[:40]}” is no number of CivitAI's.", "Take its page's link.")
    return number


def _gone() -> HubGoneError:
    return HubGoneError("CivitAI has no such model, or not any more.", "Search for it by name.")
