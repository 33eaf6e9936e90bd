"""What each hub calls the families of models.

Sources: CivitAI's base models (`src/shared/constants/base-model.constants.ts` in civitai/civitai,
and developer.civitai.com/site/reference/enums); on Hugging Face the tags `diffusers:PIPELINE`, made
from a repository's `model_index.json`, and `base_model:…`, made from the model card
(huggingface.co/docs/hub/model-cards), and words that people use as tags.
"""

from collections.abc import Collection
from dataclasses import dataclass

from backend.schema.models import Family, ModelKind

CIVITAI_FAMILIES = {
    "SD 1.4": Family.SD15,
    "SD 1.5": Family.SD15,
    "SD 1.5 LCM": Family.SD15,
    "SD 1.5 Hyper": Family.SD15,
    "SD 2.0": Family.SD2,
    "SD 2.0 768": Family.SD2,
    "SD 2.1": Family.SD2,
    "SD 2.1 768": Family.SD2,
    "SD 2.1 Unclip": Family.SD2,
    "SDXL 0.9": Family.SDXL,
    "SDXL 1.0": Family.SDXL,
    "SDXL 1.0 LCM": Family.SDXL,
    "SDXL Lightning": Family.SDXL,
    "SDXL Hyper": Family.SDXL,
    "SDXL Turbo": Family.SDXL,
    "SDXL Distilled": Family.SDXL,
    "Pony": Family.SDXL,
    "Illustrious": Family.SDXL,
    "NoobAI": Family.SDXL,
    "Playground v2": Family.SDXL,
    "SD 3": Family.SD3,
    "SD 3.5": Family.SD35_LARGE,
    "SD 3.5 Large": Family.SD35_LARGE,
    "SD 3.5 Large Turbo": Family.SD35_LARGE,
    "SD 3.5 Medium": Family.SD35_MEDIUM,
    "Flux.1 S": Family.FLUX1,
    "Flux.1 D": Family.FLUX1,
    "Flux.1 Krea": Family.FLUX1,
    "Flux.1 Kontext": Family.FLUX1,
}
_REFINER = "Refiner"
"""CivitAI's `baseModelType` of refiners."""


@dataclass(frozen=True)
class Marks:
    """How a family is told and found on Hugging Face."""

    family: Family
    pipeline: str
    """The diffusers pipeline of its checkpoints."""
    bases: tuple[str, ...]
    """Repositories that others are made from; a search for adapters asks for the first."""
    tags: tuple[str, ...] = ()


HUGGING_FACE_FAMILIES = (
    Marks(
        Family.SDXL_REFINER,
        "StableDiffusionXLImg2ImgPipeline",
        ("stabilityai/stable-diffusion-xl-refiner-1.0",),
    ),
    Marks(
        Family.SDXL,
        "StableDiffusionXLPipeline",
        (
            "stabilityai/stable-diffusion-xl-base-1.0",
            "OnomaAIResearch/Illustrious-xl-early-release-v0",
            "Laxhar/noobai-XL-1.1",
            "stabilityai/sdxl-turbo",
        ),
        ("stable-diffusion-xl", "sdxl", "pony", "illustrious"),
    ),
    Marks(
        Family.SD35_MEDIUM,
        "StableDiffusion3Pipeline",
        ("stabilityai/stable-diffusion-3.5-medium",),
        ("sd3.5-medium",),
    ),
    Marks(
        Family.SD35_LARGE,
        "StableDiffusion3Pipeline",
        ("stabilityai/stable-diffusion-3.5-large", "stabilityai/stable-diffusion-3.5-large-turbo"),
        ("sd3.5-large", "sd3.5"),
    ),
    Marks(
        Family.SD3,
        "StableDiffusion3Pipeline",
        (
            "stabilityai/stable-diffusion-3-medium-diffusers",
            "stabilityai/stable-diffusion-3-medium",
        ),
        ("sd3", "stable-diffusion-3"),
    ),
    Marks(
        Family.FLUX1,
        "FluxPipeline",
        (
            "black-forest-labs/FLUX.1-dev",
            "black-forest-labs/FLUX.1-schnell",
            "black-forest-labs/FLUX.1-Krea-dev",
            "black-forest-labs/FLUX.1-Kontext-dev",
        ),
        ("flux", "flux.1"),
    ),
    Marks(
        Family.SD2,
        "StableDiffusionPipeline",
        ("stabilityai/stable-diffusion-2-1", "stabilityai/stable-diffusion-2"),
        ("stable-diffusion-2",),
    ),
    Marks(
        Family.SD15,
        "StableDiffusionPipeline",
        (
            "stable-diffusion-v1-5/stable-diffusion-v1-5",
            "runwayml/stable-diffusion-v1-5",
            "CompVis/stable-diffusion-v1-4",
        ),
        ("stable-diffusion-v1-5", "sd15", "sd1.5", "stable-diffusion"),
    ),
)
"""Narrower ones first: people tag SDXL models as `stable-diffusion`, too."""


def civitai_family(base_model: str, base_model_type: str = "") -> Family:
    """The family of what CivitAI calls so."""
    if base_model in ("", "Other"):
        return Family.UNKNOWN
    family = CIVITAI_FAMILIES.get(base_model, Family.OTHER)
    return Family.SDXL_REFINER if (family, base_model_type) == (Family.SDXL, _REFINER) else family


def civitai_base_models(family: Family | None) -> tuple[str, ...]:
    """What to ask CivitAI for; empty for any."""
    wanted = Family.SDXL if family is Family.SDXL_REFINER else family
    return tuple(name for name, known in CIVITAI_FAMILIES.items() if known is wanted)


def family_of_tags(tags: Collection[str]) -> Family:
    """The family of a repository with these tags; a base that it names goes before words."""
    bases = {tag.rpartition(":")[2] for tag in tags if tag.startswith("base_model:")}
    for marks in HUGGING_FACE_FAMILIES:
        if not bases.isdisjoint(marks.bases):
            return marks.family
    lowered = {tag.casefold() for tag in tags}
    for marks in HUGGING_FACE_FAMILIES:
        if f"diffusers:{marks.pipeline}".casefold() in lowered and _is_alone(marks):
            return marks.family
        if not lowered.isdisjoint(marks.tags):
            return marks.family
    return Family.UNKNOWN


def family_tag(family: Family, kind: ModelKind | None) -> str:
    """The tag that finds a family's models on Hugging Face; empty where there is none."""
    marks = next((marks for marks in HUGGING_FACE_FAMILIES if marks.family is family), None)
    if marks is None:
        return ""
    if kind in (None, ModelKind.CHECKPOINT) and _is_alone(marks):
        return f"diffusers:{marks.pipeline}"
    return f"base_model:{marks.bases[0]}"


def _is_alone(marks: Marks) -> bool:
    """Whether no other family has this pipeline."""
    return sum(each.pipeline == marks.pipeline for each in HUGGING_FACE_FAMILIES) == 1
