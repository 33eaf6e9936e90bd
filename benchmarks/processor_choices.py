# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportPrivateUsage=false
# diffusers says wrongly what it takes and returns; torch has no public names for instructions.
"""What makes SD 1.5 faster on this processor: `.venv/bin/python -m benchmarks.processor_choices`.

Calls the UNet and the decoder of SD 1.5's full size with random weights, both ways of each choice
in turns, and prints the medians: memory format, precision, attention, and CFG's two passes in one
batch or one after the other. The processors' seconds change less with what else runs; take
`--threads 1` on a busy machine, so that no thread counts while it waits for another.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Mapping
from copy import deepcopy
from functools import cache
from statistics import median
from typing import TypeVar

import torch
from diffusers.models.attention_processor import AttnProcessor, AttnProcessor2_0
from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL
from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel
from torch import Tensor

from backend.engine.accelerator import use_physical_cores
from backend.engine.loading.files import family_configs
from benchmarks.spine import processor

Call = Callable[[], object]
Net = TypeVar("Net", bound=torch.nn.Module)


def main() -> int:
    """Measure each pair of ways in turns."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.processor_choices", description=__doc__
    )
    parser.add_argument("--side", type=int, default=512, help="width and height in pixels")
    parser.add_argument("--rounds", type=int, default=5, help="calls of each way")
    parser.add_argument("--threads", type=int, help="instead of one on each core")
    options = parser.parse_args()
    use_physical_cores()
    torch.set_num_threads(options.threads or torch.get_num_threads())
    torch.manual_seed(0)
    print(f"{os.cpu_count()} cores ({processor()}), {instructions()}, PyTorch {torch.__version__}")
    print(f"{options.side} × {options.side} pixels, {torch.get_num_threads()} threads")
    print(f"Median of {options.rounds} calls in turns: seconds (of all processors together)\n")
    print("| choice | one way | the other | of all processors |\n|-|-|-|-|")
    with torch.inference_mode():
        for name, ways in choices(options.side // 8):
            compare(name, ways(), options.rounds)
    return 0


def choices(side: int) -> list[tuple[str, Callable[[], Mapping[str, Call]]]]:
    """The choices by name, each made ready only when its turn comes."""
    latents = torch.randn(2, 4, side, side)
    words = torch.randn(2, 77, 768)
    return [
        (
            "UNet: memory format",
            lambda: formats(unet(), lambda net, x: net(x, 500, words), latents),
        ),
        ("VAE: memory format", lambda: formats(vae(), lambda net, x: net.decode(x), latents[:1])),
        ("UNet: precision", lambda: precisions(latents, words)),
        ("UNet: attention", lambda: attentions(latents, words)),
        ("UNet: CFG's passes", lambda: passes(latents, words)),
    ]


def compare(name: str, ways: Mapping[str, Call], rounds: int) -> None:
    """Call the ways in turns, after once to warm up, and print a row."""
    taken: dict[str, list[tuple[float, float]]] = {way: [] for way in ways}
    for number in range(rounds + 1):
        for way, call in ways.items():
            begin, processors = time.perf_counter(), time.process_time()
            call()
            took = (time.perf_counter() - begin, time.process_time() - processors)
            taken[way] += [took] if number else []
    medians = {
        way: [median(column) for column in zip(*each, strict=True)] for way, each in taken.items()
    }
    cells = [f"{way} {wall:.2f} ({busy:.2f})" for way, (wall, busy) in medians.items()]
    (_, one), (_, other) = medians.values()
    print(f"| {name} | {' | '.join(cells)} | {other / one - 1:+.0%} |", flush=True)


def formats(net: Net, call: Callable[[Net, Tensor], object], x: Tensor) -> Mapping[str, Call]:
    """The network as it is, and with the channels last."""
    last = torch.channels_last
    other = deepcopy(net).to(memory_format=last)
    nearer = x.contiguous(memory_format=last)
    return {"contiguous": lambda: call(net, x), "channels last": lambda: call(other, nearer)}


def precisions(latents: Tensor, words: Tensor) -> Mapping[str, Call]:
    """Single precision, and bfloat16."""
    net, narrow = unet(), deepcopy(unet()).bfloat16()
    x, states = latents.bfloat16(), words.bfloat16()
    return {
        "float32": lambda: net(latents, 500, words),
        "bfloat16": lambda: narrow(x, 500, states),
    }


def attentions(latents: Tensor, words: Tensor) -> Mapping[str, Call]:
    """PyTorch's scaled-dot-product attention, and attention written out."""

    def call(way: AttnProcessor | AttnProcessor2_0) -> object:
        unet().set_attn_processor(way)
        return unet()(latents, 500, words)

    return {
        "written out": lambda: call(AttnProcessor()),
        "scaled_dot_product_attention": lambda: call(AttnProcessor2_0()),
    }


def passes(latents: Tensor, words: Tensor) -> Mapping[str, Call]:
    """Both passes as one batch, and one after the other."""
    net = unet()
    pairs = list(zip(latents.split(1), words.split(1), strict=True))
    return {
        "one batch": lambda: net(latents, 500, words),
        "two calls": lambda: [net(x, 500, states) for x, states in pairs],
    }


@cache
def unet() -> UNet2DConditionModel:
    """A UNet of SD 1.5's size, made once."""
    return UNet2DConditionModel.from_config(config("unet")).eval()


def vae() -> AutoencoderKL:
    """An autoencoder of SD 1.5's size."""
    return AutoencoderKL.from_config(config("vae")).eval()


def config(part: str) -> dict[str, object]:
    """The published configuration of a part."""
    return json.loads(family_configs("sd15").joinpath(f"{part}.json").read_text())


def instructions() -> str:
    """The widest instructions that PyTorch uses here, and those for bfloat16 that there are."""
    known = {
        "AVX512-BF16": torch.cpu._is_avx512_bf16_supported(),  # noqa: SLF001
        "AMX": torch.cpu._is_amx_tile_supported(),  # noqa: SLF001
    }
    found = ", ".join(name for name, there in known.items() if there)
    return f"{torch.backends.cpu.get_cpu_capability()}, for bfloat16 {found or 'nothing'}"


if __name__ == "__main__":
    sys.exit(main())
