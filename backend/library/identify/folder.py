"""What a diffusers folder is, from its small JSON files and its weights' headers."""

import re
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

from pydantic import Field

from backend.formats.header import Header, TensorInfo
from backend.library.headers import read_header
from backend.library.identify.contents import Contents
from backend.library.identify.finding import Finding
from backend.library.identify.flux import flux_variant
from backend.library.identify.hints import Told, hinted_variants, prediction_of
from backend.library.identify.identify import family_label
from backend.library.identify.needs import needs_of
from backend.library.identify.precision import precision_of, short_label
from backend.library.identify.unet import INPUT_VARIANTS, TEXT_WIDTHS
from backend.library.identify.widths import text_width_of, width_of
from backend.schema.base import Frozen
from backend.schema.errors import ModelDamagedError, ModelError
from backend.schema.models import Fact, Family, ModelFile, ModelKind, Part, Role

_INDEX = "model_index.json"
_NETWORKS = ("unet", "transformer")
_PARTS = (*_NETWORKS, "vae", "text_encoder", "text_encoder_2", "text_encoder_3")
_SHARD = re.compile(r"-\d{5}-of-\d{5}")
_PICKLES = (".bin", ".ckpt", ".pt")
_UNET = "UNet2DConditionModel"
_DEEP = 4
_ENCODERS: dict[int, Role] = {768: "clip_l", 1024: "clip_h", 1280: "clip_g"}
_COPY_AGAIN = "Copy or download the whole folder again."
Model = TypeVar("Model", bound=Frozen)


class _Index(Frozen, extra="ignore"):
    """What `model_index.json` tells besides the parts' names."""

    pipeline: str = Field("", alias="_class_name")


class _Network(Frozen, extra="ignore"):
    """What the configuration of a UNet or transformer tells; every part may be missing."""

    class_name: str = Field("", alias="_class_name")
    in_channels: int = 4
    cross_attention_dim: int | tuple[int, ...] = 0
    down_block_types: tuple[str, ...] = ()
    addition_embed_type: str | None = None
    use_linear_projection: bool = False
    time_cond_proj_dim: int | None = None
    qk_norm: str | None = None
    dual_attention_layers: tuple[int, ...] = ()
    guidance_embeds: bool = False


class _Encoder(Frozen, extra="ignore"):
    """What a text encoder's configuration tells."""

    architectures: tuple[str, ...] = ()
    hidden_size: int = 0


class _Scheduler(Frozen, extra="ignore"):
    """What the scheduler's configuration tells."""

    class_name: str = Field("", alias="_class_name")
    prediction_type: str = ""


def identify_folder(folder: Path, told: Told, family: Family | None = None) -> ModelFile:
    """Say what a diffusers folder is.

    Args:
        folder: With a `model_index.json`.
        told: What is said of it beside it.
        family: What its own side-car says it is, whatever its configuration.

    Raises:
        ModelDamagedError: When a part cannot be read, or there are no weights.
        ModelError: When its weights are pickles.
    """
    pipeline = _config(folder / _INDEX, _Index).pipeline
    parts_of = _headers(folder)
    network = next((name for name in _NETWORKS if name in parts_of), "")
    if not network:
        raise _without_weights(folder)
    config = _config(folder / network / "config.json", _Network)
    scheduler = _config(folder / "scheduler" / "scheduler_config.json", _Scheduler, missing=True)
    kind = family or _family(config)
    if kind is Family.SDXL and "text_encoder" not in parts_of and "text_encoder_2" in parts_of:
        kind = Family.SDXL_REFINER  # whatever its size, it reads with the second encoder alone
    finding = Finding(
        kind=ModelKind.CHECKPOINT,
        family=kind,
        family_label=pipeline.removesuffix("Pipeline") if kind is Family.OTHER else "",
        layout="diffusers_folder",
        variants=_variants(kind, config, scheduler),
    )
    roles: dict[str, Role] = {name: _role(folder, name, kind) for name in parts_of}
    return _described(folder, finding, parts_of, roles).model_copy(
        update={
            "variants": tuple(map(_from_config, hinted_variants(finding, told))),
            "prediction": _prediction(scheduler, finding, told),
        }
    )


def chosen_weights(folder: Path) -> tuple[Path, ...]:
    """The safetensors files of one part: the whole-precision ones where there are any.

    Beside them may lie variants in other precisions, such as `model.fp16.safetensors`, or the same
    weights in several files.
    """
    groups: defaultdict[str, list[Path]] = defaultdict(list)
    for file in sorted(folder.glob("*.safetensors")):
        variant = _SHARD.sub("", file.stem).partition(".")[2]
        groups[variant].append(file)
    return tuple(groups[min(groups)]) if groups else ()


def folder_weights(folder: Path) -> tuple[Path, ...]:
    """The files that hold the weights of a diffusers folder."""
    parts = tuple(file for name in _PARTS for file in chosen_weights(folder / name))
    return parts or chosen_weights(folder)  # of a single network


