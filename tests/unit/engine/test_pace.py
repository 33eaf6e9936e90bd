"""How much time is left, from the model calls that are behind."""

import time

import pytest

from backend.engine.pace import Pace, plan_pace
from backend.schema.resolved import ResolvedSampling
from tests.fixtures.starter import starter_request


@pytest.mark.parametrize(
    ("sampler", "calls"), [("euler", 10), ("heun", 19), ("dpmpp_sde", 19), ("dpmpp_2m", 10)]
)
def test_the_plan_counts_every_model_call(sampler, calls):
    sampling = ResolvedSampling(sampler=sampler, schedule="karras", steps=10, cfg_scale=4.5)

    pace = plan_pace(starter_request(sampling=sampling), batches=3)

    assert pace.calls_planned == 3 * calls


def test_nothing_is_promised_before_the_first_call():
    assert Pace(calls_planned=10).seconds_left() is None


def test_the_rest_takes_as_long_each_as_what_is_behind():
    pace = Pace(calls_planned=10, calls_made=4, started=time.perf_counter() - 8)

    assert pace.seconds_left() == pytest.approx(12, abs=0.1)


def test_the_end_is_zero_even_after_more_calls_than_planned():
    assert Pace(calls_planned=3, calls_made=5).seconds_left() == 0
