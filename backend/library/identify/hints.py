"""What the tensors do not say and the metadata or the file's name may: training, distillation."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from backend.library.identify.contents import Contents
from backend.library.identify.finding import SD3_FAMILIES, Finding
from backend.schema.library import SideCar
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
_ARCHITECTURES = (
    # how metadata begins to name a family
    ("stable-diffusion-v1", Family.SD15),
    ("stable-diffusion-v2", Family.SD2),
    ("stable-diffusion-xl", Family.SDXL),
    ("flux", Family.FLUX1),
    ("sd_v1", Family.SD15),
    ("sd_v2", Family.SD2),
    ("sdxl", Family.SDXL),
)
_NAMED_V = re.compile(r"v[-_ ]?pred(iction)?(?![a-z])")
_FLOW = (*SD3_FAMILIES, Family.FLUX1)


Source = Literal["card", "metadata", "name"]


@dataclass(frozen=True)
class Told:
    """What is said of a model besides its tensors, from the weakest word to the strongest."""

    name: str
    metadata: Mapping[str, str] = field(default_factory=dict[str, str])
    card: SideCar = field(default_factory=SideCar)

    @property
    def words(self) -> tuple[tuple[Source, str], ...]:
        """Where something may be said of its training, and what, in lower case."""
        noted = [self.metadata.get(f"modelspec.{key}", "") for key in ("title", "architecture")]
        return (
            ("card", self.card.base_model.lower()),
            ("metadata", " ".join(noted).lower()),
            ("name", self.name.lower()),
        )


def hinted_variants(finding: Finding, told: Told) -> tuple[Fact, ...]:
    """The variants of the tensors, then what else is told of this family's."""
    facts = [Fact(value=value, source="tensors") for value in finding.variants]
    if finding.kind not in (*_DRAWING, ModelKind.LORA):
        return tuple(facts)
    for value, pattern, families in _NAMED:
        if families and finding.family not in families:
            continue
        if any(fact.value == value for fact in facts):
            continue
        sources: list[Source] = [source for source, words in told.words if pattern.search(words)]
        facts.extend(Fact(value=value, source=source) for source in sources[:1])
    return tuple(facts)


def with_told_family(finding: Finding, metadata: Mapping[str, str]) -> Finding:
    """What was found, with the family that an adapter's metadata names where its tensors leave it.

    Source: the values of `modelspec.architecture` (Stability's ModelSpec 1.0) and of
    `ss_base_model_version`, which kohya's sd-scripts write.
    """
    if finding.kind is not ModelKind.LORA or finding.family is not Family.UNKNOWN or finding.fits:
        return finding
    told = metadata.get("modelspec.architecture") or metadata.get("ss_base_model_version", "")
    named = (family for start, family in _ARCHITECTURES if told.lower().startswith(start))
    found = next(named, None)
    return replace(finding, family=found) if found else finding


def prediction_of(finding: Finding, contents: Contents, told: Told) -> Fact | None:
    """What a network predicts: told by marks, side-car, metadata or name, or assumed."""
    if finding.kind not in _DRAWING:
        return None
    if finding.family in _FLOW:
        return Fact(value="flow", source="tensors")
    return _told(contents, told) or _assumed(finding, told.name.lower())


def _told(contents: Contents, told: Told) -> Fact | None:
    if contents.has("v_pred"):  # an empty tensor that makers add to say so
        return Fact(value="v", source="tensors")
    if contents.has("edm_mean") or contents.has("edm_vpred.sigma_max"):
        return Fact(value="edm", source="tensors")
    if told.card.prediction:
        return Fact(value=told.card.prediction, source="card")
    noted = _PREDICTIONS.get(told.metadata.get("modelspec.prediction_type", "").lower())
    if noted:
        return Fact(value=noted, source="metadata")
    return Fact(value="v", source="name") if _NAMED_V.search(told.name.lower()) else None


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
