"""What steers a job's pictures, read and prepared once for all its batches."""

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from PIL import Image
from torch import Tensor

from backend.engine.control.framing import ControlFrame, of_own, of_source
from backend.engine.control.hints import as_share
from backend.engine.control.looked_at import looked_at
from backend.engine.control.maps import make_map
from backend.engine.control.registry import find_network
from backend.engine.control.seeing import device_for
from backend.engine.control.unit import ControlNetwork, Shown, Unit
from backend.engine.families.base import Model
from backend.engine.loading.size import state_of
from backend.engine.source.book import SourceBook
from backend.engine.source.framing import Size
from backend.engine.source.scene import mask_of
from backend.metadata.opening import size_of
from backend.schema.control_types import ControlType
from backend.schema.controls import MapRequest, ResolvedControl
from backend.schema.errors import RequestError
from backend.schema.events import Event, Stage
from backend.schema.models import Family, ModelKind
from backend.schema.resolved import ResolvedRequest
from backend.schema.source_settings import ResolvedPicture

FINEST, COARSEST = 2048, 64
"""Pixels along the shorter side of maps that are to be as fine as what is drawn."""


@dataclass(frozen=True)
class Place:
    """What is steered: the size that is drawn, and the steps that are taken."""

    size: Size
    """Width and height in pixels."""
    sigmas: Tensor
    """The noise levels of the steps, shape (steps + 1,), falling."""


@dataclass(frozen=True)
class _Prepared:
    """A map of one size as its network took it in."""

    shown: Shown
    mask: Tensor | None
    """Where it steers, from 0 to 1, shape (1, 1, height, width)."""


class ControlBook:
    """What steers the pictures of a job; empty where nothing does."""

    def __init__(self, wanted: ResolvedRequest, source: SourceBook, data: Path) -> None:
        """Read nothing yet.

        Args:
            wanted: What is made.
            source: The picture that it begins with.
            data: The data folder, below which maps are kept.
        """
        self._wanted = wanted
        self._source = source
        self._data = data
        self._prepared: dict[tuple[int, Size], _Prepared] = {}

    def units(self, model: Model, place: Place) -> Generator[Event, None, tuple[Unit, ...]]:
        """What steers a drawing, loaded where it is not there.

        Args:
            model: Who draws.
            place: The size and the steps.

        Raises:
            ModelError: When a control model is missing, broken, or does not fit.
            NotFoundError: When a picture is gone.
            RequestError: When one is no picture.
        """
        units: list[Unit] = []
        for control in self._wanted.controls:
            between = steered_between(control, place.sigmas)
            if between is None or control.weight == 0:
                continue
            network = yield from self._network(control, model)
            known = self._prepared.get((control.number, place.size))
            if known is None:
                yield Stage(sentence=f"Preparing {control.model.kind.label} {control.number}")
                known = self._prepare(control, network, model, place.size)
                self._prepared[control.number, place.size] = known
            begins, ends = between
            units.append(
                Unit(
                    network=network,
                    shown=known.shown,
                    weight=control.weight,
                    mode=control.mode,
                    begins=begins,
                    ends=ends,
                    type=control.type,
                    mask=known.mask,
                    low_vram=control.low_vram,
                )
            )
        return tuple(units)

    def _network(
        self, control: ResolvedControl, model: Model
    ) -> Generator[Event, None, ControlNetwork]:
        """A control model as it lies beside the checkpoint, from the last job where it does."""
        wanted, kept = control.model, model.workplace.kept
        key, state = ("control", wanted.path, wanted.encoder), state_of(Path(wanted.path))
        known = cast("tuple[str, ControlNetwork] | None", kept.get(key))
        if known and known[0] == state and model.workplace.houses(known[1].module):
            return known[1]
        kept.pop(key, None)
        family = Family(self._wanted.model.family)
        network = yield from find_network(wanted.kind, family).load(control, model)
        kept[key] = (state, network)
        return network

    def _prepare(
        self, control: ResolvedControl, network: ControlNetwork, model: Model, size: Size
    ) -> _Prepared:
        picture, frame = self._seen(control, size)
        device = device_for(model.workplace.device, [Path(file) for file in control.files])
        wanted = MapRequest(
            picture=picture,
            preprocessor=control.preprocessor,
            resolution=control.resolution or min(max(frame.resolution, COARSEST), FINEST),
            threshold_a=control.threshold_a,
            threshold_b=control.threshold_b,
            mask=control.mask,
            files=control.files,
        )
        whole = make_map(wanted, self._data, device)
        mask = self._mask(control, frame)
        if control.type is ControlType.INPAINT:  # its mask is what is to be painted
            return _Prepared(network.shown(frame.cut(whole), mask), None)
        looks = control.model.kind is ModelKind.IP_ADAPTER
        seen = looked_at(whole, control.fit) if looks else frame.cut(whole)
        shown = network.shown(seen, None)
        return _Prepared(shown, None if mask is None else as_share(mask).to(model.workplace.device))

    def _seen(self, control: ResolvedControl, size: Size) -> tuple[ResolvedPicture, ControlFrame]:
        """The picture of a unit, and which part of it lies where the drawing is."""
        scene, source = self._source.scene, self._wanted.source
        if control.picture is not None:
            picture = control.picture
            return picture, of_own(size_of(Path(picture.path)), control.fit, scene, size)
        if scene is None or source is None:
            raise RequestError(
                f"The ControlNet unit {control.number} has no picture.",
                "Choose one, or a picture to begin with.",
            )
        own = (source.width, source.height)
        return source.picture, of_source(scene, own, source.outpaint, size)

    def _mask(self, control: ResolvedControl, frame: ControlFrame) -> Image.Image | None:
        """A unit's mask where the drawing is; of what is to be painted, the drawing's own."""
        if control.mask is not None:
            return frame.cut(mask_of(control.mask))
        scene = self._source.scene
        if control.type is not ControlType.INPAINT or scene is None or scene.drawn_mask is None:
            return None
        return scene.drawn_mask.resize(frame.frame.size)


def steered_between(control: ResolvedControl, sigmas: Tensor) -> tuple[float, float] | None:
    """The noise levels between which a unit steers; None where it steers no step.

    It steers the steps that lie wholly between its start and its end, as diffusers counts them.

    Args:
        control: The unit.
        sigmas: The noise levels of the steps that are taken, shape (steps + 1,), falling.
    """
    levels: Sequence[float] = sigmas.tolist()
    steps = len(levels) - 1
    steered = [
        step
        for step in range(steps)
        if step / steps >= control.start and (step + 1) / steps <= control.end
    ]
    return (levels[steered[0]], levels[steered[-1] + 1]) if steered else None
