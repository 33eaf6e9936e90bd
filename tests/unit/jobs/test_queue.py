"""The queue: one job after the other, and each ends once, whatever the engine does."""

import threading

import pytest

from backend.channel.messages import CancelJob, PauseJobs, ResumeJobs, SkipBatch
from backend.schema.controls import MapRequest
from backend.schema.errors import EngineLostError, NotFoundError, OutputError, RequestError
from backend.schema.events import (
    Cancelled,
    Failed,
    Finished,
    Metric,
    Preview,
    Progress,
    Skipped,
    Stage,
    Warned,
)
from backend.schema.inputs import InputPicture
from backend.schema.jobs import OWNER, JobState
from backend.schema.source_settings import ResolvedPicture
from backend.schema.training import LearnedPicture, ResolvedTraining, TrainingRequest
from tests.fixtures.desk import DEVICE, Desk, job, picture, ready, unsaved
from tests.fixtures.requests import resolved

LOOKED_AT = ResolvedPicture(reference="input-1", path="1.png", sha256="1")
PROGRESS = Progress(step=1, steps=7, batch=1, batches=2)


@pytest.fixture
def desk(tmp_path):
    opened = Desk(tmp_path / "journal.sqlite3")
    yield opened
    opened.journal.close()


def restarted(desk, tmp_path, **more):
    """The same data folder in a new life of the program."""
    desk.journal.close()
    return Desk(tmp_path / "journal.sqlite3", **more)


# What a job goes through.


def test_a_job_starts_the_engine_and_waits_for_it(desk):
    desk.queue.submit(job(1))

    assert desk.engine.done == ["start"]
    assert (desk.view().state, desk.view().position) == (JobState.QUEUED, 1)
    assert desk.queue.system.engine == "starting"
    desk.be_ready()
    start = desk.last_start()
    assert (start.job, start.kind, start.created) == (job(1).id, "generate", 1.0)
    assert start.request["seed"] == 77  # as the host lane completed it
    assert start.finished_indices == ()
    assert (desk.view().state, desk.view().position) == (JobState.RUNNING, None)
    assert desk.queue.system.engine == "busy"
    assert desk.queue.system.device == DEVICE
    assert desk.journaled() is JobState.RUNNING


def test_a_job_that_is_told_of_is_seen(desk):
    desk.be_ready()
    desk.queue.submit(job(1))

    desk.tell(Stage(sentence="Drawing"), PROGRESS, Warned(sentence="Oh."), ready(1, 0))

    view = desk.view()
    assert (view.stage, view.progress, view.warnings) == ("Drawing", PROGRESS, ("Oh.",))
    assert view.pictures[0].id == picture(1, 0).id
    assert view.pictures[0].prompt == "a cat"
    assert view.pictures[0].saved
    assert desk.keeper.rows[view.pictures[0].id] == view.pictures[0]


def test_a_finished_job_makes_room_for_the_next(desk):
    desk.be_ready()
    desk.queue.submit(job(1))
    desk.queue.submit(job(2))
    assert desk.view(2).position == 1

    desk.tell(ready(1, 0), ready(1, 1), Finished())

    assert desk.view(1).state is JobState.FINISHED
    assert desk.journaled(1) is JobState.FINISHED
    assert desk.started() == [job(1).id, job(2).id]
    assert desk.queue.system.queued == 0


def test_a_failed_job_keeps_its_reason_and_its_pictures(desk):
    desk.be_ready()
    desk.queue.submit(job(1))
    failure = Failed(code="out_of_memory", sentence="It did not fit.", hint="Smaller.")

    desk.tell(ready(1, 0), failure)

    assert desk.view().failure == failure
    assert len(desk.view().pictures) == 1
    assert desk.journal.find(job(1).id).events == (failure,)


