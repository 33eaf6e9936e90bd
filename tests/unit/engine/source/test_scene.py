"""Which part of a picture is drawn, and how the result is put together."""

import numpy as np
import pytest
from PIL import Image, ImageDraw

from backend.engine.source.scene import open_scene
from backend.engine.source.smearing import smeared
from backend.schema.errors import RequestError
from backend.schema.resolved import ResolvedSize
from backend.schema.source_settings import (
    Fit,
    OutpaintSettings,
    ResolvedMask,
    ResolvedPicture,
    ResolvedSource,
)

WIDE, HIGH = 120, 80


def noise(width=WIDE, height=HIGH):
    values = np.random.default_rng(1).integers(0, 256, (height, width, 3), np.uint8)
    return Image.fromarray(values)


def mask_with(*box, value=255, size=(WIDE, HIGH)):
    mask = Image.new("L", size)
    if box:
        ImageDraw.Draw(mask).rectangle((box[0], box[1], box[2] - 1, box[3] - 1), fill=value)
    return mask


@pytest.fixture
def begin(tmp_path):
    """The scene of a picture and a mask."""

    def scene(
        picture, mask=None, size=(64, 64), added=None, *, keeps_size=False, fit: Fit = "crop", **how
    ):
        files = {"picture": picture, "mask": mask}
        for name, pixels in files.items():
            if pixels is not None:
                pixels.save(tmp_path / f"{name}.png")
        found = {
            name: ResolvedPicture(reference=name, path=str(tmp_path / f"{name}.png"), sha256="")
            for name in files
        }
        masked = None
        if mask is not None or added is not None:
            masked = ResolvedMask(picture=found["mask"] if mask else None, **how)
        source = ResolvedSource(
            picture=found["picture"],
            width=picture.width,
            height=picture.height,
            strength=1.0,
            fit=fit,
            mask=masked,
            outpaint=added or OutpaintSettings(),
            keeps_size=keeps_size,
        )
        return open_scene(source, ResolvedSize(width=size[0], height=size[1]))

    return scene


def pixels(picture):
    return np.asarray(picture, dtype=np.int16)


def changed(before, after):
    return np.abs(pixels(before) - pixels(after)).max(-1) > 0


RED = (255, 0, 0)


@pytest.mark.parametrize("area", ["whole", "masked"])
@pytest.mark.parametrize("value", [255, 128])
def test_where_the_mask_is_black_every_pixel_is_kept(begin, area, value):
    picture, mask = noise(), mask_with(20, 30, 50, 60, value=value)
    scene = begin(picture, mask, (128, 128), keeps_size=True, area=area, blur=0)

    result = scene.finished(Image.new("RGB", (128, 128), RED))

    assert result.size == picture.size
    assert np.array_equal(changed(picture, result), np.asarray(mask) > 0)
    assert (pixels(result)[30:60, 20:50] == RED).all()


def test_a_blurred_mask_fades_and_ends(begin):
    picture = Image.new("RGB", (WIDE, HIGH), "navy")
    scene = begin(picture, mask_with(40, 20, 80, 60), (WIDE, HIGH), keeps_size=True, blur=3)

    result = pixels(scene.finished(Image.new("RGB", (WIDE, HIGH), RED)))

    reds = result[40, :, 0]
    assert (reds[44:76] == 255).all()
    assert (reds[:25] == 0).all()
    assert 0 < reds[36] < 255
    assert (np.diff(reds[:60]) >= 0).all()


def test_what_is_not_masked_changes_where_that_is_asked(begin):
    picture, mask = noise(), mask_with(20, 30, 50, 60)
    scene = begin(picture, mask, (WIDE, HIGH), keeps_size=True, blur=0, paints="unmasked")

    result = scene.finished(Image.new("RGB", (WIDE, HIGH), RED))

    assert np.array_equal(changed(picture, result), np.asarray(mask) == 0)


def test_only_what_is_masked_is_drawn_with_what_surrounds_it(begin):
    scene = begin(noise(), mask_with(50, 30, 60, 40), keeps_size=True, area="masked", padding=10)

    left, top, right, bottom = scene.frame.box
    shown = scene.original()

    assert (right - left) == (bottom - top)  # as square as what is drawn
    assert left <= 40 - 3
    assert right >= 70 + 3
    assert shown.size == (64, 64)
    expected = scene.picture.crop(scene.frame.box).resize((64, 64), Image.Resampling.LANCZOS)
    assert np.array_equal(pixels(shown), pixels(expected))


def test_a_part_at_the_edge_stays_within_the_picture(begin):
    scene = begin(
        noise(), mask_with(110, 0, 120, 10), keeps_size=True, area="masked", padding=0, blur=0
    )

    assert scene.frame.box == (110, 0, 120, 10)


def test_a_picture_of_an_odd_size_keeps_it(begin):
    picture, mask = noise(61, 43), mask_with(10, 10, 20, 20, size=(61, 43))
    scene = begin(picture, mask, (64, 48), keeps_size=True, blur=0)

    shown = scene.original()
    result = scene.finished(Image.new("RGB", (64, 48), RED))

    assert np.array_equal(pixels(shown)[:43, :61], pixels(picture))
    assert result.size == (61, 43)
    assert np.array_equal(changed(picture, result), np.asarray(mask) > 0)


