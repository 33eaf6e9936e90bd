"""Teaches the text encoder what captions look like, before any UNet is trained.

Run `python -m recipes.starter.train_text_encoder --minutes 3`. From its states two linear heads
predict the blurred latent of the caption's picture and which facts the caption states. Joint
training from scratch lets the text path collapse; this makes it carry the picture first.
"""

from collections import deque
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import CLIPTextModel, CLIPTokenizer

from recipes.starter.captions import PairCaption, SceneCaption
from recipes.starter.catalogue import newest_words
from recipes.starter.examples import (
    Caption,
    Examples,
    read_examples,
    say,
    shuffled_indices,
    words_of,
)
from recipes.starter.places import MODEL, WORK
from recipes.starter.training import Average, Clock, Plan, log, mean, plan_parser, rate, read_plan

BATCH = 64
_RATE = 4e-4
_HEAD_RATE = 3e-3
_LENGTH = 28
_LOG_EVERY = 50
_KEEP = 0.3
"""Weight of staying near the old states on captions that the old encoder knew."""


class Reader(nn.Module):
    """The text encoder with its heads."""

    def __init__(self, encoder: CLIPTextModel, outputs: int, facts: int) -> None:
        super().__init__()
        width = encoder.config.hidden_size
        self.encoder = encoder
        self.from_end = nn.Linear(width, outputs)
        self.from_words = nn.Linear(width, outputs)
        self.names = nn.Linear(width, facts)

    def forward(self, tokens: Tensor, end: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Return states, two predictions of the picture and the logits of the facts."""
        states = self.encoder(tokens).last_hidden_state
        first_end = (tokens == end).int().argmax(1)
        final = states[torch.arange(len(tokens)), first_end]
        words = states[:, 1:].mean(1)
        return states, self.from_end(final), self.from_words(words), self.names(final)


def blurred(latents: Tensor) -> Tensor:
    """Average latents (N × 4 × 16 × 16) to 8 × 8, flatten, and remove the mean."""
    flat = functional.avg_pool2d(latents.float(), 2).flatten(1)
    return flat - flat.mean(0)


def names_of(caption: Caption) -> tuple[str, ...]:
    """Return a key for each thing that a caption shows, whatever its phrasing."""
    if isinstance(caption, SceneCaption):
        return caption.phrases[:1]
    return tuple(words[0] for words in words_of(caption))


def count_names(captions: Sequence[Caption]) -> dict[str, int]:
    """Number the different things that captions show."""
    names = {name for caption in captions for name in names_of(caption)}
    return {name: index for index, name in enumerate(sorted(names))}


class TextTraining:
    """The reader, its optimizer and the data; starts from the committed encoder."""

    def __init__(self, plan: Plan, examples: Examples, newest: int) -> None:
        self.examples = examples
        self.unknown = newest_words(newest)
        self.tokenizer = CLIPTokenizer.from_pretrained(MODEL / "tokenizer")
        self.target = blurred(examples.latents)
        self.spread = self.target.square().mean()
        self.numbers = count_names(examples.captions)
        self.old = self._open().eval().requires_grad_(False)
        self.reader = Reader(self._open(), self.target.shape[1], len(self.numbers)).train()
        encoder = list(self.reader.encoder.parameters())
        known = {id(parameter) for parameter in encoder}
        heads = [part for part in self.reader.parameters() if id(part) not in known]
        self.optimizer = torch.optim.AdamW(
            [{"params": encoder, "full_rate": _RATE}, {"params": heads, "full_rate": _HEAD_RATE}],
            lr=_RATE,
            betas=(0.9, 0.98),
        )
        self.average = Average(self.reader, 0.99)
        self.random = np.random.default_rng(plan.seed)
        self.indices = shuffled_indices(len(examples), BATCH, plan.seed)
        self.steps = 0

    def step(self, scale: float) -> dict[str, float]:
        """Learn from one batch; return the figures to log."""
        indices = next(self.indices)
        chosen = [self.examples.captions[int(index)] for index in indices]
        tokens = self.tokenizer(
            [say(caption, self.random) for caption in chosen],
            padding="longest",
            max_length=_LENGTH,
            truncation=True,
            return_tensors="pt",
        ).input_ids
        end = int(self.tokenizer.eos_token_id)
        states, from_end, from_words, names = self.reader(tokens, end)
        wanted = self.target[indices]
        unexplained = (from_end - wanted).square().mean() + (from_words - wanted).square().mean()
        unexplained = unexplained / (2 * self.spread)
        labels = self._labels(chosen)
        confusion = functional.cross_entropy(names, labels)
        with torch.no_grad():
            before = self.old(tokens).last_hidden_state
        known = torch.tensor([self._knew(caption) for caption in chosen])
        drift = (states - before)[known].square().sum() / before.square().sum()
        (unexplained + 0.3 * confusion + _KEEP * drift).backward()
        torch.nn.utils.clip_grad_norm_(self.reader.parameters(), 1.0)
        self._move(scale)
        return {
            "unexplained": float(unexplained.detach()),
            "named": float((labels[torch.arange(len(labels)), names.argmax(1)] > 0).float().mean()),
            "drift": float(drift.detach()),
        }

    def _labels(self, captions: Sequence[Caption]) -> Tensor:
        """Shares of the names of what captions show, N × names."""
        labels = torch.zeros(len(captions), len(self.numbers))
        for row, caption in zip(labels, captions, strict=True):
            names = names_of(caption)
            row[[self.numbers[name] for name in names]] = 1 / len(names)
        return labels

    def _knew(self, caption: Caption) -> bool:
        """Whether the old encoder had learned such captions."""
        return not isinstance(caption, PairCaption) and self.unknown.isdisjoint(words_of(caption))

    def _move(self, scale: float) -> None:
        for group in self.optimizer.param_groups:
            group["lr"] = group["full_rate"] * scale
        self.optimizer.step()
        self.optimizer.zero_grad()
        self.steps += 1
        self.average.update(self.steps)

    @staticmethod
    def _open() -> CLIPTextModel:
        return CLIPTextModel.from_pretrained(MODEL / "text_encoder", dtype=torch.float32)


def train(plan: Plan, newest: int) -> None:
    """Train until the plan's time is used up, then write the encoder to the work folder."""
    training = TextTraining(plan, read_examples(), newest)
    clock = Clock(plan)
    clock.listen()
    figures: deque[dict[str, float]] = deque(maxlen=_LOG_EVERY)
    while clock.running():
        figures.append(training.step(rate(clock.share, training.steps, hold=0.2)))
        if training.steps % _LOG_EVERY == 0:
            summary = {key: mean(row[key] for row in figures) for key in figures[0]}
            log(plan, {"seconds": clock.seconds, **summary})
    training.average.swap()
    training.reader.encoder.save_pretrained(WORK / "text_encoder")


def main() -> None:
    """Parse the command line and train."""
    parser = plan_parser("text", 3, __doc__)
    parser.add_argument(
        "--newest", type=int, default=0, help="so many subjects the shipped encoder has not read"
    )
    options = parser.parse_args()
    train(read_plan(options), options.newest)


if __name__ == "__main__":
    main()
