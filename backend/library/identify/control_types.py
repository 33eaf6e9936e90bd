"""Which maps a control model follows: told by its kind, its card, its metadata or its name.

Sources: the names of the published ControlNets, T2I-Adapters and union models, and the kinds of
maps that the union models' cards list.
"""

import re

from backend.library.identify.finding import SD3_FAMILIES, Finding
from backend.library.identify.hints import Told
from backend.schema.control_types import ControlType
from backend.schema.models import Fact, Family, ModelKind

_UNET_UNION = (
    ControlType.CANNY,
    ControlType.SOFT_EDGE,
    ControlType.STRAIGHT_LINES,
    ControlType.LINE_ART,
    ControlType.ANIME_LINE_ART,
    ControlType.SCRIBBLE,
    ControlType.DEPTH,
    ControlType.NORMAL,
    ControlType.POSE,
    ControlType.SEGMENTATION,
)
_ALSO_PRO_MAX = (ControlType.TILE, ControlType.INPAINT)
_TRANSFORMER_UNION = (
    ControlType.CANNY,
    ControlType.TILE,
    ControlType.DEPTH,
    ControlType.BLUR,
    ControlType.POSE,
    ControlType.RECOLOUR,
)
_TRANSFORMER_UNION_UNTOLD = (
    # Shakker Labs' second one, which is not told what its map shows
    ControlType.CANNY,
    ControlType.SOFT_EDGE,
    ControlType.DEPTH,
    ControlType.POSE,
    ControlType.RECOLOUR,
)
_ANY_LINE = (
    ControlType.LINE_ART,
    ControlType.ANIME_LINE_ART,
    ControlType.CANNY,
    ControlType.SOFT_EDGE,
    ControlType.SCRIBBLE,
)
_NAMED: tuple[tuple[re.Pattern[str], tuple[ControlType, ...]], ...] = tuple(
    (re.compile(pattern), types)
    for pattern, types in (
        # in order: a name may have several of these words, and the first that it has counts
        (r"mistoline|anyline|anytest", _ANY_LINE),
        (r"line[-_ ]?art[-_ ]?anime|anime[-_ ]?line", (ControlType.ANIME_LINE_ART,)),
        (r"line[-_ ]?art", (ControlType.LINE_ART,)),
        (r"scribble|sketch", (ControlType.SCRIBBLE,)),
        (r"soft[-_ ]?edge|(?<![a-z])(hed|pidi|pidinet|teed)(?![a-z])", (ControlType.SOFT_EDGE,)),
        (r"mlsd|m-lsd", (ControlType.STRAIGHT_LINES,)),
        (r"canny", (ControlType.CANNY,)),
        (r"depth|midas|zoe", (ControlType.DEPTH,)),
        (r"normal", (ControlType.NORMAL,)),
        (r"pose", (ControlType.POSE,)),
        (r"(?<![a-z])seg(mentation)?(?![a-z])", (ControlType.SEGMENTATION,)),
        (r"shuffle", (ControlType.SHUFFLE,)),
        (r"recolou?r|(?<![a-z])gr[ae]y", (ControlType.RECOLOUR,)),
        (r"in[-_ ]?paint", (ControlType.INPAINT,)),
        (r"(?<![a-z])tile|upscaler", (ControlType.TILE,)),
        (r"blur", (ControlType.BLUR,)),
        (r"brightness|illumination|qr[-_ ]?(code|pattern)|monster", (ControlType.BRIGHTNESS,)),
        (r"colou?r", (ControlType.COLOUR,)),
    )
)
_TRANSFORMERS = (*SD3_FAMILIES, Family.FLUX1)
_UNION = re.compile(r"union|pro[-_ ]?max")
_FACE = re.compile(r"face")


def named_variants(finding: Finding, told: Told) -> tuple[Fact, ...]:
    """The variants of a control model that its tensors leave to its name.

    Some union models hold nothing that tells; that an IP-Adapter looks at faces shows in none.
    """
    patterns = {ModelKind.CONTROLNET: ("union", _UNION), ModelKind.IP_ADAPTER: ("face", _FACE)}
    value, pattern = patterns.get(finding.kind, ("", _UNION))
    if not value or value in finding.variants or not _says(told, pattern):
        return ()
    return (Fact(value=value, source="name"),)


def control_types(finding: Finding, told: Told) -> tuple[ControlType, ...]:
    """What maps it follows, the likeliest first; none where nothing tells.

    Args:
        finding: What its tensors say.
        told: What is said of it besides them.
    """
    if finding.kind is ModelKind.IP_ADAPTER:
        return (ControlType.REFERENCE,)
    if finding.kind not in (ModelKind.CONTROLNET, ModelKind.T2I_ADAPTER):
        return ()
    if "inpainting" in finding.variants and finding.family in _TRANSFORMERS:
        return (ControlType.INPAINT,)
    if "union" in finding.variants or _says(told, _UNION):
        return _union(finding, told)
    untold = (ControlType.INPAINT,) if "inpainting" in finding.variants else ()
    return next((types for words in _words(told) if (types := _named(words))), untold)


def _union(finding: Finding, told: Told) -> tuple[ControlType, ...]:
    if finding.family in (Family.SD15, Family.SD2, Family.SDXL, Family.UNKNOWN):
        whole = _says(told, re.compile(r"pro[-_ ]?max"))
        return (*_UNET_UNION, *_ALSO_PRO_MAX) if whole else _UNET_UNION
    return _TRANSFORMER_UNION if "union" in finding.variants else _TRANSFORMER_UNION_UNTOLD


def _says(told: Told, pattern: re.Pattern[str]) -> bool:
    return any(pattern.search(words) for words in _words(told))


def _words(told: Told) -> tuple[str, ...]:
    """What it is called, the most particular first: a card may speak of a whole collection."""
    title = told.metadata.get("modelspec.title", "")
    return (told.name.lower(), title.lower(), told.card.title.lower())


def _named(words: str) -> tuple[ControlType, ...]:
    return next((types for pattern, types in _NAMED if pattern.search(words)), ())
