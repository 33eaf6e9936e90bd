"""Tiny decoders of previews, as their makers and as diffusers write them."""

import pytest
import torch
from diffusers.models.autoencoders.autoencoder_tiny import AutoencoderTiny
from safetensors.torch import save_file

from backend.engine.families.tiny_decoder import TinyDecoders, load_tiny_decoder
from backend.schema.errors import ModelDamagedError, ModelError, ModelMissingError

CPU = torch.device("cpu")


def tiny(channels: int) -> AutoencoderTiny:
    torch.manual_seed(0)
    return AutoencoderTiny(latent_channels=channels).eval()


def save(model: AutoencoderTiny, path, form: str):
    state = dict(model.state_dict())
    if form == "original":
        parts = {name: name.split(".", 3) for name in state if name.startswith("decoder.")}
        state = {f"{int(n) + 1}.{rest}": state[name] for name, (_, _, n, rest) in parts.items()}
    save_file(state, path)
    return path


@pytest.mark.parametrize("form", ["original", "diffusers"])
@pytest.mark.parametrize("channels", [4, 16])
def test_it_decodes_as_diffusers_does(tmp_path, channels, form):
    theirs = tiny(channels)
    path = save(theirs, tmp_path / "tiny.safetensors", form)
    latents = torch.randn(2, channels, 8, 6) * 3

    with torch.no_grad():
        made = load_tiny_decoder(path, CPU, torch.float32)(latents)
        assert torch.equal(made, theirs.decode(latents).sample)  # pyright: ignore[reportAttributeAccessIssue, reportCallIssue]


def test_it_is_read_once_and_only_for_its_latents(tmp_path):
    path = save(tiny(4), tmp_path / "tiny.safetensors", "original")
    decoders = TinyDecoders()

    assert decoders.get(path, CPU, 4) is decoders.get(path, CPU, 4)
    with pytest.raises(ModelError, match="4 channels, not 16"):
        decoders.get(path, CPU, 16)


def test_what_cannot_be_used_says_why(tmp_path):
    path = tmp_path / "tiny.safetensors"
    with pytest.raises(ModelMissingError):
        load_tiny_decoder(path, CPU, torch.float32)
    save_file({"conv.weight": torch.zeros(2)}, path)
    with pytest.raises(ModelDamagedError, match="no decoder"):
        load_tiny_decoder(path, CPU, torch.float32)
    save_file({"1.weight": torch.zeros(64, 4, 3, 3)}, path)
    with pytest.raises(ModelDamagedError, match="incomplete"):
        load_tiny_decoder(path, CPU, torch.float32)
