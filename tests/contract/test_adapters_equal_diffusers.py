"""Adapters that peft made and diffusers saved act in Easel as they do there."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers.pipelines.flux.pipeline_flux import FluxPipeline
from diffusers.pipelines.stable_diffusion.pipeline_stable_diffusion import StableDiffusionPipeline
from diffusers.pipelines.stable_diffusion_3.pipeline_stable_diffusion_3 import (
    StableDiffusion3Pipeline,
)
from diffusers.pipelines.stable_diffusion_xl.pipeline_stable_diffusion_xl import (
    StableDiffusionXLPipeline,
)
from diffusers.utils.state_dict_utils import convert_state_dict_to_kohya
from peft import LoraConfig, get_peft_model_state_dict
from safetensors.torch import save_file
from torch import Tensor, nn

from backend.engine.adapters.adapter import read_adapter
from backend.engine.adapters.fitting import Chosen
from backend.engine.adapters.wearing import wearing
from tests.fixtures.loaded import loaded
from tests.fixtures.tiny_families import TINY_FAMILIES

pytestmark = [
    pytest.mark.usefixtures("one_thread"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
    pytest.mark.filterwarnings("ignore::UserWarning"),
    pytest.mark.filterwarnings("ignore::RuntimeWarning"),
]
PIPELINES: dict[str, Any] = {
    "sd15": StableDiffusionPipeline,
    "sdxl": StableDiffusionXLPipeline,
    "sd3": StableDiffusion3Pipeline,
    "flux1": FluxPipeline,
}
NETWORK = ["to_q", "to_k", "to_v", "to_out.0", "add_k_proj", "conv1", "proj_mlp", "net.0.proj"]
ENCODER = ["q_proj", "v_proj", "fc1"]
CONFIGS: dict[str, Callable[..., LoraConfig]] = {
    "plain": lambda **more: LoraConfig(r=4, lora_alpha=6, **more),
    "rank-stabilised": lambda **more: LoraConfig(r=4, lora_alpha=6, use_rslora=True, **more),
    "DoRA": lambda **more: LoraConfig(r=4, lora_alpha=6, use_dora=True, **more),
    "ranks of their own": lambda **more: LoraConfig(
        r=4, lora_alpha=6, rank_pattern={"to_k": 2, "fc1": 3}, alpha_pattern={"to_v": 5}, **more
    ),
}
CASES = [
    *(("sd15", kind) for kind in CONFIGS),
    ("sdxl", "DoRA"),
    ("sd3", "rank-stabilised"),
    ("flux1", "plain"),
]


class Pair:
    """A checkpoint in Easel, and the same one with an adapter of peft's in diffusers."""

    def __init__(self, family: str, kind: str, folder: Path) -> None:
        tiny = TINY_FAMILIES[family].save(folder / "it")
        self.pipeline = PIPELINES[family].from_pretrained(tiny.folder)
        self.ours = loaded(family, tiny.folder)
        self.network_name = "transformer" if hasattr(self.pipeline, "transformer") else "unet"
        torch.manual_seed(4)
        for part, targets in ((self.theirs, NETWORK), (self.pipeline.text_encoder, ENCODER)):
            present = [each for each in targets if has(part, each)]
            part.add_adapter(CONFIGS[kind](target_modules=present, init_lora_weights="gaussian"))
            for name, parameter in part.named_parameters():
                if "lora_B" in name:
                    nn.init.normal_(parameter, std=0.2)
                elif "magnitude" in name:
                    parameter.data *= 1.3

    @property
    def theirs(self) -> Any:
        return getattr(self.pipeline, self.network_name)

    def states(self) -> dict[str, dict[str, Tensor]]:
        """What peft saves of each part."""
        parts = {self.network_name: self.theirs, "text_encoder": self.pipeline.text_encoder}
        return {name: get_peft_model_state_dict(part) for name, part in parts.items()}

    def said(self, network: nn.Module, encoder: nn.Module) -> tuple[Tensor, Tensor]:
        """What both parts say of the same noise and words."""
        torch.manual_seed(6)
        inputs = network_inputs(network)
        words = torch.tensor([[49406, 320, 736, 3055, 49407]])
        with torch.no_grad():
            return network(**inputs, return_dict=False)[0], encoder(words)[0]

    def equal(self, path: Path) -> None:
        """Require that a file acts in Easel as the adapter does in diffusers."""
        own = (
            self.ours.workplace.parts["diffusion_model"].module,
            self.ours.workplace.parts["clip_l"].module,
        )
        plain = self.said(*own)
        with wearing(self.ours.workplace, [Chosen(read_adapter(path))]):
            ours = self.said(*own)
        theirs = self.said(self.theirs, self.pipeline.text_encoder)
        for mine, other, before in zip(ours, theirs, plain, strict=True):
            assert not torch.allclose(mine, before, atol=1e-2)
            assert torch.allclose(mine, other, atol=2e-5, rtol=1e-4)


