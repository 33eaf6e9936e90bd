"""From a header to all that Easel knows of a model file."""

from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

from backend.formats.header import Header, TensorInfo
from backend.library.headers import read_header
from backend.library.identify.contents import Contents
from backend.library.identify.control_types import control_types, named_variants
from backend.library.identify.finding import Finding
from backend.library.identify.hints import (
    Told,
    hinted_variants,
    prediction_of,
    with_told_family,
)
from backend.library.identify.needs import needs_of
from backend.library.identify.precision import precision_of, short_label
from backend.library.identify.recognisers import recognise
from backend.library.identify.widths import text_width_of, width_of
from backend.schema.library import SideCar
from backend.schema.models import Family, ModelFile, Part, Role

ANYTHING = "diffusion_pytorch_model"
"""What diffusers calls the weights of every network."""
_STRONGEST = 10.0
"""A weight beyond it is none that anybody recommends."""


def identify_file(path: Path, card: SideCar | None = None) -> ModelFile:
    """Say what a safetensors or GGUF file is, reading its header and nothing else of it.

    Args:
        path: The file.
        card: What the files beside it say of it.

    Raises:
        ModelMissingError: When there is no such file.
        ModelDamagedError: When it is truncated, inconsistent or no model; names what it is.
        ModelError: When it is a pickle.
    """
    return describe(path, read_header(path), card)


def describe(path: Path, header: Header, card: SideCar | None) -> ModelFile:
    """Say what a model with such a header is.

    Args:
        path: The file, or the folder of a single network, with its ending.
        header: Its own, or that of all its pieces.
        card: What the files beside it say of it.
    """
    contents = Contents(header.tensors)
    metadata = header.metadata
    finding = with_told_family(recognise(contents), metadata)
    parts = _parts(contents, finding)
    told = Told(_called(path), metadata, card or SideCar())
    return ModelFile(
        path=str(path),
        name=path.stem,
        bytes=header.file_bytes,
        format=header.format,
        kind=finding.kind,
        family=finding.family,
        family_label=family_label(finding),
        fits=finding.fits or ((finding.family,) if _is_ours(finding.family) else ()),
        variants=(*hinted_variants(finding, told), *named_variants(finding, told)),
        prediction=prediction_of(finding, contents, told),
        layout=finding.layout,
        precision=precision_of(contents),
        parameters=sum(part.parameters for part in parts),
        parts=parts,
        needs=needs_of(finding.kind, finding.family, (part.role for part in parts)),
        rank=finding.rank,
        control=control_types(finding, told),
        width=width_of(contents),
        text_width=text_width_of(contents),
        title=metadata.get("modelspec.title", ""),
        author=metadata.get("modelspec.author", ""),
        license=metadata.get("modelspec.license", ""),
        trigger_words=_trigger_words(metadata),
        strength=_strength(metadata),
        notes=finding.notes,
    )


def _called(path: Path) -> str:
    """A file's stem; its folder's name too, where the stem is what diffusers calls every file."""
    stem = path.stem
    return f"{path.parent.name} {stem}" if stem.startswith(ANYTHING) else stem


def _is_ours(family: Family) -> bool:
    return family not in (Family.OTHER, Family.UNKNOWN)


def family_label(finding: Finding) -> str:
    """The family's name, or the names of all that it fits."""
    if finding.family_label:
        return finding.family_label
    if finding.family is Family.UNKNOWN and finding.fits:
        return ", ".join(family.label for family in finding.fits)
    return finding.family.label


def _parts(contents: Contents, finding: Finding) -> tuple[Part, ...]:
    """The components inside, largest first."""
    groups: defaultdict[Role, list[TensorInfo]] = defaultdict(list)
    for name, tensor in contents.tensors.items():
        groups[_role(name, finding.roles)].append(tensor)
    parts = (
        Part(
            role=role,
            parameters=sum(tensor.parameters for tensor in tensors),
            bytes=sum(tensor.bytes for tensor in tensors),
            precision=short_label(tensors),
        )
        for role, tensors in groups.items()
    )
    return tuple(sorted(parts, key=lambda part: -part.bytes))


def _role(name: str, roles: tuple[tuple[str, Role], ...]) -> Role:
    for prefix, role in roles:
        if name.startswith(prefix):
            return role
    return "other"


def _trigger_words(metadata: Mapping[str, str]) -> tuple[str, ...]:
    words = metadata.get("modelspec.trigger_phrase", "").split(",")
    return tuple(word.strip() for word in words if word.strip())


def _strength(metadata: Mapping[str, str]) -> float | None:
    """As Easel's trainer tells it; there is no common way."""
    try:
        told = float(metadata.get("easel.strength", ""))
    except ValueError:
        return None
    return told if 0 < abs(told) <= _STRONGEST else None
