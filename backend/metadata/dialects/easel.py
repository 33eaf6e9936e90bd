"""Easel's own JSON, which tells everything; its infotext alone is read as A1111's."""

from backend.metadata import infotext
from backend.metadata.dialect import dialect
from backend.metadata.file_texts import COMMENT, FileTexts
from backend.metadata.sheets import sheet_metadata
from backend.metadata.teller import Teller
from backend.metadata.upscaled import origin_of, upscaled_metadata
from backend.prompts.tags import take_tags
from backend.schema.catalogue import Catalogue
from backend.schema.generation import GenerationRequest
from backend.schema.readings import Reading
from backend.schema.resolved import ResolvedRequest

_PROGRAM = "Easel"


@dialect(_PROGRAM, rank=0)
def read(texts: FileTexts, catalogue: Catalogue) -> Reading | None:
    """Read what Easel wrote about its own picture, enlarged since or not."""
    own = origin_of(texts)
    if own is None:
        return None
    made = own.request
    teller = Teller(catalogue)
    request = made.as_request(own.index)
    _tell_fields(request, teller)
    _tell_models(made, own.index, teller)
    text = infotext.write(made, own.index, catalogue)
    if since := _since(texts):
        teller.say(since)
        text = texts.text("parameters", COMMENT) or text
    return teller.reading(_PROGRAM, text)


def _tell_fields(request: GenerationRequest, teller: Teller) -> None:
    unheeded = _unheeded(request)
    for field_id, value in request.to_fields().items():
        if field_id not in unheeded:
            teller.put(field_id, value)
    if request.model.vae is None:
        teller.leave_to_checkpoint("model.vae")
    teller.words(request.prompt.positive, request.prompt.negative)


def _tell_models(made: ResolvedRequest, index: int, teller: Teller) -> None:
    teller.model("checkpoint", made.model.checkpoint, made.model.sha256)
    if made.refiner is not None:
        teller.model("refiner", made.refiner.model.checkpoint, made.refiner.model.sha256)
    for part in made.model.components:
        teller.model("vae" if part.role == "vae" else "text encoder", part.id)
    for embedding in made.embeddings:
        teller.model("embedding", embedding.name)
    for control in made.controls:
        weight = f"{control.weight:g}"
        teller.model("ControlNet", control.model.id, control.model.sha256, weight)
    weights = {tag.name: f"{tag.unet:g}" for tag in take_tags(made.prompt_of(index).positive)[1]}
    for lora in made.loras:
        teller.model("LoRA", lora.name, lora.sha256, weights.get(lora.name, ""))


def _since(texts: FileTexts) -> str:
    """What became of the picture since it was drawn, as a sentence; empty where nothing did."""
    if (upscaled := upscaled_metadata(texts)) is not None:
        return f"It was enlarged {upscaled.factor:g} times with {upscaled.upscaler}."
    sheet = sheet_metadata(texts)
    return sheet.sentence if sheet else ""


def _unheeded(request: GenerationRequest) -> set[str]:
    """Fields that changed nothing of the picture."""
    unheeded = {"batch.count"}
    if request.refiner.checkpoint is None:
        unheeded.add("refiner.switch_at")
    if request.seed.variation_strength == 0:
        unheeded.add("seed.variation")
    return unheeded
