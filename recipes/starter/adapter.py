"""A LoRA over the starter's frozen UNet, and its file in the form of kohya's scripts."""

from collections.abc import Iterator
from pathlib import Path

import torch
from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel
from peft import LoraConfig, get_peft_model_state_dict, set_peft_model_state_dict
from safetensors.torch import save_file
from torch import Tensor, nn

from recipes.starter.parts import open_unet
from recipes.starter.places import MODEL

LAYERS = ["to_q", "to_k", "to_v", "to_out.0", "ff.net.0.proj", "ff.net.2", "conv1", "conv2"]


class Adapter:
    """The starter's UNet, of which only a LoRA learns; its alpha is its rank."""

    def __init__(self, rank: int) -> None:
        self.unet: UNet2DConditionModel = open_unet(MODEL / "unet")
        self.unet.requires_grad_(False)
        self.unet.add_adapter(LoraConfig(r=rank, lora_alpha=rank, target_modules=LAYERS))
        self.learned: list[nn.Parameter] = [
            each for each in self.unet.parameters() if each.requires_grad
        ]
        self._rank = rank

    def state(self) -> dict[str, Tensor]:
        """What was learned, by peft's names."""
        return {name: value.clone() for name, value in get_peft_model_state_dict(self.unet).items()}

    def load(self, state: dict[str, Tensor]) -> None:
        """Go on from what was learned before."""
        set_peft_model_state_dict(self.unet, state)

    def save(self, file: Path, title: str, description: str) -> None:
        """Write the LoRA in half precision; a crash leaves the old file or the new one."""
        metadata = {
            "modelspec.sai_model_spec": "1.0.0",
            "modelspec.architecture": "stable-diffusion-v1/lora",
            "modelspec.title": title,
            "modelspec.description": description,
            "modelspec.license": "Apache-2.0",
            "ss_network_module": "networks.lora",
            "ss_network_dim": str(self._rank),
            "ss_network_alpha": str(self._rank),
        }
        part = file.with_suffix(".part")
        save_file(dict(self._tensors()), part, metadata)
        part.replace(file)

    def _tensors(self) -> Iterator[tuple[str, Tensor]]:
        """What was learned, by kohya's names."""
        for name, tensor in get_peft_model_state_dict(self.unet).items():
            layer, _, kind = name.removesuffix(".weight").rpartition(".lora_")
            way = {"A": "down", "B": "up"}[kind]
            kohya = "lora_unet_" + layer.replace(".", "_")
            yield f"{kohya}.lora_{way}.weight", tensor.half().contiguous()
            yield f"{kohya}.alpha", torch.tensor(float(self._rank)).half()
