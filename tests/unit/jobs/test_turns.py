"""Who is next: first come, first served, and owners take turns."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from backend.jobs.turns import in_turn
from backend.schema.jobs import Job, JobState
from tests.fixtures.desk import job

OWNERS = ("anna", "ben", "cleo")


def numbers(jobs: tuple[Job, ...]) -> list[int]:
    return [int(one.id, 16) for one in jobs]


def test_one_owner_is_served_in_order():
    assert numbers(in_turn([job(1), job(2), job(3)], {})) == [1, 2, 3]


def test_a_guest_does_not_wait_for_all_that_another_asked_before():
    waiting = [job(1, owner="anna"), job(2, owner="anna"), job(3, owner="ben")]

    assert numbers(in_turn(waiting, {})) == [1, 3, 2]


def test_who_was_served_last_waits():
    waiting = [job(1, owner="anna"), job(2, owner="ben")]

    assert numbers(in_turn(waiting, {"anna": 7, "ben": 3})) == [2, 1]


def test_a_newcomer_comes_before_those_who_were_served():
    waiting = [job(1, owner="anna"), job(2, owner="ben")]

    assert numbers(in_turn(waiting, {"anna": 0})) == [2, 1]


def test_what_ran_already_goes_on_first_and_counts_as_a_turn():
    waiting = [
        job(1, owner="anna"),
        job(2, owner="ben"),
        job(3, owner="anna", state=JobState.RUNNING),
    ]

    assert numbers(in_turn(waiting, {})) == [3, 2, 1]


@given(
    st.lists(st.sampled_from(OWNERS), max_size=12),
    st.dictionaries(st.sampled_from(OWNERS), st.integers(0, 50)),
)
def test_nobody_is_forgotten_overtaken_by_themselves_or_served_twice_while_others_wait(
    owners, turns
):
    waiting = [job(number, owner=owner) for number, owner in enumerate(owners)]

    order = in_turn(waiting, turns)

    assert sorted(numbers(order)) == list(range(len(owners)))
    for owner in OWNERS:
        mine = [int(one.id, 16) for one in order if one.owner == owner]
        assert mine == sorted(mine)
    for place, (one, following) in enumerate(pairwise(order), 1):
        if one.owner == following.owner:
            assert {left.owner for left in order[place:]} == {one.owner}
