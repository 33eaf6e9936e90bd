"""What is learned from as a checkpoint sees it: latents and encoded captions, kept on the disk.

Each is kept under a hash of all that it depends on (the picture's bytes, its size and how it is
cut, mirrored and coloured, the words, the checkpoint and the parts that stand in for its own), so
that what was changed is encoded anew and all else is not.
"""

import hashlib
from collections.abc import Collection, Generator, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import torch
from torch import Tensor

from backend.dataset.captions import orders, without_trigger
from backend.engine.families.base import Encoded, Model
from backend.engine.families.encoding import as_pixels, encode
from backend.engine.training.cache import EncodingCache
from backend.engine.training.variations import Variation, variations
from backend.metadata.opening import open_picture
from backend.prompts.attention import literally
from backend.schema.errors import TrainingError
from backend.schema.events import Event, Stage
from backend.schema.models import Role
from backend.schema.resolved import ResolvedModel
from backend.schema.training import LearnedPicture, ResolvedTraining

Worked = TypeVar("Worked")

_PIECE = 77
"""Tokens that CLIP reads at once; T5's follow behind where there are any."""


@dataclass(frozen=True)
class Batch:
    """What is learned from at once."""

    latents: Tensor
    """Shape (batch, channels, height, width)."""
    states: Tensor
    """Shape (batch, tokens, width)."""
    pooled: Tensor | None = None
    cuts: Tensor | None = None
    """What was cut off each picture, see `variations.Cut`, shape (batch, 4)."""
    captions: tuple[str, ...] = ()
    """What was encoded."""

    def part(self, rows: slice) -> "Batch":
        """Some of the pictures."""
        return Batch(
            self.latents[rows],
            self.states[rows],
            None if self.pooled is None else self.pooled[rows],
            None if self.cuts is None else self.cuts[rows],
            self.captions[rows],
        )


