"""Which tensors of a model go into a smaller file, and as what.

Sources: the buffers and the averages that CompVis' and Stability's trainers save with a model; the
layers that people who share eight-bit files keep in half precision: those at the network's edges,
where an error is not averaged away, norms and biases, and all of the autoencoder.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from functools import partial

import torch
from torch import Tensor

from backend.engine.loading.fp8 import FP8
from backend.engine.loading.stored import Stored
from backend.schema.conversion import TargetPrecision
from backend.schema.errors import RequestError

_HALF = {"fp16": torch.float16, "bf16": torch.bfloat16, "fp8": torch.float16}
_EIGHT = torch.float8_e4m3fn
_MATRIX_DIMENSIONS = 2
_SCHEDULE = frozenset(
    {"betas", "alphas_cumprod", "alphas_cumprod_prev", "lvlb_weights", "logvar", "model_ema"}
    | {f"{root}_alphas_cumprod" for root in ("sqrt", "sqrt_recip", "sqrt_recipm1")}
    | {"sqrt_one_minus_alphas_cumprod", "log_one_minus_alphas_cumprod", "posterior_variance"}
    | {"posterior_log_variance_clipped", "posterior_mean_coef1", "posterior_mean_coef2"}
)
"""The noise of training, which every program works out by itself, and the weights' averages."""
_TRAINER = frozenset(
    {"optimizer", "optimizer_states", "lr_schedulers", "lr_scheduler", "callbacks", "loops"}
    | {"hyper_parameters", "hparams", "global_step", "epoch", "ema", "loss", "model_ema"}
)
_INSIDE = ("first_stage_model.loss.", "vae.loss.")
"""What judged the autoencoder's pictures while it was trained."""
_NETWORK = "model.diffusion_model."
_BLOCKS = (
    *("input_blocks.", "down_blocks.", "joint_blocks.", "double_blocks."),
    *("transformer_blocks.", "single_transformer_blocks."),
)
"""What networks in files of their own consist of, by the families' names."""
_EDGES = (
    *("input_blocks.0.", "out.", "time_embed.", "label_emb."),
    *("conv_in.", "conv_out.", "time_embedding.", "add_embedding.", "class_embedding."),
    *("x_embedder.", "context_embedder.", "t_embedder.", "y_embedder.", "pos_embed"),
    *("time_text_embed.", "final_layer.", "proj_out.", "norm_out."),
    *("img_in.", "txt_in.", "time_in.", "vector_in.", "guidance_in."),
)
"""Where pictures, words, times and sizes come in and noise goes out, by the families' names."""


@dataclass
class Narrowing:
    """What becomes of the tensors of one file."""

    to: TargetPrecision
    clipped: list[str] = field(default_factory=list[str])
    """Tensors with numbers beyond what the new format holds; filled as they are read."""

    def of(self, tensors: Mapping[str, Stored]) -> dict[str, Stored]:
        """The tensors as they are to be written; none is read yet.

        Raises:
            RequestError: When eight bits are asked for, and no network is there.
        """
        if self.to == "same":
            return dict(tensors)
        network = _network(tensors)
        if self.to == "fp8" and not network:
            raise RequestError(
                "Only networks that draw are stored in eight bits, and none is in this file.",
                "Choose fp16 or bf16.",
            )
        narrow = {name: self._dtype(name, each, network) for name, each in tensors.items()}
        return {
            name: each
            if narrow[name] is each.dtype
            else replace(each, dtype=narrow[name], read=partial(self._read, name, each, narrow))
            for name, each in tensors.items()
        }

    def _dtype(self, name: str, stored: Stored, network: Collection[str]) -> torch.dtype:
        if not stored.dtype.is_floating_point or self.to == "same":
            return stored.dtype
        if self.to != "fp8":
            return _HALF[self.to]
        if name in network and _is_inner_matrix(name.removeprefix(_NETWORK), stored):
            return _EIGHT
        # What is small enough already stays: bf16 has a range that fp16 has not.
        return stored.dtype if stored.dtype.itemsize <= _HALF["fp8"].itemsize else _HALF["fp8"]

    def _read(self, name: str, stored: Stored, narrow: Mapping[str, torch.dtype]) -> Tensor:
        """One tensor in its new format; numbers that are too large become the largest."""
        tensor, dtype = stored.read(), narrow[name]
        if tensor.dtype in FP8:  # torch neither compares nor clamps these
            tensor = tensor.float()
        largest = torch.finfo(dtype).max
        if tensor.numel() and tensor.abs().max() > largest:
            self.clipped.append(name)
            tensor = tensor.clamp(-largest, largest)
        return tensor.to(dtype)


def pruned(tensors: Mapping[str, Stored]) -> dict[str, Stored]:
    """The tensors that drawing needs."""
    return {name: each for name, each in tensors.items() if not _is_left_over(name)}


def _is_left_over(name: str) -> bool:
    root, dot, _ = name.partition(".")
    by_root = root in _TRAINER if dot else root in _SCHEDULE | _TRAINER
    return by_root or name.startswith(_INSIDE)


def _network(tensors: Collection[str]) -> frozenset[str]:
    """The denoising network's tensors: those of its part, or all of a file of nothing else."""
    inside = frozenset(name for name in tensors if name.startswith(_NETWORK))
    if inside or not any(name.startswith(_BLOCKS) for name in tensors):
        return inside
    return frozenset(tensors)


def _is_inner_matrix(name: str, stored: Stored) -> bool:
    is_matrix = name.endswith("weight") and len(stored.shape) >= _MATRIX_DIMENSIONS
    return is_matrix and not name.startswith(_EDGES)
