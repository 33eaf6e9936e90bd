"""Single files: parts from other files, how loading is told, and what is missing or broken."""

import json

import pytest
import torch
from safetensors.torch import load_file, save_file

from backend.engine.loading.components import load_component
from backend.engine.loading.files import CONFIG_KEY, CheckpointFiles, family_configs
from backend.engine.loading.original.clip import clip_sources
from backend.engine.loading.original.unet import unet_sources
from backend.engine.loading.original.vae import vae_sources
from backend.engine.loading.parts import UNET, VAE
from backend.engine.memory.workplace import Workplace
from backend.engine.prompts.clip_tokenizer import clip_tokenizer
from backend.schema.errors import ModelDamagedError, ModelMissingError
from backend.schema.events import Stage
from tests.fixtures.loaded import checkpoint_files, loaded, loaded_with_events
from tests.fixtures.oracle import save_tiny_checkpoint

PARTS = (
    ("unet/diffusion_pytorch_model", "model.diffusion_model.", unet_sources),
    ("vae/diffusion_pytorch_model", "first_stage_model.", vae_sources),
    ("text_encoder/model", "cond_stage_model.transformer.", clip_sources),
)


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    """A tiny checkpoint as a folder with CLIP's vocabulary, and as a file that tells its sizes."""
    folder = tmp_path_factory.mktemp("pair")
    checkpoint = save_tiny_checkpoint(folder / "checkpoint", "epsilon", clip_tokenizer())
    tensors: dict[str, torch.Tensor] = {}
    told: dict[str, str] = {}
    for name, prefix, sources in PARTS:
        state = load_file(checkpoint / f"{name}.safetensors")
        part = name.partition("/")[0]
        tensors |= {prefix + sources(state)[key].name: value for key, value in state.items()}
        told[CONFIG_KEY + part] = (checkpoint / part / "config.json").read_text()
    save_file(tensors, folder / "whole.safetensors", told)
    return checkpoint, folder / "whole.safetensors"


def test_loading_tells_how_many_bytes_are_in_memory(pair):
    _, events = loaded_with_events("sd15", pair[1])

    stages = [event for event in events if isinstance(event, Stage) and event.total_bytes]
    assert [stage.sentence for stage in stages] == [
        "Loading the text encoder",
        "Loading the denoising network",
        "Loading the autoencoder",
    ]
    assert all(stage.done_bytes == stage.total_bytes for stage in stages)


def test_what_the_library_says_of_velocity_counts_for_a_single_file(pair):
    _, file = pair

    assert loaded("sd15", file).predicts == "epsilon"
    assert loaded("sd15", checkpoint_files("sd15", file, prediction="v")).predicts == "v_prediction"


def test_a_part_comes_from_a_file_of_its_own(pair, tmp_path):
    folder, file = pair
    other = tmp_path / "other_vae.safetensors"
    state = load_file(folder / "vae" / "diffusion_pytorch_model.safetensors")
    save_file(
        {name: value * 2 for name, value in state.items()},
        other,
        {CONFIG_KEY + "vae": (folder / "vae" / "config.json").read_text()},
    )

    model = loaded("sd15", checkpoint_files("sd15", file, separate={"vae": other}))

    name = "decoder.conv_in.weight"
    assert torch.equal(model.vae.state_dict()[name], state[name] * 2)


def test_a_file_without_its_autoencoder_is_refused_in_words(pair, tmp_path):
    _, file = pair
    part = tmp_path / "part.safetensors"
    tensors = load_file(file)
    save_file({k: v for k, v in tensors.items() if "first_stage" not in k}, part)

    with pytest.raises(ModelMissingError, match="does not hold the autoencoder"):
        finished(VAE, checkpoint_files("sd15", part))


def test_a_file_with_a_part_of_a_part_is_refused_in_words(pair, tmp_path):
    _, file = pair
    part = tmp_path / "part.safetensors"
    tensors = load_file(file)
    save_file(
        {k: v for k, v in tensors.items() if ".mid.attn_1." not in k},
        part,
        {CONFIG_KEY + "vae": (pair[0] / "vae" / "config.json").read_text()},
    )

    with pytest.raises(ModelDamagedError, match=r"first_stage_model\..*attn_1"):
        finished(VAE, checkpoint_files("sd15", part))


def finished(component, files: CheckpointFiles):
    for _ in load_component(component, files, Workplace(torch.device("cpu")), torch.float32):
        pass


def test_the_published_sizes_are_in_the_repository():
    """As published for SD 1.5."""
    assert numbers(UNET) == 859_520_964
    assert numbers(VAE) == 83_653_863


def numbers(component) -> int:
    config = json.loads(family_configs("sd15").joinpath(f"{component.part}.json").read_text())
    with torch.device("meta"):
        module = component.build(config)
    return sum(each.numel() for each in module.parameters())
