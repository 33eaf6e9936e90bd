"""All that a hub tells of one model, for the pane beside the hits."""

from collections import Counter
from collections.abc import Iterable, Sequence
from functools import partial

from backend.api.verbs import Verbs
from backend.metadata import infotext
from backend.schema.base import Frozen
from backend.schema.catalogue import Catalogue
from backend.schema.fields import Scalar
from backend.schema.hubs import HubFile, HubModel, HubSample, HubVersion
from backend.schema.jobs import Actor, Role
from backend.schema.sampling_settings import RANDOM_SEED
from backend.schema.sizes import readable_bytes
from ui.browser.find import Here
from ui.browser.hits import DRAWING, Fitting, joined, kind_of, short
from ui.memory.fits import Fit, fit_of_size

_MOST_SAMPLES = 12
_TAKEN = ("prompt.", "size.", "sampling.", "seed.")
"""What a sample's settings say of the form; its model is another matter."""
_FORMATS = {"safetensors": "safetensors", "gguf": "GGUF", "pickle": "pickle", "other": ""}


class ShownVersion(Frozen):
    """A version that can be chosen."""

    id: str
    label: str


class ShownFile(Frozen):
    """A file that can be downloaded."""

    name: str
    facts: str
    size: str
    usual: bool
    pickle: bool
    usable: bool
    """Whether it is in a form that Easel downloads."""
    here: str
    """The library's id; empty where it is not here."""
    fit: Fit | None


class ShownSample(Frozen):
    """A sample picture, and what it was made with."""

    address: str
    prompt: str
    fields: dict[str, Scalar]
    """For the form; empty where its settings are not told."""


class ShownModel(Frozen):
    """Everything that the pane shows."""

    hub: str
    hub_label: str
    id: str
    version: str
    name: str
    page: str
    line: str
    more: str
    tags: tuple[str, ...]
    description: str
    terms: tuple[str, ...]
    versions: tuple[ShownVersion, ...]
    files: tuple[ShownFile, ...]
    words: tuple[str, ...]
    usual: str
    """How it is usually used, as a sentence."""
    samples: tuple[ShownSample, ...]
    here: str
    """The library's id of a file of this version that is here and can draw; usually empty."""
    mine: bool
    """Whether the person may download."""
    gated: bool
    has_token: bool


def shown_model(
    studio: Verbs, actor: Actor, model: HubModel, version: HubVersion, *, mature: bool
) -> ShownModel:
    """Gather what is told of a version of a model.

    Args:
        studio: The verbs.
        actor: Who looks.
        model: What the hub told.
        version: The version that is looked at.
        mature: Whether samples for adults are shown.
    """
    card, here = model.card, Here.of(studio.models.library(actor))
    fitting = partial(fit_of_size, studio.memory, actor)
    files = tuple(_file(each, model, version, here, fitting) for each in version.files)
    catalogue = studio.models.catalogue()
    pictures = [each for each in version.samples if mature or not each.mature][:_MOST_SAMPLES]
    samples = tuple(_sample(each, catalogue) for each in pictures)
    able = {info.id for info in studio.models.checkpoints(actor) if not info.problem}
    states = {state.hub: state for state in studio.hubs.state(actor)}
    likes = f"{short(card.likes)} likes" if card.likes else ""
    return ShownModel(
        hub=card.hub.value,
        hub_label=card.hub.label,
        id=card.id,
        version=version.id,
        name=card.name,
        page=card.page,
        line=joined(f"by {card.author}" if card.author else "", kind_of(card.kind)),
        more=joined(version.family_label, f"{card.downloads:,} downloads", likes),
        tags=model.tags[:_MOST_SAMPLES],
        description=model.description,
        terms=model.terms,
        versions=tuple(_version(each) for each in model.versions),
        files=tuple(sorted(files, key=lambda file: not file.usual)),
        words=version.trigger_words,
        usual=_usual(version, samples, catalogue),
        samples=samples,
        here=next((file.here for file in files if file.here in able), ""),
        mine=actor.role is Role.OWNER,
        gated=card.gated,
        has_token=states[card.hub].has_token,
    )


def _version(version: HubVersion) -> ShownVersion:
    return ShownVersion(
        id=version.id, label=joined(version.name, version.family_label, version.published)
    )


def _file(
    file: HubFile, model: HubModel, version: HubVersion, here: Here, fitting: Fitting
) -> ShownFile:
    pruned = "pruned" if file.pruned else ""
    kind = kind_of(file.kind) if file.kind is not model.card.kind else ""
    return ShownFile(
        name=file.name,
        facts=joined(kind, _FORMATS[file.format], file.precision, pruned),
        size=readable_bytes(file.bytes) if file.bytes else "",
        usual=file.primary,
        pickle=file.format == "pickle",
        usable=file.format != "other",
        here=here.file(model.card.page, file),
        fit=fitting(version.family, file.bytes) if file.kind in DRAWING else None,
    )


def _sample(sample: HubSample, catalogue: Catalogue) -> ShownSample:
    if not sample.infotext:
        return ShownSample(address=sample.address, prompt="", fields={})
    told = infotext.read(sample.infotext, catalogue).to_fields()
    fields: dict[str, Scalar] = {
        field: value
        for field, value in told.items()
        if field.startswith(_TAKEN) and value not in (None, RANDOM_SEED)
    }
    return ShownSample(address=sample.address, prompt=str(fields["prompt.positive"]), fields=fields)


def _usual(version: HubVersion, samples: Sequence[ShownSample], catalogue: Catalogue) -> str:
    """What its maker recommends, and what its samples were made with."""
    weight = f"Weight {version.strength:g}." if version.strength is not None else ""
    told = [sample.fields for sample in samples]
    samplers = {each.id: each.label for each in catalogue.samplers}
    names = Counter(str(each["sampling.sampler"]) for each in told if "sampling.sampler" in each)
    facts = joined(
        samplers[names.most_common(1)[0][0]] if names else "",
        _range("steps", (each.get("sampling.steps") for each in told)),
        _range("CFG", (each.get("sampling.cfg_scale") for each in told)),
    )
    return f"{weight} {f'Its samples were made with {facts}.' if facts else ''}".strip()


def _range(name: str, values: Iterable[Scalar]) -> str:
    numbers = [value for value in values if isinstance(value, int | float)]
    if not numbers:
        return ""
    least, most = min(numbers), max(numbers)
    words = f"{least:g}" if least == most else f"{least:g}–{most:g}"
    return f"{words} {name}" if name == "steps" else f"{name} {words}"
