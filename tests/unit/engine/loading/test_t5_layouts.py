"""T5's encoder is found in the names of transformers and of llama.cpp."""

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor
from transformers import T5Config, T5EncoderModel

from backend.engine.loading.original.t5 import (
    t5_llama_cpp_sources,
    t5_sources,
    t5_unshared_sources,
)
from backend.engine.loading.source import left_over
from backend.engine.loading.weights import open_weights
from tests.fixtures.filling import fill

# As llama.cpp's converter names them: `gguf-py/gguf/tensor_mapping.py`.
LLAMA_CPP_BLOCK = (
    *(f"attn_{part}" for part in ("q", "k", "v", "o", "norm")),
    *(f"ffn_{part}" for part in ("gate", "up", "down", "norm")),
)


def t5(**sizes: int) -> T5EncoderModel:
    config = {"vocab_size": 20, "feed_forward_proj": "gated-gelu", **sizes}
    return T5EncoderModel(T5Config.from_dict(config)).eval()


def tiny() -> T5EncoderModel:
    torch.manual_seed(0)
    return t5(d_model=8, d_kv=4, d_ff=16, num_layers=2, num_heads=2)


def test_every_published_llama_cpp_name_is_placed_in_t5_xxl():
    with torch.device("meta"):
        state = t5(d_model=4096, d_kv=64, d_ff=10240, num_layers=24, num_heads=64).state_dict()
    published = {
        "token_embd.weight",
        "enc.output_norm.weight",
        "enc.blk.0.attn_rel_b.weight",
        *(f"enc.blk.{number}.{part}.weight" for number in range(24) for part in LLAMA_CPP_BLOCK),
    }

    assert {source.name for source in t5_llama_cpp_sources(state).values()} == published


def as_file(state: dict[str, Tensor], sources) -> dict[str, Tensor]:
    return {source.name: state[name].clone() for name, source in sources.items()}


@pytest.mark.parametrize(
    "sources_of", [t5_sources, t5_unshared_sources, t5_llama_cpp_sources], ids=lambda f: f.__name__
)
def test_the_encoder_reads_the_same_from_each_layout(tmp_path, sources_of):
    encoder = tiny()
    tokens = torch.tensor([[3, 9, 1, 0, 0]])
    with torch.no_grad():
        expected = encoder(tokens).last_hidden_state
    state = encoder.state_dict()
    sources = sources_of(state)
    path = tmp_path / "t5.safetensors"
    save_file({f"t5.{name}": tensor for name, tensor in as_file(state, sources).items()}, path)
    with torch.device("meta"):
        empty = tiny()

    with open_weights(path) as weights:
        part = weights.under("t5.")
        assert left_over(part.names, sources) == set()
        fill(empty, sources, part, torch.float32, torch.device("cpu"))

    with torch.no_grad():
        assert torch.equal(empty(tokens).last_hidden_state, expected)
    assert empty.shared.weight is empty.encoder.embed_tokens.weight