def test_a_job_ends_once(desk):
    desk.be_ready()
    desk.queue.submit(job(1))

    desk.tell(Finished(), Failed(code="x", sentence="Late."), ready(1, 0), PROGRESS)

    assert desk.view().state is JobState.FINISHED
    assert desk.view().pictures == ()
    desk.board.end(job(1).id, Cancelled())
    assert desk.view().state is JobState.FINISHED


# Pictures that nobody waits for.


def test_what_is_being_made_is_skipped_and_the_job_goes_on_to_its_end(desk):
    desk.be_ready()
    desk.queue.submit(job(1, pictures=3))
    desk.tell(ready(1, 0), PROGRESS)

    desk.queue.skip(job(1).id)
    assert desk.engine.told(SkipBatch) == [SkipBatch(job=job(1).id, batch=2)]
    assert (desk.view().stage, desk.view().progress) == ("Going on with the next picture", None)
    desk.tell(Preview(index=1, jpeg="AAAA"), Skipped(indices=(1,)), ready(1, 2), Finished())

    assert desk.view().state is JobState.FINISHED
    assert desk.view().pictures_skipped == 1
    assert [each.index for each in desk.view().pictures] == [0, 2]
    assert desk.board.previews(OWNER) == ()


def test_what_was_skipped_is_not_made_after_a_restart(desk, tmp_path):
    desk.be_ready()
    desk.queue.submit(job(1, pictures=3))
    desk.tell(Skipped(indices=(0,)))

    later = restarted(desk, tmp_path)
    later.queue.recover()
    later.be_ready()

    assert later.last_start().finished_indices == (0,)
    later.tell(ready(1, 1), ready(1, 2))
    later.die()
    later.be_ready()
    assert later.view().state is JobState.FINISHED  # nothing was left to make


def test_only_what_is_being_made_can_be_skipped(desk):
    desk.be_ready()
    desk.queue.submit(job(1))
    desk.queue.submit(job(2))

    with pytest.raises(RequestError):
        desk.queue.skip(job(2).id)
    desk.queue.cancel(job(1).id)
    with pytest.raises(RequestError):
        desk.queue.skip(job(1).id)
    assert desk.engine.told(SkipBatch) == []


def test_owners_take_turns(desk):
    desk.queue.submit(job(1, owner="anna"))
    desk.queue.submit(job(2, owner="anna"))
    desk.queue.submit(job(3, owner="ben"))
    assert [desk.view(number).position for number in (1, 2, 3)] == [1, 3, 2]

    desk.be_ready()
    for number in (1, 3, 2):
        desk.tell(Finished(), number=number)

    assert desk.started() == [job(1).id, job(3).id, job(2).id]


def test_the_numbers_that_a_job_tells_are_kept(desk):
    desk.be_ready()
    desk.queue.submit(job(1))

    desk.tell(Metric(name="seconds_total", step=0, value=1.5))

    assert [event.type for event in desk.journal.find(job(1).id).events] == ["metric"]


def test_a_preview_is_there_for_whoever_comes_until_the_picture_is(desk):
    desk.be_ready()
    desk.queue.submit(job(1))
    desk.tell(Preview(index=0, jpeg="AAAA"), Preview(index=0, jpeg="BBBB"))
    desk.tell(Preview(index=1, jpeg="CCCC"))

    assert [one.jpeg for one in desk.board.previews(OWNER)] == ["BBBB", "CCCC"]
    desk.tell(ready(1, 0))
    assert [one.jpeg for one in desk.board.previews(OWNER)] == ["CCCC"]
    desk.tell(Finished())
    assert desk.board.previews(OWNER) == ()


def test_a_job_that_ended_long_ago_is_read_from_the_journal(desk, monkeypatch):
    monkeypatch.setattr("backend.jobs.board.LATELY", 2)
    desk.be_ready()
    for number in range(1, 5):
        desk.queue.submit(job(number))
        desk.tell(ready(number, 0), Finished(), number=number)

    assert [int(view.id, 16) for view in desk.board.views(OWNER)] == [4, 3]
    assert desk.view(1).state is JobState.FINISHED
    assert [one.index for one in desk.view(1).pictures] == [0]
    with pytest.raises(NotFoundError, match="no such job"):
        desk.view(99)


