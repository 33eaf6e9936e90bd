"""SD 3.5 large, its Turbo, and what was trained from them."""

from backend.engine.families.sd3_loading import DEFAULTS, READS, SIZE_MULTIPLE, USES, load_parts
from backend.engine.registry import family, reads
from backend.schema.catalogue import VariantInfo

TURBO = VariantInfo(
    id="turbo",
    label="Turbo",
    defaults=DEFAULTS.model_copy(update={"steps": 4, "cfg_scale": 1.0, "sampler": "euler"}),
    note="Draws in 4 steps, without a negative prompt.",
)
SD35_LARGE = reads(READS)(
    family(
        "sd35_large",
        label="SD 3.5 large",
        defaults=DEFAULTS.model_copy(update={"cfg_scale": 4.5}),
        variants=(TURBO,),
        uses=USES,
        size_multiple=SIZE_MULTIPLE,
    )(load_parts)
)
