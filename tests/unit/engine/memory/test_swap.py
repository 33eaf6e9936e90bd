"""A machine that works from its disk is noticed, and told with what to do."""

from backend.engine.memory.swap import MUCH, SENTENCE, SwapWatch, read_back
from backend.schema.events import Warned


def watched(*readings: int) -> tuple[list[list[Warned]], list[str]]:
    """What is told after each reading but the first, and how often memory was let go."""
    let_go: list[str] = []
    following = iter(readings)
    watch = SwapWatch(lambda: let_go.append("others"), lambda: next(following))
    return [list(watch.news()) for _ in readings[1:]], let_go


def test_it_is_told_once_in_a_job_and_what_can_wait_is_let_go():
    told, let_go = watched(7 * MUCH, 7 * MUCH, 8 * MUCH, 12 * MUCH)

    assert told == [[], [Warned(sentence=SENTENCE)], []]
    assert let_go == ["others"]


def test_what_was_read_back_before_the_job_and_a_little_meanwhile_do_not_count():
    assert watched(90 * MUCH, 91 * MUCH - 1) == ([[]], [])


def test_this_system_is_asked():
    assert read_back() >= 0
