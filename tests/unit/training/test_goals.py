"""What follows from a goal, and that what a person chose stays."""

import itertools
from typing import get_args

import pytest

from backend.schema.training import TRAINING_FIELDS, Goal, TrainingRequest
from backend.training.goals import settings_of

FAMILIES = ("sd15", "sd2", "sdxl", "sd3", "sd35_medium", "sd35_large", "flux1")


@pytest.mark.parametrize(("goal", "family"), list(itertools.product(get_args(Goal), FAMILIES)))
def test_every_goal_gives_settings_that_a_training_takes(goal, family):
    given = settings_of(goal, family, 1024 if family != "sd15" else 512, 15)

    request = TrainingRequest().filled(given)

    assert given.keys() <= {spec.id for spec in TRAINING_FIELDS}
    assert request.learning.steps * request.learning.batch >= 15 * 50 or (
        request.learning.steps == 500
    )
    assert request.loss.weighting == (
        "min_snr" if family.startswith(("sd15", "sd2", "sdxl")) else "none"
    )


def test_more_pictures_are_learned_longer_and_some_held_back():
    few, many, most = (settings_of("style", "sdxl", 1024, count) for count in (12, 40, 4000))

    assert [each["learning.steps"] for each in (few, many, most)] == [600, 2000, 4000]
    assert (few["dataset.validation"], many["dataset.validation"]) == (0.0, 0.1)
    assert few["learning.rate"] is None


def test_what_was_asked_for_stays():
    asked = TrainingRequest.from_short_names({"goal": "object", "rank": 64, "steps": 7})

    request = asked.filled(settings_of("object", "sd15", 512, 10))

    assert (request.network.rank, request.learning.steps) == (64, 7)
    assert (request.learning.optimiser, request.samples.every) == ("adamw8bit", 62)


def test_without_a_trigger_nothing_is_kept_apart():
    assert settings_of("style", "sd15", 512, 10, trigger=False)["loss.preservation"] == 0.0
