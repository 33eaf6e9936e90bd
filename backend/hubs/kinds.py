"""What each hub calls the kinds of models.

Sources: CivitAI's `ModelType` and `ModelFileType` (developer.civitai.com/site/reference/enums);
tags and pipeline tags that models on Hugging Face carry (huggingface.co/docs/hub/models-tasks, and
the tags that diffusers' training scripts and its exporter write).
"""

from collections.abc import Collection
from dataclasses import dataclass

from backend.schema.models import ModelKind

CIVITAI_KINDS = {
    "Checkpoint": ModelKind.CHECKPOINT,
    "LORA": ModelKind.LORA,
    "LoCon": ModelKind.LORA,
    "DoRA": ModelKind.LORA,
    "TextualInversion": ModelKind.EMBEDDING,
    "VAE": ModelKind.VAE,
    "Controlnet": ModelKind.CONTROLNET,
    "Upscaler": ModelKind.UPSCALER,
    "Hypernetwork": ModelKind.HYPERNETWORK,
    "MotionModule": ModelKind.MOTION_MODULE,
}
"""Types of models; the others (poses, wildcards, workflows ...) are nothing that Easel loads."""

CIVITAI_FILE_KINDS = {
    "VAE": ModelKind.VAE,
    "Text Encoder": ModelKind.TEXT_ENCODER,
    "Negative": ModelKind.EMBEDDING,
}
"""Types of files that are something else than their model."""

CIVITAI_LEFT_OUT = frozenset({"Training Data", "Archive", "Config", "Workflow", "Images"})
"""Types of files that are no models."""


@dataclass(frozen=True)
class Marks:
    """How a kind is told and found on Hugging Face."""

    kind: ModelKind
    tags: tuple[str, ...]
    """Any of them tells it; the first is what a search asks for."""
    words: str = ""
    """What a search adds to the text, where people put the kind into the name only."""
    pipeline: str = "text-to-image"
    """The task that a search asks for; empty for any."""


HUGGING_FACE_KINDS = (
    Marks(ModelKind.LORA, ("lora", "template:sd-lora", "template:diffusion-lora")),
    Marks(ModelKind.CONTROLNET, ("controlnet", "controlnet-xs"), pipeline=""),
    Marks(ModelKind.T2I_ADAPTER, ("t2i-adapter",), pipeline=""),
    Marks(ModelKind.IP_ADAPTER, ("ip-adapter", "ip_adapter"), pipeline=""),
    Marks(ModelKind.EMBEDDING, ("textual_inversion", "textual-inversion")),
    Marks(ModelKind.MOTION_MODULE, ("animatediff",), pipeline=""),
    Marks(ModelKind.UPSCALER, ("upscaler", "super-resolution", "upscale"), pipeline=""),
    Marks(ModelKind.VAE, ("vae",), words="vae", pipeline=""),
    Marks(ModelKind.DIFFUSION_MODEL, ("gguf",)),
    Marks(ModelKind.CHECKPOINT, ("text-to-image", "stable-diffusion")),
)
"""The first that fits counts: a LoRA is tagged as text-to-image, too."""

FOLDER_KINDS = {
    "unet": ModelKind.DIFFUSION_MODEL,
    "transformer": ModelKind.DIFFUSION_MODEL,
    "diffusion_models": ModelKind.DIFFUSION_MODEL,
    "vae": ModelKind.VAE,
    "text_encoder": ModelKind.TEXT_ENCODER,
    "text_encoder_2": ModelKind.TEXT_ENCODER,
    "text_encoder_3": ModelKind.TEXT_ENCODER,
    "text_encoders": ModelKind.TEXT_ENCODER,
    "image_encoder": ModelKind.CLIP_VISION,
    "clip_vision": ModelKind.CLIP_VISION,
    "controlnet": ModelKind.CONTROLNET,
    "lora": ModelKind.LORA,
    "loras": ModelKind.LORA,
    "checkpoints": ModelKind.CHECKPOINT,
}
"""Folders of a repository whose files are of a kind: diffusers' parts, ComfyUI's split files."""


def civitai_types(kind: ModelKind | None) -> tuple[str, ...]:
    """What to ask CivitAI for; empty where it has nothing of the kind."""
    return tuple(name for name, known in CIVITAI_KINDS.items() if kind in (None, known))


def marks_of(kind: ModelKind) -> Marks | None:
    """How a kind is found on Hugging Face; None where it is not told apart there."""
    return next((marks for marks in HUGGING_FACE_KINDS if marks.kind is kind), None)


def kind_of_tags(tags: Collection[str]) -> ModelKind:
    """What a repository with these tags holds."""
    for marks in HUGGING_FACE_KINDS:
        if any(tag in tags for tag in marks.tags):
            return marks.kind
    return ModelKind.UNKNOWN
