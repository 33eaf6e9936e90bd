"""What high-resolution fix, upscaling and seamless tiling do to the starter's pictures.

`.venv/bin/python -m benchmarks.larger FILE` draws a sheet of them, all 256 pixels wide: pictures
as they are drawn at 128, enlarged by the starter's upscaler, drawn again at twice the size, and a
texture beside itself, without and with seamless tiling; and prints the processor time of each.
"""

import argparse
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import torch
from PIL import Image, ImageDraw

from backend.schema.hires import Method, ResolvedHires
from backend.schema.upscaling import ResolvedUpscaler
from benchmarks.features import SIDE, STARTER, STEPS, Bench, Feature

UPSCALER = ResolvedUpscaler(
    id="starter", name="Starter upscaler", path=str(STARTER / "upscaler.safetensors")
)
SHOWN = 2 * SIDE
COLUMNS = 4
_LABEL = 18


def hires(method: Method, strength: float, **changes: object) -> ResolvedHires:
    """Passes to twice the size."""
    values = {
        "factor": 2.0,
        "method": method,
        "upscaler": UPSCALER if method == "model" else None,
        "strength": strength,
        "steps": STEPS // 2 if strength else 0,
        "sampler": "dpmpp_2m",
        "schedule": "karras",
        "sizes": ((SHOWN, SHOWN),),
    }
    return ResolvedHires.model_validate(values | changes)


def pictures() -> Iterator[Feature]:
    """What is drawn, in the order of the sheet."""
    for words in ("red apple, 3d style, white background", "mountain landscape at sunset"):
        ways = (
            ("drawn at 128", None),
            ("enlarged by the upscaler", hires("model", 0.0)),
            ("drawn again, strength 0.3", hires("model", 0.3)),
            ("latent, strength 0.55", hires("latent", 0.55)),
        )
        yield from (Feature(label, words, {"hires": way}) for label, way in ways)
    scene = "mountain landscape at sunset"
    yield Feature("two passes, 0.4", scene, {"hires": grown()})
    yield Feature("in tiles of 128, 0.2", scene, {"hires": hires("model", 0.2, tile=SIDE)})
    texture = "blue sky, white clouds"
    yield Feature("four times, plain", texture)
    yield Feature("four times, seamless", texture, {"seamless": "both"})


def grown() -> ResolvedHires:
    """Two passes."""
    return hires("model", 0.4, sizes=((SIDE * 3 // 2, SIDE * 3 // 2), (SHOWN, SHOWN)))


def shown(feature: Feature, picture: Image.Image) -> Image.Image:
    """A picture at the sheet's size; a texture beside itself."""
    if not feature.label.startswith("four times"):
        return picture.resize((SHOWN, SHOWN), Image.Resampling.NEAREST)
    tiled = Image.new("RGB", (SHOWN, SHOWN))
    for place in ((0, 0), (SIDE, 0), (0, SIDE), (SIDE, SIDE)):
        tiled.paste(picture, place)
    return tiled


def main() -> int:
    """Draw, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    options = parser.parse_args()
    torch.set_num_threads(1)
    features = list(pictures())
    rows = -(-len(features) // COLUMNS)
    sheet = Image.new("RGB", (COLUMNS * (SHOWN + 8), rows * (SHOWN + _LABEL + 4)), "white")
    pen = ImageDraw.Draw(sheet)
    sys.stdout.write("| picture | prompt | processor time |\n|-|-|-|\n")
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder))
        bench.draw(replace(features[0], label="warm-up"))
        for place, feature in enumerate(features):
            seconds, picture = bench.draw(feature)
            sys.stdout.write(f"| {feature.label} | {feature.prompt} | {seconds:.1f} s |\n")
            sys.stdout.flush()
            left, top = place % COLUMNS * (SHOWN + 8), place // COLUMNS * (SHOWN + _LABEL + 4)
            sheet.paste(shown(feature, picture), (left, top))
            pen.text((left + 2, top + SHOWN + 2), feature.label, fill="black")
    sheet.save(options.file, quality=85)
    return 0


if __name__ == "__main__":
    sys.exit(main())
