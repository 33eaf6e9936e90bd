"""T5's encoder as a part of checkpoints, and how files hold it."""

from backend.engine.loading.components import Component, Config, Layout
from backend.engine.loading.original.t5 import (
    LLAMA_CPP_WORDS,
    OWN_WORDS,
    SHARED_WORDS,
    t5_llama_cpp_sources,
    t5_sources,
    t5_unshared_sources,
)
from backend.engine.networks import T5Config, T5EncoderModel

_LAYOUTS = tuple(
    Layout(words, sources, prefix)
    for prefix in ("text_encoders.t5xxl.transformer.", "")
    for words, sources in (
        (SHARED_WORDS, t5_sources),
        (OWN_WORDS, t5_unshared_sources),
        (LLAMA_CPP_WORDS, t5_llama_cpp_sources),
    )
)


def t5_encoder(part: str) -> Component[T5EncoderModel]:
    """T5's encoder, which lies in the folder `part` of a diffusers folder."""
    return Component("t5xxl", part, "the T5 text encoder", _t5, _LAYOUTS)


def _t5(config: Config) -> T5EncoderModel:
    return T5EncoderModel(T5Config.from_dict(config))
