"""What a unit of ControlNet can choose from, as the page's own code knows it."""

from collections.abc import Iterable

from backend.api.verbs import Verbs
from backend.schema.base import Frozen
from backend.schema.control_types import ControlType
from backend.schema.controls import ControlChoice, ParameterInfo
from backend.schema.jobs import Actor
from backend.schema.maps import PreprocessorOffer


class OfferedPreprocessor(Frozen):
    """What makes maps."""

    id: str
    label: str
    help: str
    type: ControlType
    usual: bool
    stands_in: bool
    automatic: bool
    """Whether it may be taken where nobody chose."""
    parameters: tuple[ParameterInfo, ...]
    aliases: tuple[str, ...]
    """Other programs' names for it."""
    here: bool
    """Whether nothing has to be downloaded first."""
    bytes: int
    """What has to be."""
    source: str
    """From where."""
    licence: str
    """Of what has to be; empty where nobody knows."""
    files: tuple[str, ...]
    """The names of what has to be."""


class Offers(Frozen):
    """Everything that can be chosen with a checkpoint."""

    family: str
    """The checkpoint's, in words; empty where there is none."""
    types: dict[ControlType, str]
    """The kinds of maps in words, in the order in which they are offered."""
    preprocessors: tuple[OfferedPreprocessor, ...]
    models: tuple[ControlChoice, ...]
    """Those that fit the checkpoint first; the others say why not."""


def offers(studio: Verbs, actor: Actor, checkpoint: str) -> Offers:
    """What there is for a checkpoint, by its id; nothing follows maps where there is none."""
    infos = {info.id: info for info in studio.models.checkpoints(actor)}
    chosen = infos.get(checkpoint)
    families = {each.id: each.label for each in studio.models.catalogue().families}
    return Offers(
        family=families.get(chosen.family, "") if chosen else "",
        types={each: each.label for each in ControlType},
        preprocessors=tuple(map(_offered, studio.maps.offers(actor).preprocessors)),
        models=studio.models.controls(actor, chosen.id) if chosen else (),
    )


def _offered(offer: PreprocessorOffer) -> OfferedPreprocessor:
    info = offer.info
    return OfferedPreprocessor(
        id=info.id,
        label=info.label,
        help=info.help,
        type=info.makes,
        usual=info.usual,
        stands_in=info.stands_in,
        automatic=info.automatic,
        parameters=info.parameters,
        aliases=info.aliases,
        here=not offer.missing,
        bytes=sum(each.bytes for each in offer.missing),
        source=_each(weights.repository for weights in offer.missing),
        licence=_each(weights.license for weights in offer.missing),
        files=tuple(weights.file for weights in offer.missing),
    )


def _each(words: Iterable[str]) -> str:
    """Each once."""
    return ", ".join(dict.fromkeys(filter(None, words)))
