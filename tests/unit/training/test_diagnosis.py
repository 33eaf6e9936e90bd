"""What curves of trainings are said to mean."""

import math
import random

import pytest
from PIL import Image

from backend.schema.training import TRAINING_FIELDS, TrainingRequest
from backend.schema.training_data import DatasetSettings
from backend.schema.training_learning import LearningSettings
from backend.schema.training_story import BANDS, Measured, Validated
from backend.training.change import changed
from backend.training.diagnosis import diagnoses
from backend.training.folder import TrainingFolder

STEPS = 400
LEVELS = (0.02, 0.08, 0.2, 0.5)
ASKED = TrainingRequest(
    dataset=DatasetSettings(trigger="zkw7"), learning=LearningSettings(steps=STEPS)
)


def curve(shape, steps=STEPS, noise=0.15) -> tuple[Measured, ...]:
    """Steps whose loss is mostly that of their noise level, as real ones are, times a shape."""
    chance = random.Random(3)
    told: list[Measured] = []
    average = LEVELS[1]
    for step in range(1, steps + 1):
        band = chance.randrange(BANDS)
        loss = LEVELS[band] * shape(step / steps) * chance.lognormvariate(0, noise)
        average += (loss - average) * 0.02
        bands = tuple(loss if place == band else None for place in range(BANDS))
        told.append(
            Measured(
                step=step,
                loss=loss,
                average=average,
                bands=bands,
                rate=1e-4,
                gradient=0.5,
                seconds=1.0,
            )
        )
    return tuple(told)


FALLING = curve(lambda done: 1 - 0.3 * done)
FLAT = curve(lambda done: 1.0)
SWINGING = curve(lambda done: 1 + 0.5 * math.sin(30 * done))


def codes(measured, validated=(), change=None) -> list[str]:
    return [each.code for each in diagnoses(ASKED, measured, validated, change)]


def validation(*losses: float) -> tuple[Validated, ...]:
    return tuple(Validated(step=50 * place, loss=loss) for place, loss in enumerate(losses, 1))


@pytest.mark.parametrize(
    ("measured", "validated", "change", "expected"),
    [
        pytest.param(FALLING, (), 0.1, [], id="all is well"),
        pytest.param(FALLING, validation(0.5, 0.4, 0.3, 0.3), None, [], id="still gets better"),
        pytest.param(FALLING[:40], (), 0.0, [], id="too early to tell"),
        pytest.param(FLAT, (), None, ["flat"], id="flat"),
        pytest.param(FLAT, (), 0.1, [], id="flat, but the samples show that it learns"),
        pytest.param(FLAT[:150], (), None, [], id="flat, but not half done"),
        pytest.param(FLAT, (), 0.005, ["trigger not learned"], id="samples stay as they were"),
        pytest.param(SWINGING, (), 0.1, ["oscillating"], id="swings"),
        pytest.param(
            FALLING, validation(0.5, 0.3, 0.4, 0.5, 0.6), 0.1, ["overfitting"], id="learns by heart"
        ),
    ],
)
def test_a_curve_is_told_in_words(measured, validated, change, expected):
    assert codes(measured, validated, change) == expected


def test_what_learns_by_heart_is_to_end_where_it_was_best():
    (told,) = diagnoses(ASKED, FALLING, validation(0.5, 0.3, 0.4, 0.5, 0.6), 0.1)

    assert "step 100" in told.sentence
    assert told.remedies[0].fields == {"learning.steps": 100}


def test_a_loss_that_overflows_is_told_alone_and_at_once():
    nan = FALLING[30].model_copy(update={"loss": math.nan})

    (told,) = diagnoses(ASKED, (*FALLING[:30], nan))

    assert told.code == "exploded"
    assert "step 31" in told.sentence
    assert told.remedies[0].fields == {"learning.rate": pytest.approx(2.5e-5)}


def test_a_loss_that_rises_to_many_times_its_lowest_has_broken():
    rising = curve(lambda done: 1 + 60 * max(0, done - 0.5))

    assert codes(rising) == ["exploded"]


def test_thinned_steps_and_steps_without_bands_are_judged_the_same():
    thin = FALLING[::4]
    bare = [each.model_copy(update={"bands": ()}) for each in curve(lambda _: 1.0, 4000)]

    assert codes(thin) == []
    assert "oscillating" not in codes(bare)


def test_remedies_change_settings_that_there_are_to_other_values():
    troubles = [
        (FLAT, (), None),
        (FLAT, (), 0.0),
        (SWINGING, (), 0.1),
        (FALLING, validation(0.5, 0.3, 0.4, 0.5, 0.6), 0.1),
    ]
    known = {spec.id: spec for spec in TRAINING_FIELDS}
    for trouble in troubles:
        for told in diagnoses(ASKED, *trouble):
            assert told.remedies, told.code
            for remedy in told.remedies:
                for field, value in remedy.fields.items():
                    assert value != known[field].default, (told.code, field)


def test_samples_are_compared_with_those_of_the_checkpoint_alone(tmp_path):
    folder = TrainingFolder(tmp_path)
    assert changed(folder) is None
    (tmp_path / "samples").mkdir()
    for step, grey in ((0, 100), (250, 100), (500, 151)):
        Image.new("RGB", (64, 64), (grey, grey, grey)).save(folder.sample_of(step, 0))

    assert changed(folder) == pytest.approx(0.2)
    folder.forget_after(250)
    assert changed(folder) == 0.0