def test_maps_push_no_other_job_out_of_sight(desk, tmp_path, monkeypatch):
    monkeypatch.setattr("backend.jobs.board.LATELY", 2)
    desk.be_ready()
    desk.queue.submit(job(1))
    desk.tell(Failed(code="model", sentence="It is broken."))
    wanted = MapRequest(picture=LOOKED_AT, preprocessor="canny", resolution=64)
    for number in range(2, 6):
        desk.queue.submit(
            job(number).model_copy(update={"kind": "map", "request": wanted.model_dump()})
        )
        made = InputPicture(id=f"input-{number:040x}", width=64, height=64)
        desk.tell(Finished(sentence="It is there.", map=made), number=number)

    assert [int(view.id, 16) for view in desk.board.views(OWNER)] == [5, 4, 1]
    assert desk.view(5).map == InputPicture(id=f"input-{5:040x}", width=64, height=64)
    assert desk.view(2).map == InputPicture(id=f"input-{2:040x}", width=64, height=64)
    again = restarted(desk, tmp_path)
    again.board.restore(resume=True)
    assert [int(view.id, 16) for view in again.board.views(OWNER)] == [1]
    again.journal.close()


# The host lane.


def test_submitting_waits_for_nothing_that_is_slow(desk):
    desk.be_ready()
    desk.lane.held = True

    desk.queue.submit(job(1))

    assert desk.started() == []
    assert desk.view().state is JobState.QUEUED
    desk.host.when_asked = lambda: stages.append(desk.view().stage)
    stages: list[str] = []
    desk.lane.run()
    assert stages == ["Reading the checkpoint"]
    assert desk.started() == [job(1).id]


def test_a_checkpoint_that_cannot_be_read_fails_its_job_alone(desk):
    desk.be_ready()
    desk.host.damaged = True
    desk.queue.submit(job(1))
    desk.host.damaged = False
    desk.queue.submit(job(2))

    assert desk.view(1).failure.sentence == "The checkpoint is damaged."
    assert desk.started() == [job(2).id]


def test_a_job_whose_folder_cannot_be_read_fails_instead_of_making_pictures_twice(desk):
    desk.be_ready()
    desk.queue.submit(job(1))
    desk.host.unreadable = OutputError("The outputs folder cannot be read.")

    desk.die()

    assert desk.view().state is JobState.FAILED
    assert str(desk.view().failure).count("cannot be read") == 1


def test_a_job_that_was_cancelled_while_it_was_prepared_stays_so(desk):
    desk.be_ready()
    desk.lane.held = True
    desk.queue.submit(job(1))
    desk.queue.cancel(job(1).id)

    desk.lane.run()

    assert desk.view().state is JobState.CANCELLED
    assert desk.started() == []


def test_preparing_a_job_undoes_nothing_that_happens_to_it_meanwhile(desk, monkeypatch):
    desk.be_ready()
    desk.lane.held = True
    desk.queue.submit(job(1))
    cancelling = threading.Thread(target=desk.queue.cancel, args=[job(1).id])
    get = desk.board.get

    def get_and_be_overtaken(job_id):
        record = get(job_id)
        if threading.current_thread() is threading.main_thread() and not cancelling.ident:
            cancelling.start()
            cancelling.join(0.2)  # as far as the other one comes while the record is in hand
        return record

    monkeypatch.setattr(desk.board, "get", get_and_be_overtaken)
    desk.host.when_asked = lambda: cancelling.join(10)
    desk.lane.run()

    assert desk.view().state is JobState.CANCELLED
    assert desk.journaled() is JobState.CANCELLED


# Cancelling.


