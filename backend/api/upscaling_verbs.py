"""What the doors need of Studio to enlarge pictures."""

from typing import Protocol

from backend.schema.jobs import Actor, JobView
from backend.schema.upscaling import UpscaleRequest, UpscalerOffers


class Upscaling(Protocol):
    """Enlarging pictures."""

    def submit(self, actor: Actor, request: UpscaleRequest) -> JobView:
        """Queue an enlargement; the picture itself is kept."""
        ...

    def again(self, actor: Actor, job_id: str) -> JobView:
        """Queue an enlargement once more."""
        ...

    def offers(self, actor: Actor, picture: str) -> UpscalerOffers:
        """What can enlarge a picture, and what does where nobody chooses."""
        ...
