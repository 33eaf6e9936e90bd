"""The files of one checkpoint: where each part lies, and what they say of its shape."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import cast

from safetensors import SafetensorError, safe_open

from backend.engine.families import configs
from backend.engine.families.base import LatentToRgb
from backend.engine.loading.origin import INDEX
from backend.engine.loading.scheduler_config import SchedulerConfig
from backend.engine.loading.weights import open_weights
from backend.engine.networks import CLIPTokenizer
from backend.engine.prompts.clip_tokenizer import clip_tokenizer
from backend.schema.base import Frozen
from backend.schema.errors import ModelDamagedError, ModelMissingError
from backend.schema.models import Role
from backend.schema.resolved import ResolvedModel

_SIDE_CAR = "easel.json"
CONFIG_KEY = "easel.config."
"""Before the name of a part, where a single file of unusual sizes says in its metadata what they
are; Easel's own exports do."""
_ZERO_TERMINAL_SNR = "ztsnr"
"""An empty tensor that makers add to say how the model was trained."""
_DIFFUSERS_NAMES = {"epsilon": "epsilon", "v": "v_prediction", "flow": "flow_prediction"}


class SideCar(Frozen, extra="ignore"):
    """What the engine reads from the checkpoint's own `easel.json`."""

    latent_to_rgb: LatentToRgb | None = None


@dataclass(frozen=True)
class CheckpointFiles:
    """A single file or a diffusers folder, and the parts that come from files of their own."""

    path: Path
    configs: Traversable
    """The folder with the published configs of the parts: `unet.json`, `vae.json` …"""
    separate: Mapping[Role, Path] = field(default_factory=dict[Role, Path])
    prediction: str = ""
    """What the network predicts, where a single file leaves it open: epsilon, v or flow."""

    def place(self, role: Role, part: str) -> Path:
        """The file, or the folder, with a part's weights.

        Args:
            role: What the part does.
            part: Its folder in a diffusers folder.

        Raises:
            ModelMissingError: When nothing is there.
            ModelDamagedError: When a diffusers folder has no such part.
        """
        if role in self.separate:
            return self.separate[role]
        if self.path.is_file():
            return self.path
        self._check_folder()
        if not (self.path / part).is_dir():
            raise ModelDamagedError(
                f"The checkpoint “{self.path.name}” has no {part}.",
                "Copy or download the whole folder again.",
            )
        return self.path / part

    def config(self, place: Path, part: str) -> dict[str, object]:
        """The config of a part: beside its weights, in their metadata, or the published one.

        Raises:
            ModelDamagedError: When it cannot be read.
        """
        if place.is_dir():
            return cast("dict[str, object]", self._read(place / "config.json"))
        told = _metadata(place).get(CONFIG_KEY + part)
        text = told or self.configs.joinpath(f"{part}.json").read_text(encoding="utf-8")
        return json.loads(text)

    def scheduler(self) -> SchedulerConfig:
        """How training's noise looked.

        Raises:
            ModelMissingError: When there is no checkpoint.
            ModelDamagedError: When a diffusers folder does not say it.
        """
        if self.path.is_file():
            known = _DIFFUSERS_NAMES.get(self.prediction, "epsilon")
            with open_weights(self.path) as weights:
                zero = _ZERO_TERMINAL_SNR in weights.names
            return SchedulerConfig(prediction_type=known, rescale_betas_zero_snr=zero)
        self._check_folder()
        return SchedulerConfig.model_validate(
            self._read(self.path / "scheduler" / "scheduler_config.json")
        )

    def side_car(self) -> SideCar:
        """What the checkpoint's own `easel.json` says; empty without one."""
        place = self.path / _SIDE_CAR
        return SideCar.model_validate(self._read(place) if place.is_file() else {})

    def tokenizer(self, part: str = "tokenizer", padding: str | None = None) -> CLIPTokenizer:
        """CLIP's tokenizer: a diffusers folder's own, or the published one.

        Args:
            part: Its folder in a diffusers folder.
            padding: What the published one fills up with, where that is not the end token.

        Raises:
            ModelDamagedError: When the folder's own cannot be read.
        """
        place = self.path / part
        if self.path.is_file():
            return clip_tokenizer(padding) if padding else clip_tokenizer()
        try:
            return CLIPTokenizer.from_pretrained(place, local_files_only=True)
        except (OSError, ValueError, RuntimeError, KeyError) as error:
            raise self._broken(part, error) from error

    def _check_folder(self) -> None:
        if not (self.path / INDEX).is_file():
            raise ModelMissingError(
                f"There is no checkpoint at {self.path}.",
                "Choose another checkpoint, or copy it there.",
            )

    def _read(self, place: Path) -> object:
        try:
            return json.loads(place.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise self._broken(place.relative_to(self.path).as_posix(), error) from error

    def _broken(self, part: str, error: Exception) -> ModelDamagedError:
        return ModelDamagedError(
            f"The {part} of the checkpoint “{self.path.name}” cannot be read: {error}",
            "Copy or download the whole folder again.",
        )


def files_of(model: ResolvedModel) -> CheckpointFiles:
    """Where the parts of a model lie."""
    return CheckpointFiles(
        path=Path(model.path),
        configs=family_configs(model.family),
        separate={part.role: Path(part.path) for part in model.components},
        prediction=model.prediction,
    )


def family_configs(family: str) -> Traversable:
    """The folder with the published configs of a family."""
    return resources.files(configs).joinpath(family)


def _metadata(file: Path) -> dict[str, str]:
    if file.suffix != ".safetensors":
        return {}
    try:
        with safe_open(file, framework="pt") as opened:
            return opened.metadata() or {}
    except (SafetensorError, OSError, RuntimeError):
        return {}  # whoever reads the weights tells what is wrong with them
