"""The LoRA's file: its tensors and what it tells of itself."""

import hashlib
import io
from collections.abc import Mapping
from pathlib import Path

import torch
from PIL import Image
from safetensors.torch import save
from torch import Tensor

from backend.engine.training.forms import FORMS, VELOCITY, FileForm
from backend.engine.training.learners import Learners
from backend.engine.training.telling import metadata
from backend.schema.training import ResolvedTraining
from backend.schema.training_making import FilePrecision

_DTYPES: Mapping[FilePrecision, torch.dtype] = {"fp16": torch.float16, "bf16": torch.bfloat16}
_PREVIEW = 256
"""The longest side of the picture in the file, in pixels."""


def lora_file(
    wanted: ResolvedTraining, learners: Learners, steps: int, preview: Path | None = None
) -> bytes:
    """The whole file.

    Args:
        wanted: The training.
        learners: What was learned.
        steps: How many steps it took.
        preview: A picture that it draws; None for none.
    """
    form, dtype = form_of(wanted), _DTYPES[wanted.asked.file.precision]
    tensors = {name: _stored(tensor, dtype) for name, tensor in form.tensors(learners)}
    told = metadata(wanted, form, steps, _small(preview) if preview else b"")
    digest = _hash(save(tensors))
    hashes = {"sshs_model_hash": digest, "modelspec.hash_sha256": f"0x{digest}"}
    return save(tensors, metadata=told | hashes)


def form_of(wanted: ResolvedTraining) -> FileForm:
    """How the file of a training is written."""
    form = FORMS[wanted.model.family]
    predicts_velocity = wanted.model.prediction == "v"
    return VELOCITY if form.version == "sd_v2" and predicts_velocity else form


def _stored(tensor: Tensor, dtype: torch.dtype) -> Tensor:
    """As it lies in the file; single numbers such as alpha stay exact."""
    return tensor.to("cpu", dtype if tensor.ndim else torch.float32).contiguous()


def _hash(file: bytes) -> str:
    """Of the tensors alone, so that it stays where what is told changes."""
    begin = 8 + int.from_bytes(file[:8], "little")
    return hashlib.sha256(file[begin:]).hexdigest()


def _small(picture: Path) -> bytes:
    """A picture as a small JPEG; empty where it cannot be read."""
    content = io.BytesIO()
    try:
        with Image.open(picture) as opened:
            small = opened.convert("RGB")
    except OSError:
        return b""
    small.thumbnail((_PREVIEW, _PREVIEW))
    small.save(content, "JPEG", quality=85)
    return content.getvalue()