def test_a_queued_job_is_cancelled_at_once(desk):
    desk.queue.submit(job(1))
    desk.queue.submit(job(2))

    desk.queue.cancel(job(1).id)
    desk.queue.cancel(job(1).id)

    assert desk.view(1).state is JobState.CANCELLED
    assert desk.view(2).position == 1
    desk.be_ready()
    assert desk.started() == [job(2).id]


def test_a_running_job_is_asked_to_stop_and_a_double_click_asks_once(desk):
    desk.be_ready()
    desk.queue.submit(job(1))

    desk.queue.cancel(job(1).id)
    desk.time += 0.2
    desk.queue.cancel(job(1).id)

    assert desk.engine.told(CancelJob) == [CancelJob(job=job(1).id)]
    assert "kill" not in desk.engine.done
    assert desk.view().stage == "Stopping"
    desk.tell(Stage(sentence="Drawing"))
    assert desk.view().stage == "Stopping"
    desk.tell(Cancelled())
    assert desk.view().state is JobState.CANCELLED


def test_a_second_cancel_ends_the_engine_and_the_next_job_goes_on(desk):
    desk.be_ready()
    desk.queue.submit(job(1))
    desk.queue.submit(job(2))
    desk.queue.cancel(job(1).id)
    desk.time += 1.5

    desk.queue.cancel(job(1).id)
    assert desk.engine.done[-1] == "kill"
    desk.die(wanted=True)

    assert desk.view(1).state is JobState.CANCELLED
    assert desk.view(1).engine_deaths == 0
    desk.be_ready()
    assert desk.started() == [job(1).id, job(2).id]
    assert "kill" not in desk.engine.done[desk.engine.done.index("kill") + 1 :]


def test_a_job_that_does_not_obey_is_ended_with_the_engine(desk):
    desk.be_ready()
    desk.queue.submit(job(1))
    desk.queue.cancel(job(1).id)

    desk.pass_seconds(9.0)
    assert "kill" not in desk.engine.done
    desk.pass_seconds(1.5)
    desk.pass_seconds(0.1)

    assert desk.engine.done.count("kill") == 1


def test_a_job_that_finished_before_it_heard_of_the_cancel_is_finished(desk):
    desk.be_ready()
    desk.queue.submit(job(1))
    desk.queue.cancel(job(1).id)

    desk.tell(Finished())
    desk.pass_seconds(60)

    assert desk.view().state is JobState.FINISHED
    assert "kill" not in desk.engine.done


def test_a_job_that_waits_for_a_new_engine_is_cancelled_at_once(desk):
    desk.be_ready()
    desk.queue.submit(job(1))
    desk.die()

    desk.queue.cancel(job(1).id)

    assert desk.view().state is JobState.CANCELLED


def test_a_picture_that_was_saved_but_not_told_is_found_after_a_kill(desk):
    desk.be_ready()
    desk.queue.submit(job(1))
    desk.queue.cancel(job(1).id)
    desk.host.disk["a"] = picture(1, 0)

    desk.die(wanted=True)

    assert desk.view().state is JobState.CANCELLED
    assert desk.view().pictures == (picture(1, 0),)
    assert picture(1, 0).id in desk.keeper.rows


def test_the_next_job_is_not_blamed_when_the_kill_was_meant_for_the_one_before(desk):
    desk.be_ready()
    desk.queue.submit(job(1))
    desk.queue.submit(job(2))
    desk.queue.cancel(job(1).id)
    desk.time += 2
    desk.queue.cancel(job(1).id)
    desk.tell(Cancelled())
    assert desk.started()[-1] == job(2).id

    desk.die(wanted=True)
    desk.be_ready()

    assert (desk.view(2).state, desk.view(2).engine_deaths) == (JobState.RUNNING, 0)


# Pausing.


