"""How good the starter model is: `.venv/bin/python -m benchmarks.starter`.

Needs the art: run `python -m recipes.starter.fetch` first. Prints a Markdown table; 350 pictures
take about seven minutes on one thread of an idle machine, `--share 0.2` draws a fifth of them.
`--wrong FILE` keeps the pictures that were not recognised.
"""

import argparse
import hashlib
import resource
import sys
import time
import tomllib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from diffusers.pipelines.stable_diffusion.pipeline_stable_diffusion import (
    StableDiffusionPipeline,
)
from PIL import Image
from skimage import data as photos
from spandrel import ModelLoader
from torch import Tensor
from torch.nn import functional

from benchmarks.starter_two import AskedTwo, two_shares
from recipes.starter.art import EmojiArt
from recipes.starter.build_pairs import LARGE, SMALL
from recipes.starter.catalogue import read_catalogue
from recipes.starter.colours import Picture
from recipes.starter.compose import Placing, Variant, compose
from recipes.starter.edge_obedience import COUNT as MAPS
from recipes.starter.edge_obedience import draw as draw_controlled
from recipes.starter.edge_obedience import make_tasks, open_controlled, score
from recipes.starter.judge import JUDGE, Judge, JudgeChangedError, open_judge, recognise
from recipes.starter.obedience import has_colour, name_background
from recipes.starter.parts import Autoencoder, open_autoencoder
from recipes.starter.places import CONTROLNET, MODEL
from recipes.starter.sheet import Parts, draw, make_sheet, open_pipeline
from recipes.starter.training import mean

PROMPTS = JUDGE.with_name("starter_prompts.toml")
PROMPTS_SHA256 = "2b4197312b9f1d44452675d68412352842a606170a1dfd6fccb8027d46fa0cf8"
JUDGE_SHA256 = "ee46af25f527934abd10cb832772d9d6861c03bead154c53718ed8e330dc58da"
ENLARGED = 24
"""Composed pictures over which the upscaler is measured."""
PHOTOS = ("astronaut", "chelsea", "coffee", "rocket", "immunohistochemistry")
PHOTO_SIDE = 256


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A prompt and what it asks for; `colour` is None for the object's own."""

    label: str
    text: str
    background: str
    colour: str | None = None


@dataclass(frozen=True, kw_only=True)
class Answered:
    """A picture for a prompt, and the label that the judge gives it."""

    asked: Asked
    picture: Picture
    named: str


@dataclass(frozen=True, kw_only=True)
class Prompts:
    """The frozen lists: what training shows, what it never shows, and two objects at a time."""

    seen: Sequence[Asked]
    new: Sequence[Asked]
    two: Sequence[AskedTwo]


def read_prompts(share: float) -> Prompts:
    """Read the first part of each list of frozen prompts.

    Raises:
        JudgeChangedError: the file is not the one that earlier figures were measured with.
    """
    text = PROMPTS.read_bytes()
    if hashlib.sha256(text).hexdigest() != PROMPTS_SHA256:
        raise JudgeChangedError(
            f"{PROMPTS.name} has changed. Restore it, or figures do not compare."
        )
    table = {
        name: rows[: max(1, round(share * len(rows)))]
        for name, rows in tomllib.loads(text.decode()).items()
    }
    return Prompts(
        seen=[Asked(**row) for row in table["seen"]],
        new=[Asked(**row) for row in table["new"]],
        two=[AskedTwo(**row) for row in table["two"]],
    )


def composed(asked: Asked, art: EmojiArt, side: int) -> Picture:
    """Compose what the prompt asks for from the art itself, RGB, `side` × `side`."""
    variant = Variant(
        colour=asked.colour,
        painted=asked.colour is not None,
        background=asked.background,
        placing=Placing(),
    )
    return compose(art.fluent(asked.label, side), variant, side, np.random.default_rng(0))


def frozen_judge() -> tuple[Judge, list[str]]:
    """Open the judge with the labels that it numbers."""
    labels = [subject.label for subject in read_catalogue().subjects]
    return open_judge(JUDGE, len(labels), JUDGE_SHA256), labels


def judged(asked: Sequence[Asked], pictures: Sequence[Picture]) -> list[Answered]:
    """Let the frozen judge name the pictures."""
    judge, labels = frozen_judge()
    named = recognise(judge, torch.cat([to_tensor(picture) for picture in pictures]))
    return [
        Answered(asked=wish, picture=picture, named=labels[number])
        for wish, picture, number in zip(asked, pictures, named, strict=True)
    ]