@pytest.mark.parametrize(
    ("fit", "box"),
    [
        ("crop", (20, 0, 100, 80)),
        ("fill", (0, -20, 120, 100)),
        ("stretch", (0, 0, 120, 80)),
        ("latent", (0, 0, 120, 80)),
    ],
)
def test_other_proportions_are_cut_filled_or_stretched(begin, fit, box):
    scene = begin(Image.new("RGB", (WIDE, HIGH), RED), fit=fit)

    assert scene.frame.box == box
    assert (np.abs(pixels(scene.original()) - RED) <= 2).all()  # what is filled is like the rest


def test_what_is_added_is_drawn_and_the_rest_kept(begin):
    picture = noise()
    added = OutpaintSettings(right=40, top=16)
    scene = begin(picture, None, (160, 96), added, keeps_size=True)

    result = scene.finished(Image.new("RGB", (160, 96), RED))

    assert result.size == (160, 96)
    assert (pixels(result)[:16] == RED).all()
    assert (pixels(result)[:, 120:] == RED).all()
    kept = changed(picture, result.crop((0, 16, 120, 96)))
    assert not kept[16:, :100].any()  # farther from the seam than it is wide
    assert kept[:, -1].mean() > 0.9


def test_the_seam_fades(begin):
    picture = Image.new("RGB", (WIDE, HIGH), "navy")
    scene = begin(picture, None, (184, 80), OutpaintSettings(right=64), keeps_size=True)

    reds = pixels(scene.finished(Image.new("RGB", (184, 80), RED)))[40, :, 0]

    assert (np.diff(reds) >= 0).all()
    assert np.diff(reds).max() <= 255 / 16


def test_what_is_added_begins_with_the_colours_beside_it(begin):
    picture = Image.new("RGB", (WIDE, HIGH), "white")
    picture.paste("navy", (60, 0, WIDE, HIGH))
    scene = begin(picture, None, (184, 80), OutpaintSettings(right=64), keeps_size=True)

    added = pixels(scene.original())[:, WIDE:]

    differences = np.abs(added - (0, 0, 128)).mean((0, 2))
    assert differences[0] < 10
    assert (np.diff(differences) >= 0).all()  # the farther, the more of the whole


def test_smearing_forgets_what_is_masked(begin):
    picture = Image.new("RGB", (WIDE, HIGH), "white")
    picture.paste("red", (50, 30, 70, 50))
    mask = mask_with(45, 25, 75, 55)
    kept, forgotten = (
        begin(picture, mask, (WIDE, HIGH), keeps_size=True, blur=0, fill=fill).start()
        for fill in ("original", "smear")
    )

    assert pixels(kept)[40, 60].tolist() == [255, 0, 0]
    assert (pixels(forgotten)[30:50, 50:70] > 250).all()


def test_known_pixels_are_never_touched_by_smearing():
    rng = np.random.default_rng(2)
    colours = rng.uniform(0, 255, (37, 23, 3)).astype(np.float32)
    known = (rng.uniform(size=(37, 23)) > 0.7).astype(np.float32)

    filled = smeared(colours, known)

    assert np.array_equal(filled[known == 1], colours[known == 1])
    assert filled.min() >= 0
    assert filled.max() <= 255


@pytest.mark.parametrize("area", ["whole", "masked"])
def test_an_empty_mask_is_refused(begin, area):
    with pytest.raises(RequestError, match="Nothing is masked"):
        begin(noise(), mask_with(), area=area)


def test_a_mask_of_another_size_is_refused(begin):
    with pytest.raises(RequestError, match="60 × 60 pixels, the picture 120 × 80"):
        begin(noise(), mask_with(1, 1, 5, 5, size=(60, 60)))


def test_a_mask_may_be_told_by_transparency(begin):
    mask = Image.new("RGBA", (WIDE, HIGH), (0, 0, 0, 0))
    mask.paste((0, 0, 0, 255), (10, 10, 30, 30))
    scene = begin(noise(), mask, (WIDE, HIGH), keeps_size=True, blur=0)

    assert np.array_equal(np.asarray(scene.mask) > 0, np.asarray(mask)[..., 3] > 0)


def test_transparent_parts_are_white(begin):
    picture = Image.new("RGBA", (WIDE, HIGH), (255, 0, 0, 0))

    assert (pixels(begin(picture).original()) == 255).all()


def test_a_preview_shows_the_whole_picture(begin):
    picture = Image.new("RGB", (WIDE * 8, HIGH * 8), "navy")
    mask = mask_with(400, 240, 560, 400, size=picture.size)
    scene = begin(picture, mask, keeps_size=True, area="masked", blur=0)

    preview = scene.preview(Image.new("RGB", (64, 64), RED))

    assert preview.size == (256, 171)
    shrink = 256 / picture.width
    where = tuple(round(side * shrink) for side in (480, 320))
    assert preview.getpixel(where) == RED
    assert preview.getpixel((5, 5)) == (0, 0, 128)