def test_a_paused_queue_begins_nothing_and_stops_what_runs(desk):
    desk.be_ready()
    desk.queue.submit(job(1))
    desk.queue.submit(job(2))

    desk.queue.pause()
    desk.queue.pause()

    assert desk.engine.told(PauseJobs) == [PauseJobs()]
    assert desk.queue.system.queue_paused
    assert desk.queue.system.queue_reason == "The queue was paused by hand."
    desk.tell(Finished())
    assert desk.started() == [job(1).id]
    desk.queue.resume()
    assert desk.engine.told(ResumeJobs) == [ResumeJobs()]
    assert desk.started() == [job(1).id, job(2).id]
    assert (desk.queue.system.queue_paused, desk.queue.system.queue_reason) == (False, "")


def test_a_reason_that_needs_doing_something_about_is_the_one_that_is_told(desk):
    desk.queue.pause()
    desk.queue.pause("The disk is full.")
    desk.queue.pause()

    assert desk.queue.system.queue_reason == "The disk is full."


def test_a_queue_that_is_paused_while_idle_tells_the_engine_nothing(desk):
    desk.be_ready()

    desk.queue.pause()
    desk.queue.submit(job(1))
    assert desk.started() == []
    desk.queue.resume()

    assert desk.engine.told(PauseJobs) == desk.engine.told(ResumeJobs) == []
    assert desk.started() == [job(1).id]


def test_an_engine_can_be_had_before_there_is_work(desk):
    desk.queue.start_engine()

    assert desk.queue.system.engine == "starting"


def test_a_paused_queue_does_not_start_the_engine(desk):
    desk.queue.pause()
    desk.queue.submit(job(1))
    assert desk.engine.done == []

    desk.queue.resume()
    assert desk.engine.done == ["start"]


def test_a_job_lost_while_paused_waits_for_resume(desk):
    desk.be_ready()
    desk.queue.submit(job(1))
    desk.queue.pause()
    desk.die()
    desk.be_ready()
    assert desk.started() == [job(1).id]

    desk.queue.resume()

    assert desk.engine.told(ResumeJobs) == []  # the new engine was never paused
    assert desk.started() == [job(1).id, job(1).id]


# The engine dies.


def test_after_a_death_the_job_goes_on_with_what_is_missing(desk):
    desk.be_ready()
    desk.queue.submit(job(1, pictures=3))
    desk.tell(ready(1, 0), PROGRESS, Preview(index=1, jpeg="AAAA"))
    desk.host.disk["told"] = picture(1, 0, created=1.0)
    desk.host.disk["not told"] = picture(1, 1)

    desk.die()

    view = desk.view()
    assert (view.state, view.stage) == (JobState.RUNNING, "Waiting for the engine")
    assert view.progress is None
    assert desk.board.previews(OWNER) == ()
    assert [one.index for one in view.pictures] == [0, 1]
    assert view.pictures[0].created > 1.0  # the one that was told stays as it was
    assert view.warnings == (
        "The engine crashed. The job goes on with the pictures that were not made yet.",
    )
    assert desk.queue.system.engine == "restarting"
    assert desk.queue.system.sentence == "The engine crashed. It is being started again."
    desk.engine.state = "starting"
    assert desk.queue.system.engine == "restarting"
    desk.be_ready()
    assert desk.last_start().finished_indices == (0, 1)
    assert desk.queue.system.sentence == "The engine crashed. It was started again."
    desk.tell(ready(1, 2), Finished())
    assert desk.view().state is JobState.FINISHED


def test_what_happened_is_told_until_another_job_begins(desk):
    desk.be_ready()
    desk.queue.submit(job(1))
    desk.die()
    desk.be_ready()
    desk.tell(Finished())
    assert "crashed" in desk.queue.system.sentence

    desk.queue.submit(job(2))

    assert desk.queue.system.sentence == ""


def test_a_job_whose_last_picture_was_there_needs_no_engine(desk):
    desk.be_ready()
    desk.queue.submit(job(1))
    desk.tell(ready(1, 0))
    desk.host.disk["a"] = picture(1, 1)
    desk.die()
    desk.be_ready()

    assert desk.view().state is JobState.FINISHED
    assert desk.started() == [job(1).id]