def shares(answers: Sequence[Answered]) -> dict[str, float]:
    """Return the shares of pictures with the right object, floor, object colour and background.

    The floor gives every picture the prompt of another one.
    """
    coloured = [(one, one.asked.colour) for one in answers if one.asked.colour is not None]
    half = len(answers) // 2
    others = [*answers[half:], *answers[:half]]
    return {
        "object": mean(one.named == one.asked.label for one in answers),
        "floor": mean(
            one.named == other.asked.label for one, other in zip(answers, others, strict=True)
        ),
        "colour": mean(has_colour(one.picture, colour) for one, colour in coloured),
        "background": mean(name_background(one.picture) == one.asked.background for one in answers),
    }


def confusions(answers: Sequence[Answered]) -> str:
    """List what was taken for what, the commonest first."""
    pairs = Counter((one.asked.label, one.named) for one in answers if one.named != one.asked.label)
    return ", ".join(f"{asked} → {named} ({n})" for (asked, named), n in pairs.most_common(12))


def to_tensor(picture: Picture) -> Tensor:
    """Turn H × W × 3 into 1 × 3 × H × W."""
    return torch.from_numpy(np.ascontiguousarray(picture)).permute(2, 0, 1)[None]


def signal_to_noise(result: Tensor, wanted: Tensor) -> float:
    """Return the PSNR in dB of pictures with values 0–1."""
    return float(-10 * torch.log10((result.clamp(0, 1) - wanted).square().mean()))


@torch.no_grad()
def through(autoencoder: Autoencoder, picture: Tensor) -> Tensor:
    """Encode and decode a picture, values 0–1."""
    return ((autoencoder.decode(autoencoder.encode(picture * 2 - 1)) + 1) / 2).clamp(0, 1)


