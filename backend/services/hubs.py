"""Looking for models on the hubs."""

import re
from collections.abc import Generator
from contextlib import contextmanager
from urllib.parse import parse_qs, unquote, urlsplit

from backend.hubs.civitai import CivitAI
from backend.hubs.huggingface import HuggingFace
from backend.hubs.links import parse_link
from backend.hubs.network import Network
from backend.hubs.refusals import TOKEN_PAGES
from backend.hubs.settings import HubSettings, read_settings
from backend.hubs.tokens import TokenBook
from backend.places import Places
from backend.schema.errors import HubGoneError
from backend.schema.hubs import (
    HubFile,
    HubLink,
    HubModel,
    HubName,
    HubPage,
    HubSearch,
    HubState,
    HubVersion,
)
from backend.schema.jobs import Actor
from backend.services.hub_pictures import HubPictures
from backend.services.owner import only_the_owner

Found = tuple[HubModel, HubVersion]
_HASH = re.compile(r"hash:([0-9a-f]{8,64})", re.IGNORECASE)
"""A file by its hash, of any kind that CivitAI knows, such as the ten digits of A1111."""


@contextmanager
def open_hubs(places: Places, settings: HubSettings | None = None) -> Generator["Hubs"]:
    """Open the hubs without anything else; nothing is asked until somebody asks.

    Args:
        places: The folders; the page may run on the same data folder.
        settings: Where the hubs are; as the data folder and the environment say by default.
    """
    settings = settings or read_settings(places.data / "hubs.json")
    tokens = TokenBook(places.data / "hub-tokens.json", settings)
    network = Network(settings, tokens.of)
    try:
        yield Hubs(network, settings, tokens, HubPictures(network, places.data))
    finally:
        network.close()


