"""What a pasted link, identifier or name of a repository points at.

Sources: AIR identifiers (developer.civitai.com/site/guide/air), which CivitAI's pages also show in
short, as `civitai: 4384 @ 128713`; CivitAI's pages and download links; huggingface.co/docs/hub on
repositories' addresses.
"""

import re
from collections.abc import Callable
from urllib.parse import parse_qs, unquote, urlsplit

from backend.hubs.civitai_view import without_token
from backend.hubs.settings import HubSettings
from backend.schema.errors import RequestError
from backend.schema.hubs import LONGEST_SEARCH, HubLink, HubName

_CIVITAI_HOSTS = frozenset({"civitai.com", "www.civitai.com", "civitai.red", "civitai.green"})
_HUGGING_FACE_HOSTS = frozenset({"huggingface.co", "www.huggingface.co", "hf.co"})
_LONGEST_LINK = 10 * LONGEST_SEARCH
_AIR = re.compile(
    r"(?:urn:)?(?:air:)?(?:[\w/-]+:){0,2}(?P<hub>civitai|huggingface):"
    r"(?P<model>[\w./-]+?)(?:@(?P<version>[\w./-]+?))?(?::[\w.-]+)?(?:\.\w+)?",
    re.IGNORECASE,
)
_SHORT_AIR = re.compile(r"(?P<model>\d+)@(?P<version>\d+)")
_REPOSITORY = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9_][\w.-]*")
_MODEL_PAGE = re.compile(r"/(?:api/v1/)?models/(\d+)(?:/.*)?")
_VERSION_PAGE = re.compile(r"/(?:api/v1/)?model-versions/(\d+)/?")
_DOWNLOAD = re.compile(r"/api/download/models/(\d+)/?")
_IN_REPOSITORY = re.compile(r"/(?:tree|blob|resolve|raw)/(refs/[^/]+/[^/]+|[^/]+)(?:/(.*))?")
_OTHER_SECTIONS = frozenset(
    {"datasets", "spaces", "docs", "papers", "collections", "api", "models"}
)
_WHAT = (
    "Paste a model's page, a download link, an AIR identifier, or a repository's name such as "
    "“owner/name”."
)


def parse_link(text: str, settings: HubSettings) -> HubLink:
    """What a text points at. Tokens in it are left behind.

    Raises:
        RequestError: When it points at nothing on a hub.
    """
    pasted = text.strip().strip("<>\"'“”")
    if len(pasted) > _LONGEST_LINK:
        raise RequestError("That is too long for a link.", _WHAT)
    hosts = _hosts(settings)
    if "://" in pasted or pasted.partition("/")[0].casefold() in hosts:
        return _from_address(pasted, hosts)
    return _from_name("".join(pasted.split()))


def _hosts(settings: HubSettings) -> dict[str, HubName]:
    """Each host (with its port, where it has one) and whose it is."""
    known = dict.fromkeys(_CIVITAI_HOSTS, HubName.CIVITAI)
    known |= dict.fromkeys(_HUGGING_FACE_HOSTS, HubName.HUGGING_FACE)
    return known | {urlsplit(settings.of(hub).address).netloc: hub for hub in HubName}


def _from_address(pasted: str, hosts: dict[str, HubName]) -> HubLink:
    address = pasted if "://" in pasted else f"https://{pasted}"
    try:
        parts = urlsplit(address)
    except ValueError as error:
        raise RequestError("That is no address.", _WHAT) from error
    hub = hosts.get(parts.netloc.rpartition("@")[2].casefold())
    if hub is None or parts.scheme not in ("http", "https"):
        raise RequestError(f"“{parts.netloc[:100]}” is no hub of models that Easel knows.", _WHAT)
    read: Callable[[str, str], HubLink | None]
    read = _civitai if hub is HubName.CIVITAI else _hugging_face
    link = read(parts.path, address)
    if link is None:
        raise RequestError(f"That page of {hub.label} is no model's.", _WHAT)
    return link


def _civitai(path: str, address: str) -> HubLink | None:
    if found := _DOWNLOAD.fullmatch(path):
        query = urlsplit(without_token(address)).query
        return HubLink(hub=HubName.CIVITAI, version=found[1], query=query)
    if found := _VERSION_PAGE.fullmatch(path):
        return HubLink(hub=HubName.CIVITAI, version=found[1])
    if found := _MODEL_PAGE.fullmatch(path):
        version = parse_qs(urlsplit(address).query).get("modelVersionId", [""])[0]
        return HubLink(
            hub=HubName.CIVITAI, model=found[1], version=version if version.isdecimal() else ""
        )
    return None


def _hugging_face(path: str, _address: str) -> HubLink | None:
    owner, _, rest = path.strip("/").partition("/")
    name, slash, inside = rest.partition("/")
    model = f"{owner}/{name}"
    if owner in _OTHER_SECTIONS or not _REPOSITORY.fullmatch(model):
        return None
    found = _IN_REPOSITORY.fullmatch(f"/{unquote(inside)}") if slash else None
    if found is None:
        return HubLink(hub=HubName.HUGGING_FACE, model=model)
    is_file = inside.startswith(("blob/", "resolve/", "raw/"))
    return HubLink(
        hub=HubName.HUGGING_FACE,
        model=model,
        version="" if found[1] == "main" else found[1],
        file=(found[2] or "").strip("/") if is_file else "",
    )


def _from_name(name: str) -> HubLink:
    if found := _SHORT_AIR.fullmatch(name):
        return HubLink(hub=HubName.CIVITAI, model=found["model"], version=found["version"])
    if found := _AIR.fullmatch(name):
        hub, version = HubName(found["hub"].casefold()), found["version"] or ""
        version = "" if version == "main" else version
        fits = str.isdecimal if hub is HubName.CIVITAI else _REPOSITORY.fullmatch
        if fits(found["model"]):
            return HubLink(
                hub=hub, model=found["model"], version="" if version == "main" else version
            )
    elif _REPOSITORY.fullmatch(name):
        return HubLink(hub=HubName.HUGGING_FACE, model=name)
    raise RequestError(f"“{name[:100]}” points at no model.", _WHAT)
