"""T5's encoder, in the names of transformers and of llama.cpp.

The words' table has two names in transformers, `shared` and the encoder's `embed_tokens`; a file
needs to hold it under one of them only.

Sources: the state of transformers' T5EncoderModel; llama.cpp's `gguf-py/gguf/tensor_mapping.py`.
"""

import re
from collections.abc import Collection

from backend.engine.loading.source import Source

SHARED_WORDS, OWN_WORDS = "shared.weight", "encoder.embed_tokens.weight"
LLAMA_CPP_WORDS = "token_embd.weight"
_LAYER = re.compile(r"encoder\.block\.(\d+)\.layer\.[01]\.(.+)\.weight")
_INSIDE = {
    "SelfAttention.q": "attn_q",
    "SelfAttention.k": "attn_k",
    "SelfAttention.v": "attn_v",
    "SelfAttention.o": "attn_o",
    "SelfAttention.relative_attention_bias": "attn_rel_b",
    "DenseReluDense.wi_0": "ffn_gate",
    "DenseReluDense.wi_1": "ffn_up",
    "DenseReluDense.wo": "ffn_down",
}
_NORMS = {"0": "attn_norm", "1": "ffn_norm"}
_NORM = re.compile(r"encoder\.block\.(\d+)\.layer\.([01])\.layer_norm\.weight")


def t5_sources(names: Collection[str]) -> dict[str, Source]:
    """Where each tensor lies in transformers' names, the words under `shared`."""
    return {name: Source(SHARED_WORDS if name == OWN_WORDS else name) for name in names}


def t5_unshared_sources(names: Collection[str]) -> dict[str, Source]:
    """Where each tensor lies in transformers' names, the words under the encoder's own name."""
    return {name: Source(OWN_WORDS if name == SHARED_WORDS else name) for name in names}


def t5_llama_cpp_sources(names: Collection[str]) -> dict[str, Source]:
    """Where each tensor lies in llama.cpp's names, which GGUF files have."""
    return {name: Source(_llama_cpp(name)) for name in names}


def _llama_cpp(name: str) -> str:
    if name in (SHARED_WORDS, OWN_WORDS):
        return LLAMA_CPP_WORDS
    if name == "encoder.final_layer_norm.weight":
        return "enc.output_norm.weight"
    if found := _NORM.fullmatch(name):
        return f"enc.blk.{found[1]}.{_NORMS[found[2]]}.weight"
    if found := _LAYER.fullmatch(name):
        return f"enc.blk.{found[1]}.{_INSIDE[found[2]]}.weight"
    raise KeyError(name)