def test_a_job_that_kills_the_engine_twice_is_set_aside(desk):
    desk.be_ready()
    desk.queue.submit(job(1))
    desk.queue.submit(job(2))
    desk.die()
    desk.be_ready()
    desk.host.disk["a"] = picture(1, 0)
    desk.die()

    view = desk.view(1)
    assert (view.state, view.engine_deaths) == (JobState.SET_ASIDE, 2)
    assert view.failure.sentence.startswith("The engine died twice while it did this job")
    assert view.pictures == (picture(1, 0),)
    assert desk.journaled(1) is JobState.SET_ASIDE
    desk.be_ready()
    assert desk.started()[-1] == job(2).id


@pytest.mark.parametrize("exit_code", [-15, -2, -1])
def test_an_engine_that_was_asked_to_end_is_not_the_jobs_fault(desk, exit_code):
    desk.be_ready()
    desk.queue.submit(job(1))
    for _ in range(3):
        desk.die(exit_code)
        desk.be_ready()

    assert (desk.view().state, desk.view().engine_deaths) == (JobState.RUNNING, 0)


@pytest.mark.parametrize("exit_code", [None, 0, 1, -11])
def test_any_other_end_is(desk, exit_code):
    desk.be_ready()
    desk.queue.submit(job(1))
    desk.die(exit_code)

    assert desk.view().engine_deaths == 1


def test_a_death_without_a_job_is_nobodys_fault(desk):
    desk.be_ready()
    desk.die()
    desk.queue.submit(job(1))
    desk.die()
    desk.be_ready()

    assert desk.view().engine_deaths == 0
    assert desk.started() == [job(1).id]


def test_an_engine_that_does_not_live_pauses_the_queue_with_the_reason(desk):
    desk.queue.submit(job(1))

    desk.die(1, for_good=True)

    system = desk.queue.system
    assert (system.engine, system.queue_paused) == ("stopped", True)
    assert "Its last words: “words”" in system.queue_reason
    assert "resume" in system.queue_reason
    assert desk.engine.done == ["start"]
    desk.queue.resume()
    assert desk.engine.done == ["start", "start"]
    desk.be_ready()
    assert desk.started() == [job(1).id]
    assert desk.queue.system.sentence == ""


# A full disk.


def test_a_picture_that_the_disk_refused_is_held_and_the_queue_pauses(desk):
    desk.be_ready()
    desk.queue.submit(job(1, pictures=2))

    desk.tell(unsaved(1, 0))

    assert desk.view().pictures[0].saved is False
    assert desk.keeper.held[picture(1, 0).id][1] == b"PNG"
    assert desk.queue.system.queue_reason == "The disk is full."
    assert desk.engine.told(PauseJobs) == [PauseJobs()]
    assert desk.journal.find(job(1).id).made == frozenset()  # made again if the program dies


def test_a_held_picture_is_not_made_again_after_a_death(desk):
    desk.be_ready()
    desk.queue.submit(job(1, pictures=2))
    desk.tell(unsaved(1, 0))
    desk.die()
    desk.be_ready()

    desk.queue.resume()

    assert desk.last_start().finished_indices == (0,)


def test_the_last_picture_of_a_job_lets_the_job_end(desk):
    desk.be_ready()
    desk.queue.submit(job(1, pictures=1))

    desk.tell(unsaved(1, 0), Finished())

    assert desk.engine.told(PauseJobs) == []
    assert desk.view().state is JobState.FINISHED
    assert desk.journaled() is JobState.RUNNING
    saved = desk.keeper.save(picture(1, 0).id)
    desk.board.picture_saved(saved)
    assert desk.journaled() is JobState.FINISHED
    assert desk.view().pictures[0].saved


