"""Runs every stage of the recipe in order, each in its own process.

Run `python -m recipes.starter.all`; an interrupted run continues where it was, because every
stage does. `--share 0.1` makes a tenth of the pictures and takes a tenth of the time, for a trial.
"""

import argparse
import subprocess
import sys
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Amount:
    """An option that says how much a stage makes: the usual figure and the least that works."""

    option: str
    usual: int
    least: int


@dataclass(frozen=True, kw_only=True)
class Stage:
    """One module to run, with its usual minutes of training if it trains, and its amounts."""

    module: str
    minutes: float | None = None
    amounts: tuple[Amount, ...] = ()


STAGES = (
    Stage(module="fetch"),
    Stage(
        module="build_data",
        amounts=(
            Amount(option="--variants", usual=100, least=4),
            Amount(option="--pairs", usual=4000, least=8),
            Amount(option="--scenes", usual=60, least=1),
        ),
    ),
    Stage(module="encode"),
    Stage(module="train_text_encoder", minutes=3),
    Stage(module="train_unet", minutes=240),
    Stage(module="train_decoder", minutes=30),
    Stage(module="build_edges", amounts=(Amount(option="--count", usual=4000, least=64),)),
    Stage(module="train_controlnet", minutes=60),
    Stage(module="build_pairs", amounts=(Amount(option="--count", usual=500, least=40),)),
    Stage(module="train_upscaler", minutes=60),
    Stage(module="assemble"),
)


def command(stage: Stage, share: float) -> list[str]:
    """Return the command line of a stage."""
    words = [sys.executable, "-m", f"recipes.starter.{stage.module}"]
    if stage.minutes is not None:
        words += ["--minutes", f"{stage.minutes * share:g}"]
    for amount in stage.amounts:
        words += [amount.option, str(max(amount.least, round(amount.usual * share)))]
    return words


def main() -> None:
    """Run the stages; the first failure ends the run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--share", type=float, default=1.0, help="of pictures and time")
    options = parser.parse_args()
    for stage in STAGES:
        print("stage", stage.module, flush=True)
        subprocess.run(command(stage, options.share), check=True)


if __name__ == "__main__":
    main()
