"""CLIP's tokenizer, built from its published vocabulary."""

from backend.engine.networks import CLIPTokenizer
from backend.prompts.clip_vocabulary import END, LENGTH, clip_merges, clip_vocabulary


def clip_tokenizer(padding: str = END) -> CLIPTokenizer:
    """The tokenizer that SD, SDXL, SD 3 and FLUX share.

    Args:
        padding: What fills up a text: the end token, or "!" for OpenCLIP's encoders.
    """
    merges = clip_merges()
    return CLIPTokenizer(
        vocab=clip_vocabulary(merges),
        merges=merges,  # pyright: ignore[reportArgumentType]  pairs, whatever it is annotated
        pad_token=padding,
        model_max_length=LENGTH,
    )
