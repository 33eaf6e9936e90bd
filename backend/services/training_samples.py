"""Which sample pictures show how far a training is."""

from collections.abc import Callable, Iterator, Sequence

from backend.prompts.attention import literally
from backend.schema.generation import GenerationRequest
from backend.schema.model_settings import ModelSettings
from backend.schema.picture_settings import PromptSettings
from backend.schema.resolved import ResolvedRequest
from backend.schema.sampling_settings import MAXIMUM_SEED, SamplingSettings, SeedSettings
from backend.schema.training import LearnedPicture
from backend.schema.training_making import SampleSettings

_CAPTIONS = 3
"""So many prompts are taken from captions."""
_MOST = 12
"""More prompts would take longer than what is learned between two rounds."""

Resolve = Callable[[GenerationRequest], ResolvedRequest]


def sample_requests(
    asked: SampleSettings, checkpoint: str, pictures: Sequence[LearnedPicture], resolve: Resolve
) -> tuple[ResolvedRequest, ...]:
    """The sample pictures, each one of a prompt and a seed of its own; none where none are asked.

    Args:
        asked: What a person chose.
        checkpoint: What draws them.
        pictures: Whose captions are prompts where a person wrote none.
        resolve: Makes every other choice, as for any picture.

    Raises:
        ModelError: When the checkpoint cannot draw.
        OutOfRangeError: When a prompt names a LoRA that is not there.
    """
    if not asked.every:
        return ()
    prompts = tuple(_lines(asked.prompts)) or tuple(_captions(pictures))
    return tuple(
        resolve(
            GenerationRequest(
                prompt=PromptSettings(positive=prompt),
                model=ModelSettings(checkpoint=checkpoint),
                sampling=SamplingSettings(steps=asked.steps),
                seed=SeedSettings(value=(asked.seed + place) % (MAXIMUM_SEED + 1)),
            )
        )
        for place, prompt in enumerate(prompts[:_MOST])
    )


def _lines(prompts: str) -> Iterator[str]:
    return filter(None, map(str.strip, prompts.splitlines()))


def _captions(pictures: Sequence[LearnedPicture]) -> Iterator[str]:
    """Some that differ, from all over the dataset; brackets in them are only brackets."""
    told = list(dict.fromkeys(each.caption for each in pictures if not each.regular))
    every = max(1, len(told) // _CAPTIONS)
    return map(literally, told[::every][:_CAPTIONS])
