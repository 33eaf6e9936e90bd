"""Anything may happen at any time: nothing is made twice, and every job ends once."""

import shutil
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from backend.channel.messages import CancelJob, PauseJobs, ResumeJobs, StartJob
from backend.schema.events import Cancelled, Failed, Finished
from backend.schema.jobs import OWNER, JobState, PictureView
from tests.fixtures.desk import Desk, job, picture, ready, unsaved


class EverythingHappens(RuleBasedStateMachine):
    """A person, an engine, a disk and a power switch, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.submitted = 0
        self.ends: dict[str, JobState] = {}
        self.made: list[str] = []
        self.disk: dict[str, PictureView] = {}
        self.begin_program()

    def teardown(self) -> None:
        self.finish_everything()
        self.desk.journal.close()
        shutil.rmtree(self.folder)

    def begin_program(self) -> None:
        self.desk = Desk(self.folder / "journal.sqlite3")
        self.desk.host.disk = self.disk
        self.lose_the_engine()

    def lose_the_engine(self) -> None:
        self.working: StartJob | None = None
        self.left: list[int] = []
        self.stopped = False
        self.read = len(self.desk.engine.sent)

    def hear(self) -> None:
        """What an engine does about the messages that it got."""
        for message in self.desk.engine.sent[self.read :]:
            match message:
                case StartJob():
                    assert self.working is None
                    assert not self.desk.queue.system.queue_paused
                    self.working = message
                    wanted = self.desk.board.get(message.job).pictures_wanted
                    self.left = [i for i in range(wanted) if i not in message.finished_indices]
                case PauseJobs():
                    self.stopped = True
                case ResumeJobs():
                    self.stopped = False
                case CancelJob():
                    assert self.working
                    assert message.job == self.working.job
                case _:
                    raise AssertionError(message)
        self.read = len(self.desk.engine.sent)

    @property
    def at_work(self) -> bool:
        return self.working is not None and not self.stopped

    def next_picture(self) -> tuple[int, int]:
        assert self.working
        return int(self.working.job, 16), self.left.pop(0)

    def end(self, event) -> None:
        assert self.working
        ending, self.working = self.working, None
        self.desk.queue.engine_told(ending.job, event)
        self.hear()

    @precondition(lambda self: self.submitted < 8)
    @rule(owner=st.sampled_from(["owner", "anna"]), pictures=st.integers(1, 3))
    def submit(self, owner, pictures):
        self.submitted += 1
        self.desk.queue.submit(job(self.submitted, owner=owner, pictures=pictures))
        self.hear()

    @precondition(lambda self: self.desk.engine.state != "ready")
    @rule()
    def engine_gets_ready(self):
        if self.desk.engine.state != "stopped":
            self.desk.be_ready()
            self.hear()

    @precondition(lambda self: self.at_work and self.left)
    @rule(told=st.booleans())
    def a_picture_is_made(self, told):
        number, index = self.next_picture()
        owner = self.desk.board.get(job(number).id).job.owner
        saved = picture(number, index, owner=owner)
        assert saved.id not in self.made
        self.made.append(saved.id)
        self.disk[saved.id] = saved
        if told:
            self.desk.tell(ready(number, index), number=number)
        else:  # its last act
            self.engine_dies(-9)

    @precondition(lambda self: self.at_work and self.left)
    @rule()
    def the_disk_is_full(self):
        number, index = self.next_picture()
        assert picture(number, index).id not in self.made
        self.desk.keeper.full = True
        self.desk.tell(unsaved(number, index), number=number)
        self.hear()
        assert self.desk.queue.system.queue_paused

    @precondition(lambda self: self.at_work and not self.left)
    @rule()
    def the_job_finishes(self):
        self.end(Finished())

    @precondition(lambda self: self.at_work)
    @rule()
    def the_job_fails(self):
        self.end(Failed(code="x", sentence="It broke."))

    @precondition(lambda self: self.desk.engine.state == "ready")
    @rule(exit_code=st.sampled_from([-9, -15, 1]))
    def engine_dies(self, exit_code):
        self.lose_the_engine()
        self.desk.die(exit_code, wanted="kill" in self.desk.engine.done)
        self.desk.engine.done.clear()
        self.hear()

    @precondition(lambda self: self.submitted)
    @rule(data=st.data(), obeys=st.booleans(), seconds=st.floats(0, 12))
    def cancel(self, data, obeys, seconds):
        number = data.draw(st.integers(1, self.submitted))
        running = self.working and int(self.working.job, 16) == number
        self.desk.queue.cancel(job(number).id)
        self.hear()
        if running and obeys:
            self.end(Cancelled())
        self.desk.pass_seconds(seconds)
        if "kill" in self.desk.engine.done:
            self.engine_dies(-9)

    @rule()
    def pause(self):
        self.desk.queue.pause()
        self.hear()

    @rule()
    def resume(self):
        self.desk.keeper.full = False
        for held in self.desk.keeper.unsaved():
            saved = self.desk.keeper.save(held.id)
            assert saved
            self.made.append(saved.id)
            self.disk[saved.id] = saved
            self.desk.board.picture_saved(saved)
        self.desk.queue.resume()
        self.hear()

    @rule()
    def the_program_is_killed(self):
        held_back = {one.job for one in self.desk.keeper.unsaved()}
        for job_id in held_back:  # finished, but a picture was in memory only: it is made again
            if self.ends.get(job_id) is JobState.FINISHED:
                del self.ends[job_id]
        self.desk.journal.close()
        self.begin_program()

    @invariant()
    def what_ended_stays_ended(self):
        for view in self.desk.board.views(OWNER):
            if view.state.ended:
                assert self.ends.setdefault(view.id, view.state) is view.state
            else:
                assert view.id not in self.ends

    @invariant()
    def the_journal_knows_what_is_shown(self):
        for view in self.desk.board.views(OWNER):
            held_back = view.state is JobState.FINISHED and self.desk.keeper.has_loose_ends(view.id)
            stored = self.desk.journal.find(view.id)
            assert stored
            assert stored.job.state is (JobState.RUNNING if held_back else view.state)
            assert stored.pictures == tuple(one for one in view.pictures if one.saved)

    @invariant()
    def places_in_the_queue_are_counted_from_one(self):
        views = self.desk.board.views(OWNER)
        places = sorted(view.position for view in views if view.position is not None)
        queued = [view for view in views if view.state is JobState.QUEUED]
        assert places == list(range(1, len(queued) + 1))
        assert self.desk.queue.system.queued == len(queued)

    def finish_everything(self) -> None:
        for _ in range(40):
            self.resume()
            if self.desk.engine.state != "ready":
                self.desk.be_ready()
                self.hear()
            if not self.at_work:
                break
            while self.left:
                self.a_picture_is_made(told=True)
            self.the_job_finishes()
        for number in range(1, self.submitted + 1):
            view = self.desk.view(number)
            assert view.state.ended
            if view.state is JobState.FINISHED:
                assert len(view.pictures) == view.pictures_wanted


TestEverythingHappens = EverythingHappens.TestCase
TestEverythingHappens.settings = settings(
    max_examples=25,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
