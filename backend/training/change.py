"""How far the sample pictures of a training are from those of the checkpoint alone."""

from statistics import fmean

from PIL import Image, ImageChops, ImageStat

from backend.training.folder import TrainingFolder

_SIDE = 128
"""At which they are compared: grain does not count."""
_WHITE = 255.0


def changed(folder: TrainingFolder) -> float | None:
    """The mean difference of the last round's values, from 0 to 1; None where there is no round."""
    samples = folder.samples()
    last = max((each.step for each in samples), default=0)
    first = {each.place: each.file for each in samples if each.step == 0}
    pairs = [
        (first[each.place], each.file)
        for each in samples
        if each.step == last and last and each.place in first
    ]
    if not pairs:
        return None
    return fmean(_difference(folder, before, after) for before, after in pairs)


def _difference(folder: TrainingFolder, before: str, after: str) -> float:
    with Image.open(folder.sample(before)) as one, Image.open(folder.sample(after)) as other:
        small = [each.convert("RGB").resize((_SIDE, _SIDE)) for each in (one, other)]
    return fmean(ImageStat.Stat(ImageChops.difference(*small)).mean) / _WHITE
