"""What a model file is, as read from its header: pure data for the library, pickers and the CLI."""

from enum import StrEnum
from typing import Literal

from backend.schema.base import Frozen
from backend.schema.control_types import ControlType


class ModelKind(StrEnum):
    """What a file is for; the value is also the word used in JSON."""

    CHECKPOINT = "checkpoint"
    DIFFUSION_MODEL = "diffusion_model"
    LORA = "lora"
    EMBEDDING = "embedding"
    VAE = "vae"
    PREVIEW_DECODER = "preview_decoder"
    CONTROLNET = "controlnet"
    T2I_ADAPTER = "t2i_adapter"
    IP_ADAPTER = "ip_adapter"
    STYLE_MODEL = "style_model"
    TEXT_ENCODER = "text_encoder"
    CLIP_VISION = "clip_vision"
    UPSCALER = "upscaler"
    FACE_RESTORER = "face_restorer"
    GLIGEN = "gligen"
    MOTION_MODULE = "motion_module"
    HYPERNETWORK = "hypernetwork"
    UNKNOWN = "unknown"

    @property
    def label(self) -> str:
        """The kind in a sentence, without its article: “LoRA”, “text encoder”."""
        return _KIND_LABELS.get(self, self.value.replace("_", " "))

    @property
    def folder(self) -> str:
        """The folder below `models` that such a file belongs to; empty where there is none."""
        return _KIND_FOLDERS.get(self, "")


_KIND_LABELS = {
    ModelKind.LORA: "LoRA",
    ModelKind.VAE: "VAE",
    ModelKind.CONTROLNET: "ControlNet",
    ModelKind.T2I_ADAPTER: "T2I-Adapter",
    ModelKind.IP_ADAPTER: "IP-Adapter",
    ModelKind.CLIP_VISION: "CLIP vision encoder",
    ModelKind.GLIGEN: "GLIGEN model",
    ModelKind.DIFFUSION_MODEL: "diffusion model without text encoders and VAE",
    ModelKind.UNKNOWN: "file of an unknown kind",
}
_KIND_FOLDERS = {
    ModelKind.CHECKPOINT: "checkpoints",
    ModelKind.DIFFUSION_MODEL: "diffusion_models",
    ModelKind.LORA: "loras",
    ModelKind.EMBEDDING: "embeddings",
    ModelKind.VAE: "vae",
    ModelKind.PREVIEW_DECODER: "vae_approx",
    ModelKind.CONTROLNET: "controlnet",
    ModelKind.T2I_ADAPTER: "controlnet",
    ModelKind.IP_ADAPTER: "ipadapter",
    ModelKind.STYLE_MODEL: "style_models",
    ModelKind.TEXT_ENCODER: "text_encoders",
    ModelKind.CLIP_VISION: "clip_vision",
    ModelKind.UPSCALER: "upscale_models",
    ModelKind.FACE_RESTORER: "facerestore_models",
    ModelKind.GLIGEN: "gligen",
    ModelKind.MOTION_MODULE: "animatediff_models",
    ModelKind.HYPERNETWORK: "hypernetworks",
}


class Family(StrEnum):
    """The architecture that a model is, or that an adapter fits."""

    SD15 = "sd15"
    SD2 = "sd2"
    SDXL = "sdxl"
    SDXL_REFINER = "sdxl_refiner"
    SD3 = "sd3"
    SD35_MEDIUM = "sd35_medium"
    SD35_LARGE = "sd35_large"
    FLUX1 = "flux1"
    OTHER = "other"
    """Recognised, but of no family that Easel runs; `ModelFile.family_label` names it."""
    UNKNOWN = "unknown"

    @property
    def label(self) -> str:
        """The name people know."""
        return _FAMILY_LABELS[self]

    @property
    def refines(self) -> "Family | None":
        """The family whose pictures it finishes; None where it draws whole ones."""
        return Family.SDXL if self is Family.SDXL_REFINER else None


_FAMILY_LABELS = {
    Family.SD15: "SD 1.5",
    Family.SD2: "SD 2.x",
    Family.SDXL: "SDXL",
    Family.SDXL_REFINER: "SDXL refiner",
    Family.SD3: "SD 3 medium",
    Family.SD35_MEDIUM: "SD 3.5 medium",
    Family.SD35_LARGE: "SD 3.5 large",
    Family.FLUX1: "FLUX.1",
    Family.OTHER: "another family",
    Family.UNKNOWN: "unknown family",
}

