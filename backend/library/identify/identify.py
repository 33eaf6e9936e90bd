"""From a header to all that Easel knows of a model file."""

from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

from backend.formats.header import Header, TensorInfo
from backend.library.headers import read_header
from backend.library.identify.contents import Contents
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
from backend.schema.library import SideCar
from backend.schema.models import Family, ModelFile, Part, Role


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
    return _describe(path, read_header(path), card)


def _describe(path: Path, header: Header, card: SideCar | None) -> ModelFile:
    contents = Contents(header.tensors)
    metadata = header.metadata
    finding = with_told_family(recognise(contents), metadata)
    parts = _parts(contents, finding)
    told = Told(path.stem, metadata, card or SideCar())
    return ModelFile(
        path=str(path),
        name=path.stem,
        bytes=header.file_bytes,
        format=header.format,
        kind=finding.kind,
        family=finding.family,
        family_label=family_label(finding),
        fits=finding.fits or ((finding.family,) if _is_ours(finding.family) else ()),
        variants=hinted_variants(finding, told),
        prediction=prediction_of(finding, contents, told),
        layout=finding.layout,
        precision=precision_of(contents),
        parameters=sum(part.parameters for part in parts),
        parts=parts,
        needs=needs_of(finding.kind, finding.family, (part.role for part in parts)),
        rank=finding.rank,
        title=metadata.get("modelspec.title", ""),
        author=metadata.get("modelspec.author", ""),
        license=metadata.get("modelspec.license", ""),
        trigger_words=_trigger_words(metadata),
        notes=finding.notes,
    )


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
