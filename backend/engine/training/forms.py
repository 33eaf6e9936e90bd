"""What the tensors of a LoRA's file are called, and what its metadata calls the family.

Sources: the names that kohya's sd-scripts (`networks/lora.py`, `library/sai_model_spec.py`) and
diffusers (`loaders/lora_pipeline.py`) write.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import torch
from torch import Tensor

from backend.engine.training.learners import Learners
from backend.engine.training.low_rank import LowRankPath
from backend.schema.models import Role


@dataclass(frozen=True)
class FileForm:
    """How a family's LoRAs are written, so that most programs read them."""

    architecture: str
    """As modelspec calls the family."""
    version: str
    """As kohya's scripts call it."""
    encoders: Mapping[Role, str] = field(default_factory=dict[Role, str])
    """What kohya's scripts call its text encoders."""
    kohya: bool = True
    """Whether layers have kohya's names; else diffusers', which tell no alpha."""

    def tensors(self, learners: Learners) -> Iterator[tuple[str, Tensor]]:
        """What was learned, in single precision, by the names of the file."""
        for name, path in learners.network.paths.of.items():
            yield from _kohya(f"unet_{name}", path) if self.kohya else _diffusers(name, path)
        for role, learner in learners.texts.items():
            for name, path in learner.paths.of.items():
                yield from _kohya(f"{self.encoders[role]}_{name}", path)


FORMS: Mapping[str, FileForm] = {
    "sd15": FileForm("stable-diffusion-v1", "sd_v1", {"clip_l": "te"}),
    "sd2": FileForm("stable-diffusion-v2-512", "sd_v2", {"clip_h": "te"}),
    "sdxl": FileForm(
        "stable-diffusion-xl-v1-base", "sdxl_base_v1-0", {"clip_l": "te1", "clip_g": "te2"}
    ),
    "sd3": FileForm("stable-diffusion-3-m", "sd3_m", kohya=False),
    "sd35_medium": FileForm("stable-diffusion-3-5-medium", "sd3_5-medium", kohya=False),
    "sd35_large": FileForm("stable-diffusion-3-5-large", "sd3_5-large", kohya=False),
    "flux1": FileForm("flux-1-dev", "flux1", kohya=False),
}
"""By family."""
VELOCITY = FileForm("stable-diffusion-v2-768-v", "sd_v2_v", {"clip_h": "te"})
"""Of SD 2 where it predicts velocity."""


def _kohya(name: str, path: LowRankPath) -> Iterator[tuple[str, Tensor]]:
    layer = "lora_" + name.replace(".", "_")
    up = path.up.detach()
    yield f"{layer}.lora_down.weight", path.down.detach()
    yield f"{layer}.lora_up.weight", up[..., None, None] if path.down.ndim > up.ndim else up
    yield f"{layer}.alpha", torch.tensor(path.scale * path.rank)
    yield from _magnitudes(layer, path)


def _diffusers(name: str, path: LowRankPath) -> Iterator[tuple[str, Tensor]]:
    """The scale is folded in: programs take it for 1 where the file tells none."""
    yield f"transformer.{name}.lora_A.weight", path.down.detach()
    yield f"transformer.{name}.lora_B.weight", path.up.detach() * path.scale
    yield from _magnitudes(f"transformer.{name}", path)


def _magnitudes(layer: str, path: LowRankPath) -> Iterator[tuple[str, Tensor]]:
    """DoRA's, one for each output, as LyCORIS and ComfyUI have them."""
    if path.magnitude is not None:
        beside = [1] * (path.down.ndim - 1)
        yield f"{layer}.dora_scale", path.magnitude.detach().view(-1, *beside)
