"""IP-Adapters: a picture that is read like a prompt, for SD 1.5 and SDXL.

Source: Ye et al. 2023 (arXiv:2308.06721).
"""

import hashlib
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import cast

import torch
from PIL import Image
from torch import Tensor

from backend.engine.control.image_encoder import ImageEyes, load_image_encoder
from backend.engine.control.image_projection import AdapterFile, PictureReading
from backend.engine.control.registry import network
from backend.engine.families.base import Model
from backend.engine.families.unet_model import UNetModel
from backend.engine.families.unet_pictures import cross_attentions
from backend.engine.loading.origin import Origin
from backend.engine.loading.size import state_of
from backend.engine.loading.weights import open_weights
from backend.engine.memory.placing import How, Placing
from backend.engine.memory.workplace import Workplace
from backend.engine.prompts.remembered import Remembered
from backend.schema.controls import ResolvedControl
from backend.schema.errors import ModelError
from backend.schema.events import Event, Stage
from backend.schema.image_encoders import needed_encoder
from backend.schema.models import Family, ModelKind

_AWAY = Placing({"adapter": How("leaf"), "clip_vision": How("leaf")}, parked="disk")
"""Each weight comes from its file when it is needed, which is once for each picture."""
_REMEMBERED = 4
"""So many pictures; each takes up to 50 MB, where an adapter reads all that the encoder sees."""
Read = tuple[Tensor, Tensor]
"""What rows of the negative prompt read, and what others read."""


@dataclass(frozen=True)
class IpAdapter:
    """An adapter and its image encoder; see `families.unet_pictures.ReadByUNet`.

    What a UNet reads of a picture never changes, so both are done with a picture before its first
    step, and lie in no memory while it is drawn.
    """

    module: PictureReading
    file: AdapterFile
    eyes: ImageEyes
    workplace: Workplace
    """Its own."""
    known: Remembered[Read] = field(default_factory=lambda: Remembered[Read](_REMEMBERED))
    """What was made of the last pictures."""

    def shown(self, picture: Image.Image, mask: Image.Image | None) -> Read:
        """Keys and values of nothing, and of the picture, each (1, tokens, twice all widths)."""
        del mask
        question = (picture.size, hashlib.sha256(picture.tobytes()).digest())
        return self.known.get(question, partial(self._looked, picture))

    def _looked(self, picture: Image.Image) -> Read:
        """What is made of a picture; nothing of adapter and encoder is in memory afterwards."""
        workplace = self.workplace
        try:
            with torch.no_grad():
                with workplace.at_work(self.eyes.module):
                    encoded = self.eyes.see(picture, self.file.look, workplace.device)
                with workplace.at_work(self.module):
                    nothing, seen = self.module(encoded).split(1)
        finally:
            for part in workplace.parts.values():
                part.leave()
        return nothing, seen

    def read(self, shown: Sequence[Tensor], rows: int, negatives: int) -> Tensor:
        """What each row reads; rows of the negative prompt, which come first, read of nothing."""
        nothing, seen = shown
        pieces = (nothing.expand(negatives, -1, -1), seen.expand(rows - negatives, -1, -1))
        return torch.cat(pieces)


@network(ModelKind.IP_ADAPTER, (Family.SD15, Family.SDXL))
def load(control: ResolvedControl, model: Model) -> Generator[Event, None, IpAdapter]:
    """Look at the files of an adapter and of its image encoder, once for each checkpoint.

    Raises:
        ModelMissingError: When one of them is not there.
        ModelDamagedError: When one of them is not whole.
        ModelError: When they do not fit each other, or the checkpoint.
    """
    files = [Path(each) for each in (control.model.path, control.model.encoder) if each]
    key, kept = ("ip-adapter", *((each, state_of(each)) for each in files)), model.workplace.kept
    if key not in kept:
        yield Stage(sentence=f"Looking at {control.model.name}")
        kept[key] = yield from _opened(control, model)
    return cast("IpAdapter", kept[key])


def _opened(control: ResolvedControl, model: Model) -> Generator[Event, None, IpAdapter]:
    """An adapter and its encoder, of which nothing but names and sizes is read yet."""
    if not isinstance(model, UNetModel):
        raise _misfit(control, "another kind of checkpoint")
    path, workplace = Path(control.model.path), Workplace(model.workplace.device, _AWAY)
    with open_weights(path) as weights:
        file = AdapterFile.of(weights)
        _check(control, file, model)
        module = file.build(weights)
        sources = file.sources(list(module.state_dict()))
        for source in sources.values():
            weights.shape(source.name)  # tells what is missing
    dtype = model.unet.dtype
    origin = Origin(f"“{control.model.name}”", path, "", sources, dtype)
    yield from workplace.take_in("adapter", module, origin)
    eyes = yield from load_image_encoder(_encoder(control, file), workplace, dtype)
    _check_eyes(control, file, eyes)
    return IpAdapter(module.eval(), file, eyes, workplace)


def _check(control: ResolvedControl, file: AdapterFile, model: UNetModel) -> None:
    """Whether an adapter has keys and values for each layer of a UNet that reads the prompt.

    Raises:
        ModelError: When it is made for another UNet.
    """
    reads = model.unet.config["cross_attention_dim"]
    widths = tuple(layer.width for layer in cross_attentions(model.unet))
    if (file.width, file.widths) != (reads, widths):
        raise _misfit(control, f"checkpoints whose prompts are {file.width} wide, not {reads}")


def _misfit(control: ResolvedControl, made_for: str) -> ModelError:
    return ModelError(
        f"The IP-Adapter “{control.model.name}” does not fit this checkpoint: it is made for "
        f"{made_for}.",
        "Choose one of the checkpoint's own family: sd15 or sdxl in its name says which.",
    )


def _encoder(control: ResolvedControl, file: AdapterFile) -> Path:
    """Where the image encoder lies.

    Raises:
        ModelError: When none was found.
    """
    if control.model.encoder:
        return Path(control.model.encoder)
    known = needed_encoder(file.look, file.reads)
    raise ModelError(
        f"The image encoder that “{control.model.name}” looks with is not here.",
        known.where_to_get if known else "Put it into models/clip_vision.",
    )


def _check_eyes(control: ResolvedControl, file: AdapterFile, eyes: ImageEyes) -> None:
    """Whether an encoder says what an adapter reads.

    Raises:
        ModelError: When it is another encoder.
    """
    if eyes.width(file.look) == file.reads:
        return
    known = needed_encoder(file.look, file.reads)
    wanted = f" ({known.name})" if known else ""
    raise ModelError(
        f"“{Path(control.model.encoder).name}” is not the image encoder that "
        f"“{control.model.name}” looks with{wanted}.",
        known.where_to_get if known else "Choose the image encoder that its maker names.",
    )
