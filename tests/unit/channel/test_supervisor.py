"""The supervisor, with engines that die and fall silent on command."""

import json
import time
from dataclasses import replace

import pytest

from backend.channel.client import EngineExit, OnExit, OnMessage
from backend.channel.messages import Heartbeat, JobEvent, PauseJobs, Ready, ShutDown, ToEngine
from backend.channel.supervisor import Patience, Supervisor
from backend.schema.events import Stage
from backend.schema.jobs import DeviceView
from tests.fixtures.listening import Recorder

DEVICE = DeviceView(name="Abacus", memory_used=1, memory_total=2)
QUICK = Patience(ready=30.0, silence=30.0, restarts=(0.0, 0.0), settled=60.0, goodbye=0.2)


class Puppet:
    """An engine that does what the test says."""

    def __init__(self, on_message: OnMessage, on_exit: OnExit, *, polite: bool) -> None:
        self._on_message, self._on_exit = on_message, on_exit
        self._polite = polite
        self.heard: list[ToEngine] = []
        self.killed = False

    def send(self, message: ToEngine) -> None:
        self.heard.append(message)
        if isinstance(message, ShutDown) and self._polite:
            self.die(0)

    def kill(self) -> None:
        self.killed = True
        self.die(-9)

    def say(self, message: Ready | Heartbeat | JobEvent) -> None:
        self._on_message(message.model_dump_json().encode())

    def say_raw(self, body: bytes) -> None:
        self._on_message(body)

    def die(self, exit_code: int, last_words: str = "") -> None:
        self._on_exit(EngineExit(exit_code, last_words))


class Theatre:
    """Starts puppets, and keeps them in order of birth."""

    def __init__(self) -> None:
        self.puppets: list[Puppet] = []
        self.greets = True
        self.polite = True
        self.refusals = 0

    def __call__(self, on_message: OnMessage, on_exit: OnExit) -> Puppet:
        if self.refusals:
            self.refusals -= 1
            raise OSError("no processes left")
        puppet = Puppet(on_message, on_exit, polite=self.polite)
        self.puppets.append(puppet)
        if self.greets:
            puppet.say(Ready(pid=1, device=DEVICE))
        return puppet


@pytest.fixture
def theatre() -> Theatre:
    return Theatre()


@pytest.fixture
def listener() -> Recorder:
    return Recorder()


@pytest.fixture
def supervise(theatre, listener):
    made: list[Supervisor] = []

    def start(patience: Patience = QUICK) -> Supervisor:
        made.append(Supervisor(theatre, listener, patience))
        made[-1].start()
        return made[-1]

    yield start
    for each in made:
        each.close()


def test_an_engine_is_started_on_demand_and_once(supervise, theatre, listener):
    supervisor = supervise()
    supervisor.start()

    listener.wait_until(supervisor, "ready")
    supervisor.start()
    supervisor.send(PauseJobs())

    assert supervisor.device == DEVICE
    assert len(theatre.puppets) == 1
    assert theatre.puppets[0].heard == [PauseJobs()]


def test_before_the_first_start_there_is_none(theatre, listener):
    supervisor = Supervisor(theatre, listener, QUICK)

    supervisor.send(PauseJobs())

    assert supervisor.state == "stopped"
    assert supervisor.device is None
    supervisor.close()
    assert theatre.puppets == []


def test_a_death_is_told_after_the_last_event_and_before_the_next_life(
    supervise, theatre, listener
):
    supervisor = supervise()
    listener.wait_until(supervisor, "ready")

    theatre.puppets[0].say(JobEvent(job="a", event=Stage(sentence="last")))
    theatre.puppets[0].die(-11, "a native trace")
    listener.wait_for(lambda: len(theatre.puppets) == 2 and supervisor.state == "ready")

    [death] = listener.deaths
    assert death.sentence == "The engine crashed in native code (signal 11)."
    assert (death.exit_code, death.last_words, death.wanted) == (-11, "a native trace", False)
    assert listener.order.index("told stage") < listener.order.index("died")
    assert "changed" in listener.order[listener.order.index("died") + 1 :]


def test_after_repeated_deaths_nobody_tries_until_asked(supervise, theatre, listener):
    supervisor = supervise()
    for life in range(3):
        listener.wait_for(
            lambda life=life: len(theatre.puppets) == life + 1 and supervisor.state == "ready"
        )
        theatre.puppets[life].die(1)

    listener.wait_for(lambda: supervisor.gave_up)
    assert supervisor.state == "stopped"
    assert supervisor.gave_up == listener.deaths[-1]
    assert len(theatre.puppets) == 3

    supervisor.start()
    listener.wait_until(supervisor, "ready")
    assert supervisor.gave_up is None