class Hubs:
    """What Hugging Face and CivitAI have. All may look; tokens are the owner's.

    Each verb asks a hub and returns when it has answered, or after its time is up.
    """

    def __init__(
        self, network: Network, settings: HubSettings, tokens: TokenBook, pictures: HubPictures
    ) -> None:
        self.network = network
        """The way to the hubs, for downloads."""
        self._settings = settings
        self._tokens = tokens
        self._pictures = pictures
        self._civitai = CivitAI(network, settings.civitai.address)
        self._huggingface = HuggingFace(network, settings.huggingface.address)

    def search(self, actor: Actor, wanted: HubSearch) -> HubPage:
        """A page of hits.

        Raises:
            HubError: When the hub does not answer as it should.
        """
        del actor
        civitai = wanted.hub is HubName.CIVITAI
        page = self._civitai.search(wanted) if civitai else self._huggingface.search(wanted)
        self._pictures.allow(card.picture for card in page.cards)
        return page

    def model(self, actor: Actor, hub: HubName, model_id: str, version_id: str = "") -> HubModel:
        """All about a model.

        Args:
            actor: Who asks.
            hub: Which.
            model_id: As `HubCard.id` gives it.
            version_id: A version that has to be among those told; its samples have settings. On
                Hugging Face a commit or branch, and the only version told.

        Raises:
            RequestError: When there can be no such id.
            HubError: When the hub does not answer as it should, or has it not.
        """
        del actor
        if hub is HubName.CIVITAI:
            return self._shown(self._civitai.model(model_id, version_id))
        return self._shown(self._huggingface.model(model_id, version_id))

    def resolve(self, actor: Actor, text: str) -> tuple[HubModel, HubVersion, HubFile | None]:
        """What a pasted link, AIR identifier, repository's name or `hash:…` points at.

        Where it names no file, the file is the one that is usually taken; None where none is.

        Raises:
            RequestError: When it points at nothing on a hub.
            HubError: When the hub does not answer as it should, or has it not.
        """
        hashed = _HASH.fullmatch(text.strip())
        if hashed:
            return self._hashed(actor, hashed[1])
        link = parse_link(text, self._settings)
        model, version = self._linked(actor, link)
        file = _file_of(link, version)
        if file is None and (link.file or link.query):
            raise HubGoneError(
                f"“{model.card.name}” has no such file, or none that can be used.",
                f"Look at its files on {model.card.page}.",
            )
        return model, version, file

    def _hashed(self, actor: Actor, digits: str) -> tuple[HubModel, HubVersion, None]:
        found = self.version_by_hash(actor, digits)
        if found is None:
            raise HubGoneError(
                f"CivitAI knows no file with the hash {digits[:12]}.",
                "Look for its name: makers often give their files new hashes.",
            )
        return *found, None

    def version_by_hash(self, actor: Actor, sha256: str) -> Found | None:
        """The version on CivitAI that has a file of this hash; None where there is none.

        Raises:
            RequestError: When it is no hash.
            HubError: When CivitAI does not answer as it should.
        """
        del actor
        found = self._civitai.by_hash(sha256)
        return (self._shown(found[0]), found[1]) if found else None

    def versions(self, actor: Actor, model_id: str) -> HubModel | None:
        """A model of CivitAI's with its versions, without its samples' settings; None where gone.

        Raises:
            RequestError: When there can be no such id.
            HubError: When CivitAI does not answer as it should.
        """
        del actor
        try:
            return self._shown(self._civitai.listed(model_id))
        except HubGoneError:
            return None

    def picture(self, actor: Actor, address: str) -> bytes:
        """A small WebP of a picture that a hub named.

        Raises:
            NotFoundError: When no hub named it since Easel started, or it is no picture.
            HubError: When it cannot be had.
            OutputError: When it cannot be kept.
        """
        del actor
        return self._pictures.small(address)

    def state(self, actor: Actor) -> tuple[HubState, ...]:
        """How Easel stands with each hub; never with a token itself."""
        del actor
        return tuple(
            HubState(
                hub=hub,
                label=hub.label,
                has_token=self._tokens.of(hub) is not None,
                token_page=TOKEN_PAGES[hub],
            )
            for hub in HubName
        )

    def set_token(self, actor: Actor, hub: HubName, token: str) -> None:
        """Keep a hub's token in place of the one before.

        Raises:
            NotAllowedError: When a guest asks.
            RequestError: When it cannot be a token.
            OutputError: When it cannot be written.
        """
        only_the_owner(actor, "give tokens")
        self._tokens.keep(hub, token)

    def forget_token(self, actor: Actor, hub: HubName) -> None:
        """Keep a hub's token no more.

        Raises:
            NotAllowedError: When a guest asks.
            OutputError: When that cannot be written.
        """
        only_the_owner(actor, "take tokens away")
        self._tokens.forget(hub)

    def _linked(self, actor: Actor, link: HubLink) -> Found:
        if link.hub is HubName.CIVITAI and not link.model:
            model, version = self._civitai.version(link.version)
            return self._shown(model), version
        model = self.model(actor, link.hub, link.model, link.version)
        at_civitai = link.hub is HubName.CIVITAI
        version = model.version(link.version if at_civitai else "")
        if version is None:
            raise HubGoneError(
                f"“{model.card.name}” has no such version, or not any more.",
                f"Look at its versions on {model.card.page}.",
            )
        return model, version

    def _shown(self, model: HubModel) -> HubModel:
        samples = (sample.address for each in model.versions for sample in each.samples)
        self._pictures.allow((model.card.picture, *samples))
        return model


def _file_of(link: HubLink, version: HubVersion) -> HubFile | None:
    """The file that a link names, or else the one that is usually taken."""
    if link.file:
        return next((one for one in version.files if is_at(one, link.file)), None)
    if link.query:
        return next((one for one in version.files if _asks_for(one, link.query)), None)
    return next((one for one in version.files if one.primary), None)


def is_at(file: HubFile, path: str) -> bool:
    """Whether a file lies at a path of its repository."""
    _, _, inside = urlsplit(file.address).path.partition("/resolve/")
    return unquote(inside.partition("/")[2]) == path


def _asks_for(file: HubFile, query: str) -> bool:
    """Whether a download link's query means a file; its parts may stand in any order."""
    wanted, own = parse_qs(query), parse_qs(urlsplit(file.address).query)
    if own:
        return wanted == own
    usual = {"format": {"safetensors": "SafeTensor", "pickle": "PickleTensor"}.get(file.format)}
    return file.primary and wanted.get("format", [usual["format"]])[0] == usual["format"]
