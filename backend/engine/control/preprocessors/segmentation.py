"""What is where, in the 150 colours of ADE20K.

Source: Jain et al., “OneFormer”, 2023, and Xiao et al., “UPerNet”, 2018, by way of
transformers; Zhou et al., “Scene Parsing through ADE20K Dataset”, 2017, for classes and colours.
"""

import importlib
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import cast

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from backend.engine.control.base import MapSettings
from backend.engine.control.pixels import IMAGENET, as_tensor, enlarged, fitted, normalised, sized
from backend.engine.control.registry import preprocessor
from backend.engine.control.seeing import attribute_of
from backend.engine.control.transformers_at_work import (
    Configuration,
    configured,
    transformer_at_work,
)
from backend.schema.control_types import ControlType
from backend.schema.controls import PreprocessorInfo, WeightsInfo

_CLASSES = 150
_STAGES = ["stage1", "stage2", "stage3", "stage4"]
_MULTIPLE = 32
SHORTER_SIDE = 640
"""What OneFormer learned from."""
TASK = (49406, 518, 10549, 533, 29119, 1550, 49407)
"""“the task is semantic” in CLIP's tokens; the rest of the 77 are zeros."""
_TOKENS = 77


@preprocessor(
    PreprocessorInfo(
        id="seg_ofade20k",
        label="Segmentation (OneFormer)",
        help="Each of 150 kinds of things in its colour, the best borders; minutes without a card.",
        makes=ControlType.SEGMENTATION,
        aliases=("oneformer_ade20k", "segmentation"),
        weights=(
            WeightsInfo(
                repository="shi-labs/oneformer_ade20k_swin_large",
                file="pytorch_model.bin",
                bytes=875_546_483,
                license="mit",
            ),
        ),
    )
)
def oneformer(picture: Image.Image, settings: MapSettings) -> Image.Image:
    """Flat colours."""
    name, file = "OneFormerForUniversalSegmentation", settings.files[0]
    task = torch.zeros(1, _TOKENS, dtype=torch.long, device=settings.device)
    task[0, : len(TASK)] = torch.tensor(TASK)
    shown = sized(picture, SHORTER_SIDE, _MULTIPLE)
    with (
        unlearning(),
        transformer_at_work(name, oneformer_over_swin(), file, settings.device) as network,
    ):
        pixels = normalised(as_tensor(shown, settings.device), *IMAGENET)
        told = network(pixel_values=pixels, task_inputs=task)
        kinds: Tensor = told.class_queries_logits.softmax(-1)[..., :-1]
        masks: Tensor = told.masks_queries_logits.sigmoid()
        return coloured(torch.einsum("bqc,bqhw->bchw", kinds, masks), picture)


@preprocessor(
    PreprocessorInfo(
        id="seg_ufade20k",
        label="Segmentation (UperNet)",
        help="Each of 150 kinds of things in its colour; smaller and faster.",
        makes=ControlType.SEGMENTATION,
        aliases=("upernet_ade20k", "seg"),
        weights=(
            WeightsInfo(
                repository="openmmlab/upernet-convnext-small",
                file="pytorch_model.bin",
                bytes=327_702_683,
                license="mit",
            ),
        ),
        usual=True,
    )
)
def upernet(picture: Image.Image, settings: MapSettings) -> Image.Image:
    """Flat colours."""
    name, file = "UperNetForSemanticSegmentation", settings.files[0]
    with transformer_at_work(name, upernet_over_convnext(), file, settings.device) as network:
        pixels = as_tensor(fitted(picture, _MULTIPLE), settings.device)
        return coloured(network(normalised(pixels, *IMAGENET)).logits, picture)


def coloured(scores: Tensor, picture: Image.Image) -> Image.Image:
    """The colour of the likeliest class everywhere.

    Args:
        scores: Shape (1, _CLASSES, height, width), of any size.
        picture: Whose map it is.
    """
    kinds = enlarged(scores.float().cpu(), picture.height, picture.width).argmax(1)[0]
    palette = cast("Callable[[], list[list[int]]]", attribute_of("util", "ade_palette"))()
    return Image.fromarray(np.array(palette, np.uint8)[kinds.numpy()])


@contextmanager
def unlearning() -> Generator[None]:
    """Build OneFormer where transformers found no scipy, which it needs for its training alone.

    The engine keeps scipy's optimisers out of its start.
    """
    module = vars(importlib.import_module("transformers.models.oneformer.modeling_oneformer"))
    require: object = module["requires_backends"]
    module["requires_backends"] = _nothing
    try:
        yield
    finally:
        module["requires_backends"] = require


def _nothing(*_arguments: object) -> None: ...


def oneformer_over_swin() -> Configuration:
    """OneFormer over Swin-L with 250 queries."""
    swin = configured(
        "SwinConfig",
        image_size=384,
        embed_dim=192,
        depths=[2, 2, 18, 2],
        num_heads=[6, 12, 24, 48],
        window_size=12,
        out_features=_STAGES,
    )
    return configured("OneFormerConfig", backbone_config=swin, num_queries=250, num_labels=_CLASSES)


def upernet_over_convnext() -> Configuration:
    """UperNet over ConvNeXt-S."""
    convnext = configured(
        "ConvNextConfig",
        depths=[3, 3, 27, 3],
        hidden_sizes=[96, 192, 384, 768],
        out_features=_STAGES,
    )
    return configured(
        "UperNetConfig",
        backbone_config=convnext,
        hidden_size=512,
        auxiliary_in_channels=384,
        num_labels=_CLASSES,
    )