def has(part: nn.Module, target: str) -> bool:
    return any(name.endswith(target) for name, _ in part.named_modules())


def network_inputs(network: Any) -> dict[str, Any]:
    config, name = network.config, type(network).__name__
    if name == "UNet2DConditionModel":
        inputs: dict[str, Any] = {
            "sample": torch.randn(1, 4, 8, 8),
            "timestep": torch.tensor([500.0]),
            "encoder_hidden_states": torch.randn(1, 7, config.cross_attention_dim),
        }
        if config.addition_embed_type:
            pooled = (
                config.projection_class_embeddings_input_dim - 6 * config.addition_time_embed_dim
            )
            inputs["added_cond_kwargs"] = {
                "text_embeds": torch.randn(1, pooled),
                "time_ids": torch.rand(1, 6),
            }
        return inputs
    inputs = {
        "encoder_hidden_states": torch.randn(1, 7, config.joint_attention_dim),
        "pooled_projections": torch.randn(1, config.pooled_projection_dim),
        "timestep": torch.tensor([0.5]),
    }
    if name == "SD3Transformer2DModel":
        return {"hidden_states": torch.randn(1, 16, 8, 8), **inputs}
    ids = torch.zeros(16, 3), torch.zeros(7, 3)
    return {
        "hidden_states": torch.randn(1, 16, config.in_channels),
        "guidance": torch.tensor([3.0]),
        "img_ids": ids[0],
        "txt_ids": ids[1],
        **inputs,
    }


@pytest.mark.parametrize(("family", "kind"), CASES)
def test_what_diffusers_saves_acts_as_there(tmp_path, family, kind):
    pair = Pair(family, kind, tmp_path)
    states = pair.states()
    network, encoder = pair.theirs, pair.pipeline.text_encoder
    pair.pipeline.save_lora_weights(
        tmp_path,
        **{
            f"{pair.network_name}_lora_layers": states[pair.network_name],
            "text_encoder_lora_layers": states["text_encoder"],
            f"{pair.network_name}_lora_adapter_metadata": network.peft_config["default"].to_dict(),
            "text_encoder_lora_adapter_metadata": encoder.peft_config["default"].to_dict(),
        },
    )

    pair.equal(tmp_path / "pytorch_lora_weights.safetensors")


def test_what_diffusers_writes_for_kohya_s_programs_acts_as_there(tmp_path):
    pair = Pair("sd15", "plain", tmp_path)
    tensors: dict[str, Tensor] = {}
    for part, state in pair.states().items():
        tensors |= convert_state_dict_to_kohya(
            {f"{part}.{key}": each for key, each in state.items()}
        )
    for name in [name for name in tensors if name.endswith(".alpha")]:
        tensors[name] = torch.tensor(6.0)
    path = tmp_path / "kohya.safetensors"
    save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, path)

    assert any(name.startswith("lora_te1_") for name in tensors)
    pair.equal(path)
