"""What licences allow, as sentences.

Sources: the licences themselves; identifiers as Hugging Face lists them
(huggingface.co/docs/hub/repositories-licenses); CivitAI's permissions as its model pages explain
them (`PermissionIndicator` in civitai/civitai), and the licences of its base models.
"""

from collections.abc import Collection

from backend.metadata.loose import Object, texts_in

_COMMERCIAL = {
    "apache-2.0": True,
    "mit": True,
    "bsd-3-clause": True,
    "openrail": True,
    "openrail++": True,
    "creativeml-openrail-m": True,
    "bigscience-openrail-m": True,
    "faipl-1.0-sd": True,
    "cc0-1.0": True,
    "cc-by-4.0": True,
    "cc-by-sa-4.0": True,
    "unlicense": True,
    "wtfpl": True,
    "agpl-3.0": True,
    "gpl-3.0": True,
    "flux-1-dev-non-commercial-license": False,
    "cc-by-nc-4.0": False,
    "cc-by-nc-sa-4.0": False,
    "cc-by-nc-nd-4.0": False,
    "sdxl-turbo-non-commercial": False,
}
_LIMITED = ("stabilityai-ai-community", "stabilityai-community", "stability-ai-community")
_USES = (
    ("Image", "Pictures made with it may be sold.", "Pictures made with it must not be sold."),
    ("Rent", "Services that make pictures for money may use it.", ""),
    ("Sell", "It may be sold.", "It must not be sold."),
)
_LICENCES = {
    "SD 1": "creativeml-openrail-m",
    "SD 2": "openrail++",
    "SDXL Turbo": "sdxl-turbo-non-commercial",
    "SDXL": "openrail++",
    "Pony": "openrail++",
    "Illustrious": "faipl-1.0-sd",
    "NoobAI": "faipl-1.0-sd",
    "SD 3": "stability-ai-community",
    "Flux.1 S": "apache-2.0",
    "Flux.1": "flux-1-dev-non-commercial-license",
}
"""By how the base model's name on CivitAI begins; the first that fits counts."""


def base_licence(base_model: str) -> str:
    """The licence of a base model, as CivitAI names it; empty where it is not known."""
    return next((one for start, one in _LICENCES.items() if base_model.startswith(start)), "")


def may_earn(licence: str) -> bool | None:
    """Whether a licence allows commercial use; None where that is not known, or depends."""
    known = _COMMERCIAL.get(licence.casefold())
    return False if known is None and "non-commercial" in licence.casefold() else known


def sells_pictures(model: Object) -> bool | None:
    """Whether its pictures may be sold, by CivitAI's permissions; None where it does not tell."""
    return "Image" in _uses(model) if "allowCommercialUse" in model else None


def civitai_terms(model: Object, licence: str) -> tuple[str, ...]:
    """What CivitAI says of a model's permissions, then its base model's licence."""
    terms: list[str] = []
    if "allowCommercialUse" in model:
        uses = _uses(model)
        terms += [may if use in uses else may_not for use, may, may_not in _USES]
    if model.get("allowNoCredit") is False:
        terms.append("Its maker has to be named.")
    if model.get("allowDerivatives") is False:
        terms.append("Merges with it must not be shared.")
    elif model.get("allowDifferentLicense") is False:
        terms.append("Merges with it keep the same permissions.")
    terms += licence_terms(licence, "Its base model's licence") if licence else ()
    return tuple(term for term in terms if term)


def licence_terms(licence: str, whose: str = "Its licence") -> tuple[str, ...]:
    """What is known of a licence."""
    if not licence:
        return ("No licence is told: ask its maker before you use it for more than yourself.",)
    name = f"{whose} is {licence}."
    if licence.casefold() in _LIMITED:
        return (name, "It allows commercial use up to a yearly revenue that it names.")
    allowed = may_earn(licence)
    if allowed is None:
        return (name, "Read it before you use it commercially.")
    return (name, f"It {'allows' if allowed else 'does not allow'} commercial use.")


def _uses(model: Object) -> Collection[str]:
    """CivitAI's commercial uses: a list, or in older answers one that includes those before it."""
    uses = texts_in(model, "allowCommercialUse")
    if isinstance(model.get("allowCommercialUse"), str):
        order = ("Image", "Rent", "Sell")
        return order[: order.index(uses[0]) + 1] if uses and uses[0] in order else ()
    return uses
