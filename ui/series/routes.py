"""The routes of the dialog that draws grids."""

from typing import Annotated

from fastapi import APIRouter, Depends

from backend.api.answers import actor_of
from backend.api.verbs import Verbs
from backend.schema.base import Frozen
from backend.schema.errors import EaselError
from backend.schema.fields import Scalar
from backend.schema.generation import GenerationRequest
from backend.schema.jobs import Actor, JobView
from backend.schema.picture_settings import BatchSettings
from backend.schema.sampling_settings import RANDOM_SEED
from backend.schema.series import LINES, Axis, SeriesPlan, SeriesRequest
from ui.asking import asked
from ui.routes import Token, VaryClick
from ui.sending import Clicks

Who = Annotated[Actor, Depends(actor_of)]
_WHOLE_PROMPTS = {LINES, "prompt.positive"}
_ALIKE, _NEAR = 4, 0.2
"""How many pictures are more like one, and how much of other noise is in each."""


class GridForm(Frozen):
    """What the form and the dialog hold."""

    fields: dict[str, Scalar]
    """The form by dotted ids."""
    x: Axis | None = None
    y: Axis | None = None
    z: Axis | None = None
    sheet: bool = True

    def request(self) -> SeriesRequest:
        """What is asked for.

        Raises:
            OutOfRangeError: When a value of the form is outside its range, or no prompt is there.
        """
        axes = (self.x, self.y, self.z)
        brings_prompts = any(axis and axis.field in _WHOLE_PROMPTS for axis in axes)
        read = GenerationRequest.from_fields if brings_prompts else asked
        return SeriesRequest(base=read(self.fields), x=self.x, y=self.y, z=self.z, sheet=self.sheet)


class GridClick(GridForm):
    """A click on Generate grid."""

    token: Token


class Foreseen(Frozen):
    """What a grid would be, or why it cannot be drawn."""

    plan: SeriesPlan | None = None
    problem: str = ""


def series_routes(studio: Verbs) -> APIRouter:
    """Routes below `/page/series`."""
    router = APIRouter(prefix="/page/series")
    clicks = Clicks()

    @router.post("")
    def draw(click: GridClick, actor: Who) -> JobView:
        request = click.request()
        return clicks.once(click.token, lambda: studio.series.submit(actor, request))

    @router.post("/alike")
    def alike(click: VaryClick, actor: Who) -> JobView:
        request = studio.gallery.request_of(actor, click.picture)
        near = {"variation": RANDOM_SEED, "variation_strength": _NEAR}
        seed, batch = request.seed.model_copy(update=near), BatchSettings(count=_ALIKE)
        varied = request.model_copy(update={"seed": seed, "batch": batch})
        return clicks.once(click.token, lambda: studio.generation.submit(actor, varied))

    @router.post("/preview")
    def preview(form: GridForm, actor: Who) -> Foreseen:
        try:
            return Foreseen(plan=studio.series.preview(actor, form.request()))
        except EaselError as error:  # no wonder while somebody types
            return Foreseen(problem=str(error))

    return router
