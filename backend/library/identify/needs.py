"""What a model cannot draw without and does not hold."""

from collections.abc import Iterable

from backend.library.identify.finding import SD3_FAMILIES
from backend.schema.models import Family, ModelKind, Need, Role


def _need(role: Role, name: str, usual: str) -> Need:
    return Need(role=role, label=f"{name} ({usual})", usual=usual)


def _vae(usual: str) -> Need:
    return _need("vae", "VAE", usual)


_CLIP_L = _need("clip_l", "CLIP-L text encoder", "clip_l.safetensors")
_CLIP_G = _need("clip_g", "CLIP-G text encoder", "clip_g.safetensors")
_CLIP_H = Need(role="clip_h", label="OpenCLIP-H text encoder")
_T5 = _need("t5xxl", "T5-XXL text encoder", "t5xxl_fp16.safetensors")
_T5_OPTIONAL = _T5.model_copy(update={"optional": True})


_NEEDS: dict[Family, tuple[Need, ...]] = {
    Family.SD15: (_CLIP_L, _vae("vae-ft-mse-840000-ema-pruned.safetensors")),
    Family.SD2: (_CLIP_H, _vae("vae-ft-mse-840000-ema-pruned.safetensors")),
    Family.SDXL: (_CLIP_L, _CLIP_G, _vae("sdxl_vae.safetensors")),
    Family.SDXL_REFINER: (_CLIP_G, _vae("sdxl_vae.safetensors")),
    # SD 3 draws without T5, only less well after long prompts.
    **dict.fromkeys(SD3_FAMILIES, (_CLIP_L, _CLIP_G, _T5_OPTIONAL, _vae("sd3_vae.safetensors"))),
    Family.FLUX1: (_CLIP_L, _T5, _vae("ae.safetensors")),
}


def needs_of(kind: ModelKind, family: Family, held: Iterable[Role]) -> tuple[Need, ...]:
    """The components that are not inside, for kinds that draw."""
    if kind not in (ModelKind.CHECKPOINT, ModelKind.DIFFUSION_MODEL):
        return ()
    inside = set(held)
    return tuple(need for need in _NEEDS.get(family, ()) if need.role not in inside)
