"""SD 3 medium, and what was trained from it."""

from backend.engine.families.sd3_loading import DEFAULTS, READS, SIZE_MULTIPLE, USES, load_parts
from backend.engine.registry import family, reads

SD3_MEDIUM = reads(READS)(
    family("sd3", label="SD 3 medium", defaults=DEFAULTS, uses=USES, size_multiple=SIZE_MULTIPLE)(
        load_parts
    )
)
