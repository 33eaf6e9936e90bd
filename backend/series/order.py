"""In which order the pictures of a series are drawn."""

from collections.abc import Hashable, Sequence

from backend.prompts.tags import take_tags
from backend.schema.resolved import ResolvedRequest


def drawing_order(cells: Sequence[ResolvedRequest]) -> tuple[int, ...]:
    """The places of pictures, so that each model is loaded once, and LoRAs change seldom.

    What comes first stays first: models, control models within them, and LoRAs within those, in
    the order of their first use.
    """
    models: dict[Hashable, int] = {}
    controls: dict[Hashable, int] = {}
    loras: dict[Hashable, int] = {}
    keys: list[tuple[int, int, int, int]] = []
    for index, cell in enumerate(cells):
        refiner = cell.refiner.model.path if cell.refiner else ""
        parts = tuple(sorted((part.role, part.path) for part in cell.model.components))
        model = models.setdefault((cell.model.path, parts, refiner), len(models))
        following = tuple(sorted({control.model.path for control in cell.controls}))
        control = controls.setdefault(following, len(controls))
        worn = loras.setdefault(_worn(cell), len(loras))
        keys.append((model, control, worn, index))
    return tuple(index for *_, index in sorted(keys))


def _worn(cell: ResolvedRequest) -> Hashable:
    tags = take_tags(cell.prompt_of(0).positive)[1]
    return tuple(sorted((tag.name, tag.unet, tag.text_encoder) for tag in tags))
