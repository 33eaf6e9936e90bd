"""The embeddings that a request's prompts name, as files of the library."""

from collections.abc import Iterable
from pathlib import PurePath

from backend.prompts.embeddings import find_embeddings
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
    there: dict[str, ResolvedEmbedding] = {}
    for entry in entries:
        if entry.model is not None and _fits(entry.model, request.model.family):
            name = PurePath(entry.path).stem
            there.setdefault(name, ResolvedEmbedding(name=name, id=entry.id, path=entry.path))
    prompts = (request.prompt_of(index) for index in range(request.batch.pictures))
    texts = {text for prompt in prompts for text in (prompt.positive, prompt.negative)}
    named = {span.embedding for text in texts for span in find_embeddings(text, there)}
    return tuple(there[name] for name in there if name in named)


def _fits(model: ModelFile, family: str) -> bool:
    families = {each.value for each in (model.family, *model.fits)}
    return model.kind is ModelKind.EMBEDDING and family in families
