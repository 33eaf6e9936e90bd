"""Which part of a picture an IP-Adapter looks at: it sees squares."""

from PIL import Image, ImageStat

from backend.schema.controls import ControlFit

_LARGEST = 512
"""Pixels along a side; encoders see 224."""


def looked_at(picture: Image.Image, fit: ControlFit) -> Image.Image:
    """A picture as its image encoder is to see it, which takes the largest square in the middle.

    Args:
        picture: RGB.
        fit: `crop` leaves it to the encoder, `stretch` squeezes all of it into a square, `fill`
            puts bars of its mean colour beside it.
    """
    if fit == "stretch":
        side = min(*picture.size, _LARGEST)
        return picture.resize((side, side), Image.Resampling.BICUBIC, reducing_gap=3.0)
    return _with_bars(picture) if fit == "fill" else picture


def _with_bars(picture: Image.Image) -> Image.Image:
    longest = max(picture.size)
    side = min(longest, _LARGEST)
    width, height = (max(1, round(each * side / longest)) for each in picture.size)
    mean = tuple(round(each) for each in ImageStat.Stat(picture).mean)
    square = Image.new("RGB", (side, side), mean)
    small = picture.resize((width, height), Image.Resampling.BICUBIC, reducing_gap=3.0)
    square.paste(small, ((side - width) // 2, (side - height) // 2))
    return square
