"""Comparing a picture with the one that was made again from its metadata."""

from collections.abc import Iterator

from PIL import Image, ImageChops

from backend.metadata.own import PictureMetadata
from backend.schema.readings import Comparison

_HARDLY = 1.0
"""A mean difference, of 255, that no eye sees."""
_UNKNOWN = (
    "Nothing that is recorded differs. Drivers, the number of threads, or how the model was made "
    "to fit into memory can change the last bits."
)


def compare(
    one: Image.Image, other: Image.Image, first: PictureMetadata, second: PictureMetadata
) -> Comparison:
    """Two pictures with what they tell, the older one first.

    Args:
        one: The picture as it was.
        other: As it was made again.
        first: What the older one tells.
        second: What the newer one tells.
    """
    if one.size != other.size:
        sizes = " and ".join(f"{each.width} × {each.height}" for each in (one, other))
        told = (f"They are of different sizes, {sizes}.", *_reasons(first, second))
        return _Told(0, 0, 255, 255.0).comparison(told)
    bands = ImageChops.difference(one.convert("RGB"), other.convert("RGB")).split()
    most = bands[0]
    for band in bands[1:]:
        most = ImageChops.lighter(most, band)
    counts = most.histogram()
    pixels = one.width * one.height
    total = sum(value * count for band in bands for value, count in enumerate(band.histogram()))
    largest = max(value for value, count in enumerate(counts) if count)
    told = _Told(pixels, pixels - counts[0], largest, total / (pixels * len(bands)))
    return told.comparison(tuple(_reasons(first, second)))


class _Told:
    """The numbers, and what they mean."""

    def __init__(self, pixels: int, differing: int, largest: int, mean: float) -> None:
        self.pixels, self.differing = pixels, differing
        self.largest, self.mean = largest, mean

    def comparison(self, reasons: tuple[str, ...]) -> Comparison:
        identical = self.pixels > 0 and self.differing == 0
        return Comparison(
            identical=identical,
            pixels=self.pixels,
            differing=self.differing,
            largest=self.largest,
            mean=round(self.mean, 4),
            sentence=self._sentence(identical=identical),
            reasons=() if identical else reasons or (_UNKNOWN,),
        )

    def _sentence(self, *, identical: bool) -> str:
        if identical:
            return "Identical: every pixel is the same."
        if not self.pixels:
            return "They cannot be compared pixel by pixel."
        share = 100 * self.differing / self.pixels
        seen = "no eye sees that" if self.mean < _HARDLY else "look at both"
        return (
            f"{self.differing:,} of {self.pixels:,} pixels ({share:.3g} %) differ, by "
            f"{self.largest} of 255 at most and {self.mean:.3g} in the mean: {seen}."
        )


def _reasons(first: PictureMetadata, second: PictureMetadata) -> Iterator[str]:
    was, now = first.workshop, second.workshop
    yield from _changed("device", was.device, now.device)
    yield from _changed("version of PyTorch", was.torch, now.torch)
    yield from _changed("version of Easel", first.easel_version, second.easel_version)
    made, again = first.request, second.request
    if made.model.sha256 and made.model.sha256 != again.model.sha256:
        yield f"The checkpoint “{again.model.name}” is another file than it was."
    there = {lora.name: lora.sha256 for lora in again.loras}
    for lora in made.loras:
        if lora.sha256 and there.get(lora.name) != lora.sha256:
            yield f"The LoRA “{lora.name}” is another file than it was, or is missing."
    parts = {part.role: part.id for part in again.model.components}
    for part in made.model.components:
        if parts.get(part.role) != part.id:
            yield f"The {part.role} was “{part.id}”, and is another one."
    if made.batch.size != again.batch.size:
        sizes = f"{made.batch.size} at once, now {again.batch.size}"
        yield f"The pictures of its job were made {sizes}."
    if made.memory.settings != again.memory.settings:
        yield "How the model has to fit into memory was chosen otherwise."
    if made.output != again.output:
        yield "The files have another format or quality."


def _changed(what: str, was: str, now: str) -> Iterator[str]:
    if was and now and was != now:
        yield f"The {what} was {was}, and is {now}."
    elif not was:
        yield f"The {what} that it was made with is not recorded."
