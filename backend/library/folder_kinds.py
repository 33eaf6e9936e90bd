"""What a folder of models is for, by the names that Easel and other programs give it.

Source: the folder names of ComfyUI's `folder_paths.py`, of A1111, Forge and Stability Matrix.
"""

from backend.schema.models import ModelKind

_NAMES: dict[ModelKind, tuple[str, ...]] = {
    ModelKind.CHECKPOINT: ("checkpoints", "stablediffusion", "diffusers"),
    ModelKind.DIFFUSION_MODEL: ("diffusionmodels", "unet"),
    ModelKind.LORA: ("loras", "lora", "lycoris"),
    ModelKind.EMBEDDING: ("embeddings", "textualinversion"),
    ModelKind.VAE: ("vae",),
    ModelKind.PREVIEW_DECODER: ("vaeapprox", "approxvae"),
    ModelKind.CONTROLNET: ("controlnet", "t2iadapter"),
    ModelKind.IP_ADAPTER: ("ipadapter", "ipadapters"),
    ModelKind.STYLE_MODEL: ("stylemodels",),
    ModelKind.TEXT_ENCODER: ("textencoders", "textencoder", "clip", "clipencoder"),
    ModelKind.CLIP_VISION: ("clipvision",),
    ModelKind.UPSCALER: ("upscalemodels", "esrgan", "realesrgan", "swinir", "dat", "scunet"),
    ModelKind.FACE_RESTORER: ("facerestoremodels", "gfpgan", "codeformer"),
    ModelKind.GLIGEN: ("gligen",),
    ModelKind.MOTION_MODULE: ("animatediffmodels", "animatediff"),
    ModelKind.HYPERNETWORK: ("hypernetworks", "hypernetwork"),
}
_BY_NAME = {name: kind for kind, names in _NAMES.items() for name in names}
_ALSO_WELCOME: dict[ModelKind, tuple[ModelKind, ...]] = {
    # Forge keeps bare networks among its checkpoints, A1111 a VAE beside the model it is for.
    ModelKind.CHECKPOINT: (ModelKind.DIFFUSION_MODEL, ModelKind.VAE),
    ModelKind.DIFFUSION_MODEL: (ModelKind.CHECKPOINT,),
    ModelKind.VAE: (ModelKind.PREVIEW_DECODER,),
    ModelKind.PREVIEW_DECODER: (ModelKind.VAE,),
    ModelKind.CONTROLNET: (ModelKind.T2I_ADAPTER, ModelKind.IP_ADAPTER),
    ModelKind.TEXT_ENCODER: (ModelKind.CLIP_VISION,),
    ModelKind.CLIP_VISION: (ModelKind.TEXT_ENCODER,),
    ModelKind.UPSCALER: (ModelKind.FACE_RESTORER,),
    ModelKind.FACE_RESTORER: (ModelKind.UPSCALER,),
}


def kind_of_folder(name: str) -> ModelKind | None:
    """What a folder of this name holds, whatever its case and dashes; None where that is open."""
    return _BY_NAME.get(name.casefold().replace("_", "").replace("-", "").replace(" ", ""))


def belongs(kind: ModelKind, folder: ModelKind | None) -> bool:
    """Whether a file of this kind may lie in a folder for `folder`."""
    if folder is None or kind in (folder, ModelKind.UNKNOWN):
        return True
    return kind in _ALSO_WELCOME.get(folder, ())
