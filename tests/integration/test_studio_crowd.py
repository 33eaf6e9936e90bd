"""Many people at once: whatever they click, everything ends and nobody waits for another."""

import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor

from backend.schema.errors import NotFoundError
from backend.schema.jobs import OWNER, Actor, JobChanged, Role
from tests.fixtures.real_studio import ended, nothing_was_made_twice, real_studio, submit

PEOPLE = [Actor(id=f"guest-{number}", role=Role.GUEST) for number in range(5)]
CLICKS = 12
SLOWEST_SECONDS = 2.0


def click_around(studio, actor, slowest):
    """A person who submits, cancels, looks and deletes, in a hurry."""
    dice = random.Random(actor.id)
    jobs = []
    for _ in range(CLICKS):
        began = time.monotonic()
        match dice.randrange(5):
            case 0 | 1:
                jobs.append(submit(studio, "a cat", dice.randint(1, 3), actor))
            case 2 if jobs:
                studio.jobs.cancel(actor, dice.choice(jobs).id)
            case 3:
                for picture in studio.gallery.newest(actor, 2):
                    assert picture.owner == actor.id
                    studio.gallery.thumbnail(actor, picture.id)
                    studio.gallery.delete(actor, picture.id)
            case _:
                studio.jobs.snapshot(actor)
        slowest.append(time.monotonic() - began)
    return jobs


def flip_the_switch(studio, stop):
    while not stop.wait(0.05):
        studio.jobs.pause_queue(OWNER)
        studio.jobs.resume_queue(OWNER)


def listen(studio, actor, stop, heard):
    with studio.jobs.follow(actor) as reader:
        while not stop.is_set():
            item = reader.next(0.1)
            if isinstance(item, JobChanged):
                assert item.job.owner == actor.id
                heard.append(item.job)


def test_a_crowd_of_hasty_people(tmp_path):
    stop, slowest, heard = threading.Event(), [], []
    with real_studio(tmp_path) as studio, ThreadPoolExecutor(20) as pool:
        try:
            background = [pool.submit(flip_the_switch, studio, stop)]
            background += [pool.submit(listen, studio, who, stop, heard) for who in PEOPLE]
            clicking = [pool.submit(click_around, studio, who, slowest) for who in PEOPLE]
            jobs = [job for person in clicking for job in person.result(60)]
            for job in jobs:
                assert ended(studio, job).state.ended
        finally:
            stop.set()
        for task in background:
            task.result(10)

        assert studio.jobs.snapshot(OWNER).system.queued == 0
        for person in PEOPLE:
            mine = {view.id for view in heard if view.owner == person.id and view.state.ended}
            assert mine >= {job.id for job in jobs if job.owner == person.id}
    assert max(slowest) < SLOWEST_SECONDS
    assert nothing_was_made_twice(tmp_path)


def test_a_picture_that_two_delete_at_once_is_deleted_once(tmp_path):
    with real_studio(tmp_path) as studio, ThreadPoolExecutor(8) as pool:
        (picture,) = ended(studio, submit(studio, "a cat", 1)).pictures

        def delete(_: int) -> bool:
            try:
                studio.gallery.delete(OWNER, picture.id)
            except NotFoundError:
                return False
            return True

        assert any(pool.map(delete, range(8)))
        assert studio.gallery.newest(OWNER) == ()
        assert studio.jobs.view(OWNER, picture.job).pictures == ()
