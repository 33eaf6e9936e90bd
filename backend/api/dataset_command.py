"""`dataset`: what a LoRA would learn from a folder of pictures, and what is wrong with them."""

from collections.abc import Iterator
from pathlib import Path

import click

from backend.api.running import DONE
from backend.dataset.buckets import Grid
from backend.dataset.report import report
from backend.schema.datasets import Bucket, DatasetReport, Finding

_SHOWN = 5
"""Of a finding's pictures, and of the most frequent tags times two."""


def dataset_command() -> click.Command:
    """The command `dataset`, which reads pictures and captions and changes nothing."""

    def dataset(folder: str, trigger: str, resolution: int, *, as_json: bool) -> int:
        told = report(Path(folder).expanduser().absolute(), trigger, Grid(resolution))
        click.echo(told.model_dump_json(indent=2) if as_json else "\n".join(_lines(told)))
        return DONE

    return click.Command(
        "dataset",
        params=[
            click.Argument(["folder"]),
            click.Option(
                ["--trigger"], default="", help="The word that is to call what is learned."
            ),
            click.Option(
                ["--resolution"],
                default=512,
                type=click.IntRange(64, 2048),
                show_default=True,
                help="The side of a square of as many pixels as are learned at once.",
            ),
            click.Option(["--json", "as_json"], is_flag=True, help="Print JSON."),
        ],
        callback=dataset,
        help="Look at the pictures in FOLDER with their captions, as a LoRA would learn from them: "
        "what is wrong with them and what to do, and the sizes at which they are learned.",
    )


def _lines(told: DatasetReport) -> Iterator[str]:
    captions = sum(bool(item.caption) for item in told.items)
    counted = sum(item.repeats for item in told.items)
    more = f", counted as {counted}" if counted != len(told.items) else ""
    yield f"{len(told.items)} pictures{more}, {captions} with captions"
    for concept in dict.fromkeys(item.concept for item in told.items if item.concept):
        within = [item for item in told.items if item.concept == concept]
        yield f"  {concept}: {len(within)} pictures, {within[0].repeats} times each"
    yield f"Learned at {', '.join(map(_size, told.buckets))}"
    if told.tags:
        often = list(told.tags.items())[: 2 * _SHOWN]
        yield "Most frequent tags: " + ", ".join(f"{tag} ({count})" for tag, count in often)
    for finding in told.findings:
        yield from _about(finding)
    if not told.findings:
        yield "Nothing is wrong with them."


def _size(bucket: Bucket) -> str:
    return f"{bucket.width} × {bucket.height} ({len(bucket.paths)})"


def _about(finding: Finding) -> Iterator[str]:
    yield ""
    yield finding.sentence
    if finding.paths:
        more = len(finding.paths) - _SHOWN
        yield "  " + ", ".join(finding.paths[:_SHOWN]) + (f" and {more} more" if more > 0 else "")
    yield f"  {finding.hint}"
