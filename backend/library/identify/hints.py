"""What the tensors do not say and the metadata or the file's name may: training, distillation."""

import re
from collections.abc import Mapping

from backend.library.identify.contents import Contents
from backend.library.identify.finding import SD3_FAMILIES, Finding
from backend.schema.models import Fact, Family, ModelKind

_DRAWING = (ModelKind.CHECKPOINT, ModelKind.DIFFUSION_MODEL)
_NAMED = (
    # a variant, how names write it, and the families that have it
    ("lightning", re.compile(r"lightning"), (Family.SDXL,)),
    ("hyper", re.compile(r"hyper[-_ ]?sd|hyper[-_ ]?flux|hyper[-_ ]?\d+step"), ()),
    ("turbo", re.compile(r"turbo"), (Family.SDXL, Family.SD2, Family.SD35_LARGE)),
    ("lcm", re.compile(r"(?<![a-z])lcm(?![a-z])"), ()),
    ("pony", re.compile(r"pony"), (Family.SDXL,)),
    ("illustrious", re.compile(r"illustrious|(?<![a-z])noob"), (Family.SDXL,)),
)
_PREDICTIONS = {
    "epsilon": "epsilon",
    "eps": "epsilon",
    "v": "v",
    "v_prediction": "v",
    "v-prediction": "v",
}
_NAMED_V = re.compile(r"v[-_ ]?pred(iction)?(?![a-z])")
_FLOW = (*SD3_FAMILIES, Family.FLUX1)


def hinted_variants(finding: Finding, metadata: Mapping[str, str], name: str) -> tuple[Fact, ...]:
    """The variants of the tensors, then what metadata and the name add for this family."""
    facts = [Fact(value=value, source="tensors") for value in finding.variants]
    if finding.kind not in (*_DRAWING, ModelKind.LORA):
        return tuple(facts)
    told = metadata.get("modelspec.title", "") + " " + metadata.get("modelspec.architecture", "")
    for value, pattern, families in _NAMED:
        if families and finding.family not in families:
            continue
        if any(fact.value == value for fact in facts):
            continue
        if pattern.search(told.lower()):
            facts.append(Fact(value=value, source="metadata"))
        elif pattern.search(name.lower()):
            facts.append(Fact(value=value, source="name"))
    return tuple(facts)


def prediction_of(
    finding: Finding, contents: Contents, metadata: Mapping[str, str], name: str
) -> Fact | None:
    """What a network predicts: told by marks, by metadata, by the name, or assumed."""
    if finding.kind not in _DRAWING:
        return None
    if finding.family in _FLOW:
        return Fact(value="flow", source="tensors")
    return _told(contents, metadata, name.lower()) or _assumed(finding, name.lower())


def _told(contents: Contents, metadata: Mapping[str, str], name: str) -> Fact | None:
    if contents.has("v_pred"):  # an empty tensor that makers add to say so
        return Fact(value="v", source="tensors")
    if contents.has("edm_mean") or contents.has("edm_vpred.sigma_max"):
        return Fact(value="edm", source="tensors")
    noted = _PREDICTIONS.get(metadata.get("modelspec.prediction_type", "").lower())
    if noted:
        return Fact(value=noted, source="metadata")
    return Fact(value="v", source="name") if _NAMED_V.search(name) else None


def _assumed(finding: Finding, name: str) -> Fact | None:
    if finding.family in (Family.SD15, Family.SDXL, Family.SDXL_REFINER):
        return Fact(value="epsilon", source="assumed")
    if finding.family is not Family.SD2:
        return None
    # SD 2's base, inpainting and depth models and SD-Turbo predict noise, its 768 models velocity.
    plain = {"inpainting", "depth"} & set(finding.variants)
    named = any(word in name for word in ("base", "512", "turbo"))
    if plain or named:
        return Fact(value="epsilon", source="tensors" if plain else "name")
    return Fact(value="v", source="assumed")
