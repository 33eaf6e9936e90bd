"""Names of files on the hubs: what their endings tell, and what they are called here."""

import re
from pathlib import PurePosixPath
from typing import Literal

Format = Literal["safetensors", "gguf", "pickle", "other"]

_FORMATS: dict[str, Format] = {
    ".safetensors": "safetensors",
    ".sft": "safetensors",
    ".gguf": "gguf",
    ".ckpt": "pickle",
    ".pt": "pickle",
    ".pth": "pickle",
    ".bin": "pickle",
}
_TEXTS = frozenset({".json", ".txt", ".csv"})
_MEANINGLESS = re.compile(
    r"(diffusion_pytorch_model|pytorch_model|model|pytorch_lora_weights|adapter_model)"
    r"(?P<more>\.\w+)?$"
)
_PRECISION = re.compile(
    r"(?<![a-z0-9])(bf16|fp16|fp32|fp8(?:_e\d\w+)?|i?q\d_[a-z0-9_]+)", re.IGNORECASE
)


def format_of(name: str) -> Format:
    """What a file is by its name's ending."""
    return _FORMATS.get(PurePosixPath(name).suffix.lower(), "other")


def is_text(name: str) -> bool:
    """Whether a file holds words, by its name's ending."""
    return PurePosixPath(name).suffix.lower() in _TEXTS


def bare_name(name: str) -> str:
    """A name without folders, of whichever system."""
    return name.replace("\\", "/").rstrip("/").rpartition("/")[2]


def telling_name(repository: str, path: str) -> str:
    """What a repository's file is called here.

    diffusers calls all files alike; such a file takes the names of its repository and folder, so
    that it can be told from others in a folder of models.
    """
    file = PurePosixPath(path)
    found = _MEANINGLESS.fullmatch(file.stem)
    if not found:
        return bare_name(path)
    folder = "" if str(file.parent) == "." else f"-{file.parent.name}"
    return f"{bare_name(repository)}{folder}{found['more'] or ''}{file.suffix}"


def precision_of(name: str) -> str:
    """The number format that a name tells: `fp16`, `Q4_K_S`; empty where it tells none."""
    found = _PRECISION.search(name)
    if not found:
        return ""
    word = found[1]
    return word.upper() if word[0] in "qQiI" else word.lower()