def photographs() -> Iterator[Tensor]:
    """Yield the middles of five of scikit-image's photographs, 1 × 3 × 256 × 256."""
    for name in PHOTOS:
        pixels = getattr(photos, name)()
        side = min(pixels.shape[:2])
        top, left = ((length - side) // 2 for length in pixels.shape[:2])
        middle = Image.fromarray(pixels[top : top + side, left : left + side])
        small = np.asarray(middle.resize((PHOTO_SIDE, PHOTO_SIDE), Image.Resampling.LANCZOS))
        yield to_tensor(small.astype(np.float32) / np.float32(255))


def reconstruction(autoencoder: Autoencoder, art: Sequence[Tensor]) -> dict[str, float]:
    """Return the autoencoder's PSNR on composed art and on photographs."""
    return {
        "art": mean(signal_to_noise(through(autoencoder, one), one) for one in art),
        "photographs": mean(signal_to_noise(through(autoencoder, x), x) for x in photographs()),
    }


@torch.no_grad()
def enlargement(file: Path, autoencoder: Autoencoder, art: Sequence[Tensor]) -> dict[str, float]:
    """Enlarge what the autoencoder makes of art; return the PSNR of the upscaler and of bicubic.

    Args:
        file: the upscaler's weights.
        autoencoder: softens the shrunk art, as every picture of the model is soft.
        art: 1 × 3 × 512 × 512, in pairs of object and colour that training never shows.
    """
    network = ModelLoader().load_from_file(str(file)).model.eval()
    ours: list[float] = []
    plain: list[float] = []
    for large in art:
        small = through(autoencoder, functional.interpolate(large, (SMALL, SMALL), mode="area"))
        ours.append(signal_to_noise(network(small), large))
        bicubic = functional.interpolate(small, (LARGE, LARGE), mode="bicubic")
        plain.append(signal_to_noise(bicubic, large))
    return {"upscaler": mean(ours), "bicubic": mean(plain)}


def megabytes(folder: Path) -> float:
    """Return the size of all weights in a folder."""
    return sum(file.stat().st_size for file in folder.rglob("*.safetensors")) / 1e6


def print_shares(title: str, answers: Sequence[Answered], art: EmojiArt) -> None:
    """Print the rows of one list of prompts, with the ceiling of real pictures."""
    asked = [one.asked for one in answers]
    ceiling = shares(judged(asked, [composed(wish, art, SMALL) for wish in asked]))
    found = shares(answers)
    print(f"| {title}: object recognised | {found['object']:.0%} | floor {found['floor']:.0%}, "
          f"ceiling {ceiling['object']:.0%} |")  # fmt: skip
    print(f"| {title}: object in the asked colour | {found['colour']:.0%} | "
          f"ceiling {ceiling['colour']:.0%} |")  # fmt: skip
    print(f"| {title}: right background | {found['background']:.0%} | "
          f"ceiling {ceiling['background']:.0%} |")  # fmt: skip


def print_networks(model: Path, asked: Sequence[Asked], art: EmojiArt) -> None:
    """Print the rows of the autoencoder and the upscaler."""
    autoencoder = open_autoencoder(model / "vae")
    small = [to_tensor(composed(wish, art, SMALL)) for wish in asked]
    rebuilt = reconstruction(autoencoder, small)
    print(f"| autoencoder, composed art | {rebuilt['art']:.1f} dB | |")
    print(f"| autoencoder, five photographs | {rebuilt['photographs']:.1f} dB | |")
    upscaler = model / "upscaler.safetensors"
    if upscaler.exists():
        large = [to_tensor(composed(wish, art, LARGE)) for wish in asked]
        found = enlargement(upscaler, autoencoder, large)
        print(f"| upscaler, 128 → 512 | {found['upscaler']:.1f} dB | "
              f"bicubic {found['bicubic']:.1f} dB |")  # fmt: skip


def print_edges(model: Path, share: float) -> None:
    """Print how well pictures keep to maps of edges, with the ControlNet and without it."""
    tasks = make_tasks(max(1, round(share * MAPS)))
    pipeline = open_controlled(model, model / CONTROLNET)
    without, controlled = (
        score(draw_controlled(pipeline, tasks, weight), tasks) for weight in (0.0, 1.0)
    )
    print(f"| F1 of the edges of {len(tasks)} maps | {controlled:.3f} | without {without:.3f} |")


def draw_all(pipeline: StableDiffusionPipeline, texts: Sequence[str]) -> list[Picture]:
    """Draw every prompt with its fixed seed; values 0–1."""
    drawn = draw(pipeline, list(texts), 1)
    return [np.asarray(one).astype(np.float32) / np.float32(255) for one in drawn]


def print_two(pipeline: StableDiffusionPipeline, asked: Sequence[AskedTwo]) -> None:
    """Print how well pictures show two objects, the left one on the left."""
    judge, labels = frozen_judge()
    pictures = [to_tensor(picture) for picture in draw_all(pipeline, [one.text for one in asked])]
    found = two_shares(judge, labels, asked, pictures)
    print(f"| {len(asked)} prompts for two objects: both recognised | {found['both']:.0%} | "
          f"each {found['half']:.0%} |")  # fmt: skip


def save_wrong(answers: Sequence[Answered], file: Path) -> None:
    """Write the pictures that were taken for something else, each with both names."""
    wrong = [one for one in answers if one.named != one.asked.label][:48]
    columns = [
        (f"{one.asked.label[:9]} as {one.named[:9]}",
         [Image.fromarray((one.picture * 255).astype(np.uint8))])
        for one in wrong
    ]  # fmt: skip
    if columns:
        make_sheet(columns, 8).save(file)


def main() -> int:
    """Parse the command line, draw, judge and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, default=MODEL)
    parser.add_argument("--unet", type=Path, help="a folder that stands in for the model's own")
    parser.add_argument("--share", type=float, default=1.0, help="of the frozen prompts")
    parser.add_argument("--wrong", type=Path, help="picture of what was not recognised")
    options = parser.parse_args()
    prompts, art = read_prompts(options.share), EmojiArt()
    pipeline = open_pipeline(options.model, Parts(unet=options.unet))
    seconds, everything = 0.0, list[Answered]()
    print("| what | figure | beside it |\n|-|-|-|")
    for name, asked in (("seen", prompts.seen), ("new", prompts.new)):
        before = time.monotonic()
        pictures = draw_all(pipeline, [wish.text for wish in asked])
        seconds += time.monotonic() - before
        answers = judged(asked, pictures)
        everything += answers
        print_shares(f"{len(asked)} {name} prompts", answers, art)
    print_two(pipeline, prompts.two)
    print_networks(options.model, prompts.new[:ENLARGED], art)
    print_edges(options.model, options.share)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    seconds /= len(everything)
    print(f"| a picture, 20 steps, in batches of 8 | {seconds:.1f} s | peak {peak:.0f} MB |")
    print(f"| weights | {megabytes(options.model):.1f} MB | |")
    print("\nTaken for something else:", confusions(everything))
    if options.wrong is not None:
        save_wrong(everything, options.wrong)
    return 0


if __name__ == "__main__":
    torch.set_num_threads(1)
    sys.exit(main())
