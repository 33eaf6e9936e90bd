"""The embeddings that prompts name, as files of the library."""

from collections.abc import Iterable
from pathlib import Path, PurePath

from backend.formats.safetensors import read_safetensors
from backend.prompts.chunks import MadeUpWord
from backend.prompts.embeddings import find_embeddings
from backend.schema.errors import ModelDamagedError
from backend.schema.library import LibraryEntry
from backend.schema.models import ModelFile, ModelKind
from backend.schema.resolved import ResolvedEmbedding, ResolvedRequest


def named_embeddings(
    request: ResolvedRequest, entries: Iterable[LibraryEntry]
) -> tuple[ResolvedEmbedding, ...]:
    """Those that fit the checkpoint and that some picture's prompt names; the first of a name.

    Args:
        request: With its choices made.
        entries: What is in the library.
    """
    there = fitting_embeddings(request.model.family, entries)
    prompts = request.all_prompts
    texts = {text for prompt in prompts for text in (prompt.positive, prompt.negative)}
    named = {span.embedding for text in texts for span in find_embeddings(text, there)}
    return tuple(there[name] for name in there if name in named)


def fitting_embeddings(
    family: str, entries: Iterable[LibraryEntry]
) -> dict[str, ResolvedEmbedding]:
    """Those that fit a family, by the name that prompts give them; the first of a name."""
    there: dict[str, ResolvedEmbedding] = {}
    for entry in entries:
        if entry.model is not None and fits(entry.model, family):
            name = PurePath(entry.path).stem
            there.setdefault(name, ResolvedEmbedding(name=name, id=entry.id, path=entry.path))
    return there


def fits(model: ModelFile, family: str) -> bool:
    """Whether a model is an embedding for a family."""
    families = {each.value for each in (model.family, *model.fits)}
    return model.kind is ModelKind.EMBEDDING and family in families


def vectors_of(path: Path, width: int) -> tuple[MadeUpWord, ...]:
    """What stands in a prompt for an embedding, from its header alone.

    Args:
        path: A safetensors file.
        width: Of the text encoder; nothing stands there for one that the file has no vectors for.
    """
    try:
        state = path.stat()
        with path.open("rb") as file:
            header = read_safetensors(file, path.name, state.st_size)
    except (OSError, ModelDamagedError):
        return ()
    shapes = {tensor.shape[-1]: tensor.shape for _, tensor in sorted(header.tensors.items())}
    shape = shapes.get(width, (0, 0))
    rows = 1 if len(shape) == 1 else shape[0]
    return tuple(MadeUpWord(str(path), state.st_mtime_ns, row) for row in range(rows))
