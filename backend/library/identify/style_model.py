"""Style models: a picture's features turned into text tokens (FLUX.1 Redux)."""

from backend.library.identify.contents import Contents
from backend.library.identify.finding import Finding
from backend.schema.models import Family, ModelKind


def style_model(contents: Contents) -> Finding | None:
    """Recognise FLUX.1 Redux, in the original and in diffusers' form (the same names)."""
    if not contents.has("redux_up.weight", "redux_down.weight"):
        return None
    return Finding(
        kind=ModelKind.STYLE_MODEL,
        family=Family.FLUX1,
        layout="original",
        variants=("redux",),
        roles=(("", "adapter"),),
    )
