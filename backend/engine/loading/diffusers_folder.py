"""Loading a checkpoint kept as a diffusers folder: offline, and from safetensors only."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar, cast

import torch
from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL
from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel
from safetensors import SafetensorError
from transformers import CLIPTextModel, CLIPTokenizer

from backend.engine.families.base import LatentToRgb
from backend.engine.schedules.base import NoiseLevels
from backend.schema.base import Frozen
from backend.schema.errors import ModelDamagedError, ModelMissingError

Part = TypeVar("Part")
Module = TypeVar("Module", CLIPTextModel, UNet2DConditionModel, AutoencoderKL)


class SchedulerConfig(Frozen, extra="ignore"):
    """What training's noise looked like, from `scheduler/scheduler_config.json`."""

    num_train_timesteps: int = 1000
    beta_start: float = 0.00085
    beta_end: float = 0.012
    beta_schedule: str = "scaled_linear"
    prediction_type: str = "epsilon"

    def noise_levels(self) -> NoiseLevels:
        """The noise level of each training timestep.

        Raises:
            ModelDamagedError: When the schedule is of an unknown kind.
        """
        powers = {"linear": 1.0, "scaled_linear": 0.5}
        if self.beta_schedule not in powers:
            raise ModelDamagedError(f"The noise schedule “{self.beta_schedule}” is not known.")
        power = powers[self.beta_schedule]
        ends = (self.beta_start**power, self.beta_end**power)
        betas = torch.linspace(*ends, self.num_train_timesteps, dtype=torch.float32)
        return NoiseLevels.from_betas(betas ** (1 / power))


class SideCar(Frozen, extra="ignore"):
    """What the engine reads from the checkpoint's own `easel.json`."""

    latent_to_rgb: LatentToRgb | None = None


@dataclass(frozen=True)
class DiffusersFolder:
    """A folder with `model_index.json` and one folder for each part of the checkpoint."""

    path: Path

    def scheduler(self) -> SchedulerConfig:
        """How training's noise looked."""
        return SchedulerConfig.model_validate(self._json("scheduler/scheduler_config.json"))

    def side_car(self) -> SideCar:
        """What the checkpoint's own `easel.json` says; empty without one."""
        there = (self.path / "easel.json").is_file()
        return SideCar.model_validate(self._json("easel.json") if there else {})

    def tokenizer(self) -> CLIPTokenizer:
        """CLIP's tokenizer with the folder's vocabulary."""

        def load(path: Path) -> CLIPTokenizer:
            return CLIPTokenizer.from_pretrained(path, local_files_only=True)

        return self._read("tokenizer", load)

    def text_encoder(self, device: torch.device, dtype: torch.dtype) -> CLIPTextModel:
        """CLIP's text encoder, ready to compute."""
        return self._module(CLIPTextModel, "text_encoder", device, dtype)

    def unet(self, device: torch.device, dtype: torch.dtype) -> UNet2DConditionModel:
        """The denoising network, ready to compute."""
        return self._module(UNet2DConditionModel, "unet", device, dtype)

    def vae(self, device: torch.device, dtype: torch.dtype) -> AutoencoderKL:
        """The autoencoder, ready to compute."""
        return self._module(AutoencoderKL, "vae", device, dtype)

    def _module(
        self, kind: type[Module], name: str, device: torch.device, dtype: torch.dtype
    ) -> Module:
        def load(path: Path) -> Module:
            loaded: object = kind.from_pretrained(
                path,
                dtype=dtype,
                local_files_only=True,
                use_safetensors=True,
                output_loading_info=True,
            )
            module, report = cast("tuple[Module, dict[str, list[str]]]", loaded)
            if report["missing_keys"]:
                raise ValueError(f"missing: {', '.join(sorted(report['missing_keys'])[:3])}")
            cast("torch.nn.Module", module).to(device)
            return module

        return self._read(name, load)

    def _json(self, name: str) -> object:
        return self._read(name, lambda path: json.loads(path.read_text(encoding="utf-8")))

    def _read(self, name: str, read: Callable[[Path], Part]) -> Part:
        """Read one part; every way in which files can be broken becomes one error with words."""
        path = self.path / name
        if not path.exists():
            raise ModelDamagedError(
                f"The checkpoint “{self.path.name}” has no {name}.",
                "Copy or download the whole folder again.",
            )
        try:
            return read(path)
        except (OSError, ValueError, RuntimeError, KeyError, SafetensorError) as error:
            raise ModelDamagedError(
                f"The {name} of the checkpoint “{self.path.name}” cannot be read: {error}",
                "Copy or download the whole folder again.",
            ) from error


def open_diffusers_folder(path: Path) -> DiffusersFolder:
    """Open a checkpoint's folder.

    Raises:
        ModelMissingError: When it is not there, or is not such a folder.
    """
    if not (path / "model_index.json").is_file():
        raise ModelMissingError(
            f"There is no checkpoint at {path}.", "Choose another checkpoint, or copy it there."
        )
    return DiffusersFolder(path)
