"""The host lane: one piece of work after the other, beside everything else."""

import threading

from backend.jobs.lane import HostLane


def test_work_is_done_in_order_and_nobody_waits_for_it():
    lane, gate, done = HostLane(), threading.Event(), []
    ended = threading.Event()

    def wait() -> None:
        assert gate.wait(10)

    lane.put(wait)
    for number in range(3):
        lane.put(lambda number=number: done.append(number))
    lane.put(ended.set)
    assert done == []

    gate.set()

    assert ended.wait(10)
    assert done == [0, 1, 2]
    lane.close()