def _described(
    folder: Path, finding: Finding, headers: Mapping[str, list[Header]], roles: Mapping[str, Role]
) -> ModelFile:
    tensors = {name: _tensors(several) for name, several in headers.items()}
    network = next(name for name in headers if roles[name] == "diffusion_model")
    inside = Contents(tensors[network])
    parts = [
        Part(
            role=roles[name],
            parameters=sum(tensor.parameters for tensor in held.values()),
            bytes=sum(tensor.bytes for tensor in held.values()),
            precision=short_label(held.values()),
        )
        for name, held in tensors.items()
    ]
    return ModelFile(
        path=str(folder),
        name=folder.name,
        bytes=sum(header.file_bytes for several in headers.values() for header in several),
        format="folder",
        kind=finding.kind,
        family=finding.family,
        family_label=family_label(finding),
        fits=() if finding.family in (Family.OTHER, Family.UNKNOWN) else (finding.family,),
        layout=finding.layout,
        precision=precision_of(inside),
        width=width_of(inside),
        text_width=text_width_of(inside),
        parameters=sum(part.parameters for part in parts),
        parts=tuple(sorted(parts, key=lambda part: -part.bytes)),
        needs=needs_of(finding.kind, finding.family, (part.role for part in parts)),
    )


def _headers(folder: Path) -> dict[str, list[Header]]:
    """The headers of each part that draws, by its folder's name."""
    found: dict[str, list[Header]] = {}
    for name in _PARTS:
        files = chosen_weights(folder / name)
        if files:
            found[name] = [read_header(file) for file in files]
    return found


def _without_weights(folder: Path) -> ModelError:
    files = (file for name in _NETWORKS for file in (folder / name).glob("*"))
    if any(file.suffix in _PICKLES for file in files):
        return ModelError(
            f"The weights in “{folder.name}” are pickle files, which can run programs when they "
            "are opened.",
            "Get the safetensors version, or convert them with Easel's safe conversion.",
        )
    return ModelDamagedError(f"The folder “{folder.name}” has no weights.", _COPY_AGAIN)


def _tensors(headers: list[Header]) -> dict[str, TensorInfo]:
    return {name: tensor for header in headers for name, tensor in header.tensors.items()}


def _family(config: _Network) -> Family:
    if config.class_name == "FluxTransformer2DModel":
        return Family.FLUX1
    if config.class_name == "SD3Transformer2DModel":
        plain = Family.SD35_LARGE if config.qk_norm else Family.SD3
        return Family.SD35_MEDIUM if config.dual_attention_layers else plain
    return _family_of_unet(config) if config.class_name == _UNET else Family.OTHER


def _family_of_unet(config: _Network) -> Family:
    width = config.cross_attention_dim
    known = TEXT_WIDTHS.get(width if isinstance(width, int) else width[0])
    if known:
        return known
    if config.addition_embed_type == "text_time":
        deep = len(config.down_block_types) >= _DEEP
        return Family.SDXL_REFINER if deep else Family.SDXL
    return Family.SD2 if config.use_linear_projection else Family.SD15


def _variants(family: Family, config: _Network, scheduler: _Scheduler) -> tuple[str, ...]:
    if family is Family.FLUX1:
        return (flux_variant(config.in_channels, guided=config.guidance_embeds),)
    if config.class_name != _UNET:
        return ()
    inputs = INPUT_VARIANTS.get(config.in_channels, ("unusual input",))
    lcm = config.time_cond_proj_dim or scheduler.class_name == "LCMScheduler"
    return (*inputs, "lcm") if lcm else inputs


def _prediction(scheduler: _Scheduler, finding: Finding, told: Told) -> Fact | None:
    words = {"epsilon": "epsilon", "v_prediction": "v"}
    value = words.get(scheduler.prediction_type)
    fact = prediction_of(finding, Contents({}), told)
    if value and not (fact and fact.source == "tensors"):  # flow networks predict nothing else
        return Fact(value=value, source="config")
    return _from_config(fact) if fact else None


def _from_config(fact: Fact) -> Fact:
    return Fact(value=fact.value, source="config") if fact.source == "tensors" else fact


def _role(folder: Path, name: str, family: Family) -> Role:
    """What a part does, by its folder and, of text encoders, by their width."""
    if name in _NETWORKS:
        return "diffusion_model"
    if name == "vae":
        return "vae"
    encoder = _config(folder / name / "config.json", _Encoder, missing=True)
    if any(each.startswith("T5") for each in encoder.architectures):
        return "t5xxl"
    known = _ENCODERS.get(encoder.hidden_size)
    if known:
        return known
    if name == "text_encoder":
        return "clip_h" if family is Family.SD2 else "clip_l"
    return "clip_g" if name == "text_encoder_2" else "t5xxl"


def _config(path: Path, model: type[Model], *, missing: bool = False) -> Model:
    """A configuration file; where it may be missing, an empty one stands for it."""
    try:
        return model.model_validate_json(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        if missing:
            return model.model_validate({})
        raise ModelDamagedError(
            f"The folder “{path.parent.name}” has no {path.name}.", _COPY_AGAIN
        ) from error
    except (OSError, ValueError) as error:
        raise ModelDamagedError(
            f"{path.name} in the folder “{path.parent.name}” cannot be read.", _COPY_AGAIN
        ) from error