Layout = Literal[
    "original",
    "transformer_only",
    "diffusers",
    "diffusers_folder",
    "kohya",
    "peft",
    "comfyui",
    "onetrainer",
    "a1111",
    "transformers",
    "open_clip",
    "llama_cpp",
    "unknown",
]
"""Whose names the tensors carry."""

Role = Literal[
    "diffusion_model",
    "vae",
    "clip_l",
    "clip_g",
    "clip_h",
    "t5xxl",
    "text_encoder",
    "clip_vision",
    "controlnet",
    "ema",
    "adapter",
    "other",
]
"""What a part of a file does, or what a model still needs."""


class Fact(Frozen):
    """One thing known of a model, and how it is known."""

    value: str
    source: Literal["tensors", "config", "card", "metadata", "name", "assumed"]
    """`tensors` and `config` are certain; `card`, a side-car, and `metadata` are somebody's word;
    the rest are hints."""


class Share(Frozen):
    """How many bytes are stored in one number format."""

    format: str
    """As the file names it: `F16`, `F8_E4M3`, `Q4_K`."""
    bytes: int


class Precision(Frozen):
    """How the numbers are stored."""

    label: str
    """In short: `fp16`, `fp8 e4m3 scaled`, `Q4_K_S`, `mixed`."""
    shares: tuple[Share, ...] = ()
    """Largest first."""


class PartFacts(Frozen):
    """A part of a model as its file holds it."""

    role: Role
    parameters: int
    bytes: int


class Part(Frozen):
    """A component inside a file."""

    role: Role
    parameters: int
    bytes: int
    precision: str


class Need(Frozen):
    """Something that a model cannot draw without, or draws better with, and does not hold."""

    role: Role
    label: str
    """With the usual file name: “T5-XXL text encoder (t5xxl_fp16.safetensors)”."""
    usual: str = ""
    """The usual file name; empty where there is none."""
    optional: bool = False

    @property
    def folder(self) -> str:
        """The folder below `models` that its file belongs to."""
        return ModelKind.VAE.folder if self.role == "vae" else ModelKind.TEXT_ENCODER.folder


class ModelFile(Frozen):
    """What a model file or folder is, from its header alone."""

    path: str
    name: str
    """The file's stem, or the folder's name."""
    bytes: int
    format: Literal["safetensors", "gguf", "folder"]
    kind: ModelKind
    family: Family = Family.UNKNOWN
    """The one family it is or fits; UNKNOWN where it fits several, which `fits` lists."""
    family_label: str = Family.UNKNOWN.label
    fits: tuple[Family, ...] = ()
    variants: tuple[Fact, ...] = ()
    """Such as `inpainting`, `lcm`, `turbo`, `schnell`, `dora`, `sdxl union`."""
    prediction: Fact | None = None
    """`epsilon`, `v`, `flow` or `edm`, for models that predict noise."""
    layout: Layout = "unknown"
    precision: Precision
    parameters: int
    parts: tuple[Part, ...] = ()
    needs: tuple[Need, ...] = ()
    rank: int = 0
    """Of a LoRA; 0 where it has none."""
    control: tuple[ControlType, ...] = ()
    """What maps a control model follows, the likeliest first; none where nothing tells."""
    width: int = 0
    """The channels of the first layer of the network that it is, or steers; 0 where unknown."""
    text_width: int = 0
    """The length of the vectors that its cross attention reads; 0 where it has none."""
    title: str = ""
    author: str = ""
    license: str = ""
    trigger_words: tuple[str, ...] = ()
    strength: float | None = None
    """The weight that a LoRA's file recommends."""
    notes: tuple[str, ...] = ()
    """Sentences for a person."""

    def variant(self, value: str) -> bool:
        """Whether `value` is among the variants."""
        return any(fact.value == value for fact in self.variants)


class Problem(Frozen):
    """Why a file cannot be used, and what to do."""

    code: str
    sentence: str
    hint: str = ""
