"""What is known of models, in words."""

from collections.abc import Iterable

from backend.schema.models import Fact, Need, Role

_SOURCES = {
    "tensors": "seen in its weights",
    "config": "told by its config",
    "metadata": "its maker’s word",
    "name": "guessed from its name",
    "assumed": "assumed",
}
_PREDICTIONS = {
    "epsilon": "epsilon (the noise)",
    "v": "v (velocity)",
    "flow": "flow matching",
    "edm": "EDM (the clean picture)",
}
_ROLES: dict[Role, str] = {
    "diffusion_model": "Diffusion model",
    "vae": "VAE",
    "clip_l": "CLIP-L text encoder",
    "clip_g": "CLIP-G text encoder",
    "clip_h": "OpenCLIP-H text encoder",
    "t5xxl": "T5-XXL text encoder",
    "text_encoder": "Text encoder",
    "clip_vision": "CLIP vision encoder",
    "controlnet": "ControlNet",
    "ema": "Averaged weights (EMA)",
    "adapter": "Adapter",
    "other": "Other",
}


def amount(numbers: int) -> str:
    """How many parameters: 859_520_964 is “860 M”."""
    billions = numbers / 1e9
    return f"{billions:.1f} B" if billions >= 1 else f"{numbers / 1e6:.0f} M"


def capital(words: str) -> str:
    """The words with a capital first letter: “turbo” is “Turbo”."""
    return words[:1].upper() + words[1:]


def source(fact: Fact) -> str:
    """How a fact is known."""
    return _SOURCES[fact.source]


def prediction(value: str) -> str:
    """What a network predicts."""
    return _PREDICTIONS.get(value, value)


def lacking(missing: Iterable[Need]) -> str:
    """What a model cannot draw without, in one line."""
    labels = [need.label.partition(" (")[0] for need in missing]
    return f"Needs {', '.join(labels)}" if labels else ""


def role(value: Role) -> str:
    """What a part of a model does."""
    return _ROLES[value]
