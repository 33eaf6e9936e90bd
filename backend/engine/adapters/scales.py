"""How strongly an adapter was trained to act, where its tensors do not say so themselves.

peft keeps it in `adapter_config.json` beside the file, diffusers in the file's metadata.

Source: the fields of peft's LoraConfig; for rank-stabilised LoRA, Kalajdzievski 2023
(arXiv:2312.03732).
"""

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from pydantic import Field, ValidationError

from backend.schema.base import Frozen

_METADATA = "lora_adapter_metadata"
_BESIDE = "adapter_config.json"
_PEFT = "base_model_model_"


class _Config(Frozen, extra="ignore"):
    """What peft says of one part of a model."""

    r: int | None = None
    rank: int | None = None
    lora_alpha: float | None = None
    alpha: float | None = None
    use_rslora: bool = False
    rank_pattern: Mapping[str, int] = Field(default_factory=dict[str, int])
    alpha_pattern: Mapping[str, float] = Field(default_factory=dict[str, float])

    def scale(self, layer: str) -> float:
        rank = _of_layer(self.rank_pattern, layer) or self.r or self.rank
        alpha = _of_layer(self.alpha_pattern, layer) or self.lora_alpha or self.alpha
        if not rank or not alpha:
            return 1.0
        return alpha / (math.sqrt(rank) if self.use_rslora else rank)


@dataclass(frozen=True)
class ToldScales:
    """What is told of an adapter's scales, by the beginning of the names of layers."""

    _configs: Mapping[str, _Config]

    @classmethod
    def read(cls, path: Path, metadata: Mapping[str, str]) -> Self:
        """Find what is told in a file's metadata, or beside it; nothing where that makes no sense.

        Args:
            path: The adapter's file.
            metadata: The file's own.
        """
        try:
            if _METADATA in metadata:
                return cls(_by_part(json.loads(metadata[_METADATA])))
            beside = path.with_name(_BESIDE)
            if beside.is_file():
                text = beside.read_text(encoding="utf-8")
                return cls({"": _Config.model_validate_json(text)})
        except (OSError, ValueError, ValidationError):
            return cls({})
        return cls({})

    def of(self, layer: str) -> float:
        """The scale of a layer, named with underscores; 1 where nothing is told."""
        for start, config in self._configs.items():
            if layer.startswith(start):
                return config.scale(layer.removeprefix(start).removeprefix(_PEFT))
        return 1.0


def _by_part(told: Mapping[str, object]) -> dict[str, _Config]:
    """The config of each part, which diffusers writes as `<part>.<field>`."""
    parts: dict[str, dict[str, object]] = {}
    for name, value in told.items():
        part, _, field = name.partition(".")
        parts.setdefault(part, {})[field] = value
    longest_first = sorted(parts, key=len, reverse=True)  # text_encoder_2 before text_encoder
    return {f"{part}_": _Config.model_validate(parts[part]) for part in longest_first}


def _of_layer(patterns: Mapping[str, float], layer: str) -> float | None:
    """What is told of a layer alone; peft's names of layers are patterns."""
    for pattern, value in patterns.items():
        plain = pattern.replace(r"\.", "_").replace(".", "_")
        if re.fullmatch(rf"(?:.*_)?(?:{plain})", layer):
            return value
    return None