def test_a_job_with_a_held_picture_stays_in_sight(desk, monkeypatch):
    monkeypatch.setattr("backend.jobs.board.LATELY", 1)
    desk.be_ready()
    desk.queue.submit(job(1, pictures=1))
    desk.tell(unsaved(1, 0), Finished())
    desk.queue.resume()
    for number in (2, 3):
        desk.queue.submit(job(number))
        desk.tell(Finished(), number=number)

    assert [int(view.id, 16) for view in desk.board.views(OWNER)] == [3, 1]


def test_deleting_the_held_picture_lets_the_job_rest(desk):
    desk.be_ready()
    desk.queue.submit(job(1, pictures=1))
    desk.tell(unsaved(1, 0), Finished())
    held, _ = desk.keeper.held.pop(picture(1, 0).id)

    desk.board.remove_picture(held)

    assert desk.journaled() is JobState.FINISHED
    assert desk.view().pictures == ()


def test_an_index_that_cannot_be_written_is_told_and_tried_again(desk):
    desk.be_ready()
    desk.queue.submit(job(1, pictures=1))
    desk.keeper.full = True
    desk.tell(ready(1, 0), Finished())
    desk.pass_seconds(1)

    assert desk.queue.system.sentence == "The index is full."
    assert desk.view().state is JobState.FINISHED
    assert desk.journaled() is JobState.RUNNING
    desk.keeper.full = False
    desk.pass_seconds(0.5)
    assert desk.queue.system.sentence
    desk.pass_seconds(1)
    assert desk.queue.system.sentence == ""
    assert desk.journaled() is JobState.FINISHED


# The program ends and begins again.


def test_closing_ends_the_engine_and_leaves_the_job_as_it_is(desk, tmp_path):
    desk.be_ready()
    desk.queue.submit(job(1, pictures=3))
    desk.tell(ready(1, 0))

    desk.queue.close()
    desk.tell(ready(1, 1), Cancelled())
    desk.die()
    desk.queue.engine_changed()

    assert desk.engine.done[-1] == "close"
    with pytest.raises(EngineLostError, match="Easel is ending"):
        desk.queue.submit(job(2))
    assert desk.journaled() is JobState.RUNNING
    assert len(desk.view().pictures) == 1


def test_what_waited_and_what_ran_goes_on(desk, tmp_path):
    desk.be_ready()
    desk.queue.submit(job(1, pictures=3))
    desk.queue.submit(job(2))
    desk.tell(ready(1, 0), Warned(sentence="Oh."))

    new = restarted(desk, tmp_path)
    new.host.disk["a"] = picture(1, 1)
    assert (new.view(1).stage, new.view(1).warnings) == ("Waiting for the engine", ("Oh.",))
    assert new.view(2).position == 1
    new.die()  # a death before anything was sent
    new.be_ready()

    assert new.last_start().job == job(1).id
    assert new.last_start().finished_indices == (0,)
    new.die()
    new.be_ready()
    assert new.last_start().finished_indices == (0, 1)
    new.tell(ready(1, 2), Finished())
    assert new.started()[-1] == job(2).id
    new.journal.close()


def test_a_death_counts_over_restarts(desk, tmp_path):
    desk.be_ready()
    desk.queue.submit(job(1))
    desk.die()
    desk.be_ready()

    new = restarted(desk, tmp_path)
    new.be_ready()
    assert (new.view().state, new.view().engine_deaths) == (JobState.RUNNING, 1)
    new.die()

    assert new.view().state is JobState.SET_ASIDE
    new.journal.close()


def test_what_ended_is_still_seen_and_stays_ended(desk, tmp_path):
    desk.be_ready()
    desk.queue.submit(job(1))
    desk.tell(ready(1, 0), Failed(code="x", sentence="It broke."))
    desk.queue.submit(job(2))

    new = restarted(desk, tmp_path)

    assert [int(view.id, 16) for view in new.board.views(OWNER)] == [2, 1]
    assert new.journaled(1) is JobState.FAILED
    assert str(new.view(1).failure).count("It broke.") == 1
    assert len(new.view(1).pictures) == 1
    new.be_ready()
    assert new.started() == [job(2).id]
    new.journal.close()


