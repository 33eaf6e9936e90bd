"""SD 3.5 medium, which has a second attention in its first blocks, and what was trained from it."""

from backend.engine.families.sd3_loading import DEFAULTS, READS, SIZE_MULTIPLE, USES, load_parts
from backend.engine.registry import family, reads

SD35_MEDIUM = reads(READS)(
    family(
        "sd35_medium",
        label="SD 3.5 medium",
        defaults=DEFAULTS,
        uses=USES,
        size_multiple=SIZE_MULTIPLE,
    )(load_parts)
)
