"""Tensors of files and folders, by the names that the files give them."""

import pytest
import torch
from safetensors.torch import save_file

from backend.engine.loading.weights import open_weights
from backend.schema.errors import ModelDamagedError


def test_a_shape_is_told_without_its_prefix(tmp_path):
    save_file({"unet.conv.weight": torch.zeros(3, 2)}, tmp_path / "one.safetensors")

    with open_weights(tmp_path / "one.safetensors") as weights:
        unet = weights.under("unet.")

        assert unet.names == {"conv.weight"}
        assert unet.shape("conv.weight") == (3, 2)
        with pytest.raises(ModelDamagedError, match=r"unet\.conv\.bias"):
            unet.shape("conv.bias")