def test_a_visitor_of_the_data_folder_leaves_the_queue_alone(desk, tmp_path):
    desk.queue.submit(job(1))

    visitor = restarted(desk, tmp_path, resume=False)
    visitor.be_ready()
    assert visitor.board.views(OWNER) == ()
    visitor.queue.submit(job(2))
    visitor.tell(Finished(), number=2)

    assert visitor.started() == [job(2).id]
    owner = restarted(visitor, tmp_path)
    owner.be_ready()
    assert owner.started() == [job(1).id]
    owner.journal.close()


def test_a_deleted_picture_is_not_made_again(desk, tmp_path):
    desk.be_ready()
    desk.queue.submit(job(1, pictures=3))
    desk.tell(ready(1, 0), ready(1, 1))
    desk.board.remove_picture(desk.view().pictures[0])

    new = restarted(desk, tmp_path)
    new.be_ready()

    assert [one.index for one in new.view().pictures] == [1]
    assert new.last_start().finished_indices == (0, 1)
    new.journal.close()


def test_a_damaged_journal_is_told_until_a_job_begins(desk, tmp_path):
    desk.journal.close()
    (tmp_path / "journal.sqlite3").write_bytes(b"rubbish" * 1000)
    new = Desk(tmp_path / "journal.sqlite3")

    assert "damaged" in new.queue.system.sentence
    new.be_ready()
    new.queue.submit(job(1))
    assert new.queue.system.sentence == ""
    new.journal.close()


# A training, which others need not wait for.


def training(number):
    picture = LearnedPicture(path="/p/0.png", caption="zkw7", repeats=1, width=64, height=64)
    wanted = ResolvedTraining(
        id="0" * 12,
        asked=TrainingRequest(),
        model=resolved().model,
        resolution=64,
        pictures=(picture,),
        name="zkw7",
    )
    return job(number).model_copy(
        update={"kind": "train", "request": wanted.model_dump(mode="json")}
    )


def test_pictures_are_drawn_beside_a_training_and_trainings_one_after_the_other(desk):
    desk.be_ready()
    for waiting in (training(1), training(2), job(3), job(4)):
        desk.queue.submit(waiting)

    assert desk.started() == [training(1).id, job(3).id]
    assert desk.view(1).title == "Train zkw7"
    assert [desk.view(number).position for number in (1, 2, 3, 4)] == [None, 1, None, 2]
    desk.tell(ready(3, 0), ready(3, 1), Finished(), number=3)
    assert desk.started()[2:] == [job(4).id]
    desk.tell(Metric(name="loss", step=1, value=0.5), Finished(), number=1)
    assert desk.started()[3:] == [training(2).id]
    assert desk.view(1).state is JobState.FINISHED


def test_what_the_engine_worked_on_is_blamed_for_its_death_and_both_go_on(desk):
    desk.be_ready()
    desk.queue.submit(training(1))
    desk.queue.submit(job(2))

    desk.die()
    desk.be_ready()
    desk.die()
    desk.be_ready()

    assert desk.view(2).state is JobState.SET_ASIDE
    assert desk.view(1).state is JobState.RUNNING
    assert desk.board.get(job(1).id).job.engine_deaths == 0
    assert desk.started().count(training(1).id) == 3
    desk.die()
    assert desk.board.get(job(1).id).job.engine_deaths == 1


def test_a_training_is_cancelled_while_a_picture_is_drawn(desk):
    desk.be_ready()
    desk.queue.submit(training(1))
    desk.queue.submit(job(2))

    desk.queue.cancel(training(1).id)
    desk.tell(Cancelled(), number=1)

    assert desk.engine.told(CancelJob) == [CancelJob(job=training(1).id)]
    assert desk.view(1).state is JobState.CANCELLED
    assert desk.view(2).state is JobState.RUNNING
    desk.queue.cancel(job(2).id)
    desk.pass_seconds(11)
    assert desk.engine.done[-1] == "kill"