def test_a_long_life_forgives_the_deaths_before(supervise, theatre, listener):
    supervisor = supervise(replace(QUICK, settled=0.0))
    for life in range(5):
        listener.wait_for(
            lambda life=life: len(theatre.puppets) == life + 1 and supervisor.state == "ready"
        )
        time.sleep(0.01)
        theatre.puppets[life].die(1)

    listener.wait_for(lambda: len(theatre.puppets) == 6)


def test_an_engine_that_cannot_be_started_is_tried_again(supervise, theatre, listener):
    theatre.refusals = 2
    supervisor = supervise()

    listener.wait_until(supervisor, "ready")

    assert [death.exit_code for death in listener.deaths] == [None, None]
    assert listener.deaths[0].sentence == "The engine could not be started."
    assert "no processes left" in listener.deaths[0].last_words


def test_an_engine_that_is_never_ready_is_ended(supervise, theatre, listener):
    theatre.greets = False
    supervisor = supervise(replace(QUICK, ready=0.1, restarts=()))

    listener.wait_for(lambda: listener.deaths)

    assert supervisor.gave_up == listener.deaths[0]
    assert theatre.puppets[0].killed
    assert "not ready after" in listener.deaths[0].sentence


def test_a_silent_engine_is_ended_and_one_that_beats_is_not(supervise, theatre, listener):
    supervisor = supervise(replace(QUICK, silence=0.4))
    listener.wait_until(supervisor, "ready")
    fuller = DEVICE.model_copy(update={"memory_used": 2})
    for _ in range(8):
        theatre.puppets[0].say(Heartbeat(device=fuller))
        time.sleep(0.1)
    assert listener.deaths == []
    assert supervisor.device == fuller

    listener.wait_for(lambda: listener.deaths)

    assert theatre.puppets[0].killed
    assert "gave no sign of life" in listener.deaths[0].sentence
    assert not listener.deaths[0].wanted


def test_another_version_of_the_messages_is_refused_for_good(supervise, theatre, listener):
    theatre.greets = False
    supervisor = supervise()
    listener.wait_for(lambda: theatre.puppets)
    strange = json.loads(Ready(pid=1, device=DEVICE).model_dump_json()) | {
        "version": 99,
        "device": "a string in that version",
    }

    theatre.puppets[0].say_raw(json.dumps(strange, separators=(",", ":")).encode())
    listener.wait_for(lambda: supervisor.gave_up)

    assert "version 99" in listener.deaths[0].sentence
    assert "start it again" in listener.deaths[0].sentence
    assert len(theatre.puppets) == 1


def test_an_engine_that_talks_nonsense_is_ended(supervise, theatre, listener):
    supervisor = supervise()
    listener.wait_until(supervisor, "ready")

    theatre.puppets[0].say_raw(b'{"type":"poem"}')
    listener.wait_for(lambda: len(theatre.puppets) == 2)

    assert theatre.puppets[0].killed
    assert "cannot be understood" in listener.deaths[0].sentence


def test_a_wanted_kill_is_told_as_such_and_counts_for_nothing(supervise, theatre, listener):
    supervisor = supervise()
    for life in range(4):
        listener.wait_for(
            lambda life=life: len(theatre.puppets) == life + 1 and supervisor.state == "ready"
        )
        supervisor.kill()

    listener.wait_for(lambda: len(theatre.puppets) == 5 and supervisor.state == "ready")
    assert all(death.wanted for death in listener.deaths)
    assert supervisor.gave_up is None


def test_closing_says_goodbye_first(supervise, theatre, listener):
    supervisor = supervise()
    listener.wait_until(supervisor, "ready")

    supervisor.close()

    assert theatre.puppets[0].heard == [ShutDown()]
    assert not theatre.puppets[0].killed
    assert listener.deaths == []


@pytest.mark.parametrize("greets", [True, False], ids=["ready", "starting"])
def test_closing_ends_an_engine_that_does_not_go(supervise, theatre, listener, greets):
    theatre.polite, theatre.greets = False, greets
    supervisor = supervise()
    listener.wait_for(lambda: theatre.puppets and (supervisor.state == "ready" or not greets))

    supervisor.close()

    assert theatre.puppets[0].killed


def test_a_suspended_laptop_does_not_blame_the_engine(supervise, theatre, listener, monkeypatch):
    supervisor = supervise(replace(QUICK, silence=20.0))
    listener.wait_until(supervisor, "ready")
    real, asleep = time.monotonic, 0.0

    def clock() -> float:
        return real() + asleep

    monkeypatch.setattr(time, "monotonic", clock)
    asleep = 3600.0
    time.sleep(1.5)

    assert listener.deaths == []
    assert supervisor.state == "ready"