@dataclass(frozen=True)
class Examples:
    """All that is learned from, by what it is kept under."""

    cache: EncodingCache
    pictures: tuple[tuple[str, ...], ...]
    """The key of each picture's variations, the mirrored ones behind the others."""
    words: Mapping[str, str]
    """The key of each caption; the empty one is there, too."""
    captions: tuple[tuple[str, ...], ...]
    """Those of each picture: one, or its tags in several orders."""

    def batch(self, places: list[tuple[int, int]], captions: list[str]) -> Batch:
        """Pictures of one size with their captions.

        Args:
            places: Of each picture, and which of its variations it is.
            captions: One for each.

        Raises:
            TrainingError: When what was encoded is there no more.
        """
        kept = [self.cache.get(self.pictures[place][which]) for place, which in places]
        encoded = [self.encoded(caption) for caption in captions]
        longest = max(each.states.shape[1] for each in encoded)
        pooled = [each.pooled for each in encoded if each.pooled is not None]
        return Batch(
            torch.stack([each["latents"] for each in kept]),
            torch.cat([self._filled(each.states, longest) for each in encoded]),
            torch.cat(pooled) if pooled else None,
            torch.stack([each["cut"] for each in kept]),
            tuple(captions),
        )

    def encoded(self, caption: str) -> Encoded:
        """What the text encoders said of a caption."""
        kept = self.cache.get(self.words[caption])
        return Encoded(kept["states"], kept.get("pooled"))

    def _filled(self, states: Tensor, tokens: int) -> Tensor:
        """A caption made as long as others, with pieces of CLIP's that say nothing."""
        missing = tokens - states.shape[1]
        if not missing:
            return states
        nothing = self.encoded("").states
        behind = nothing.shape[1] - _PIECE
        heard, rest = states.split([states.shape[1] - behind, behind], dim=1)
        return torch.cat([heard, *[nothing[:, :_PIECE]] * (missing // _PIECE), rest], dim=1)


@dataclass
class Encoding:
    """Encodes what a training learns from, or finds it on the disk."""

    model: Model
    wanted: ResolvedTraining
    cache: EncodingCache
    _bytes: dict[str, str] = field(default_factory=dict[str, str])

    def examples(self) -> Generator[Event, None, Examples]:
        """All pictures and captions; what was encoded before it was ended stays.

        Raises:
            NotFoundError: When a picture is gone.
            RequestError: When one is broken.
            TrainingError: When the autoencoder makes no numbers of one.
            OutputError: When the disk is full.
        """
        pictures: list[tuple[str, ...]] = []
        count = len(self.wanted.pictures)
        for place, picture in enumerate(self.wanted.pictures):
            stage = Stage(sentence=f"Encoding picture {place + 1} of {count}")
            keys: list[str] = []
            for way in self._ways(place):
                yield stage
                keys.append((yield from _told_as(stage, self._latents(picture, way))))
            pictures.append(tuple(keys))
        captions = tuple(self._captions(place) for place in range(count))
        words: dict[str, str] = {}
        said = dict.fromkeys(("", *self._said(captions)))
        for number, caption in enumerate(said, 1):
            yield Stage(sentence=f"Encoding caption {number} of {len(said)}")
            words[caption] = self._words(caption)
        self.cache.sweep()
        return Examples(self.cache, tuple(pictures), words, captions)

    def _said(self, captions: tuple[tuple[str, ...], ...]) -> Iterator[str]:
        """All captions, and those without triggers that are to be drawn as ever."""
        for picture, some in zip(self.wanted.pictures, captions, strict=True):
            yield from some
            if self.wanted.asked.loss.preservation:
                yield from (without_trigger(each, picture.concept) for each in some)

    def _ways(self, place: int) -> tuple[Variation, ...]:
        """How a picture is seen; one that is held back always in the same way."""
        if self.wanted.pictures[place].held_back:
            return (Variation(),)
        return variations(self.wanted.asked.dataset, self.wanted.asked.seed, place)

    def _captions(self, place: int) -> tuple[str, ...]:
        picture, asked = self.wanted.pictures[place], self.wanted.asked
        kept = -1 if picture.held_back else asked.dataset.keep_tokens
        return orders(picture.caption, kept, asked.seed + place)

    def _latents(self, picture: LearnedPicture, way: Variation) -> Generator[Event, None, str]:
        """The key of a picture in one variation."""
        size = picture.width, picture.height
        key = self._key(("latents", self._hash(picture.path), size, way), "vae")
        if not self.cache.has(key):
            opened = open_picture(Path(picture.path)).pixels.convert("RGB")
            seen, cut = way.of(opened, size)
            latents = yield from encode(self.model, as_pixels(seen))
            if not latents.isfinite().all():
                raise TrainingError(
                    f"The checkpoint's autoencoder fails at {picture.path}.",
                    "Take the picture out, or choose another VAE or checkpoint.",
                )
            self.cache.put(key, {"latents": latents[0].cpu(), "cut": torch.tensor(cut)})
        return key

    def _words(self, caption: str) -> str:
        """The key of a caption."""
        key = self._key(("words", caption), "clip_l", "clip_g", "clip_h", "t5xxl")
        if not self.cache.has(key):
            said = self.model.encode_prompts(literally(caption), "").positive
            kept = {"states": said.states.cpu()}
            if said.pooled is not None:
                kept["pooled"] = said.pooled.cpu()
            self.cache.put(key, kept)
        return key

    def _key(self, what: tuple[object, ...], *roles: Role) -> str:
        """What something is kept under that parts of the checkpoint with these roles make."""
        device = self.model.workplace.device.type
        told = repr((what, device, _identity(self.wanted.model, roles)))
        return hashlib.blake2b(told.encode(), digest_size=20).hexdigest()

    def _hash(self, path: str) -> str:
        if path not in self._bytes:
            self._bytes[path] = hashlib.sha256(Path(path).read_bytes()).hexdigest()
        return self._bytes[path]


def _told_as(stage: Stage, work: Generator[Event, None, Worked]) -> Generator[Event, None, Worked]:
    """Some work that tells of itself in other words."""
    while True:
        try:
            next(work)
        except StopIteration as end:
            return end.value
        yield stage


def _identity(model: ResolvedModel, roles: Collection[Role]) -> tuple[object, ...]:
    """What tells a part of a checkpoint from others: where it comes from, and its last change."""
    own = [part.path for part in model.components if part.role in roles]
    return (model.sha256, *((path, _changed(Path(path))) for path in own))


def _changed(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_size, status.st_mtime_ns
