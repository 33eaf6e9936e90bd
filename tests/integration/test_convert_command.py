"""`convert` on the command line: what was written, or why it was not."""

import pytest

from backend.api.convert_command import convert_command
from backend.schema.events import Failed
from backend.schema.jobs import JobState
from tests.fixtures.studio import MemoryStudio


@pytest.fixture
def studio(tmp_path):
    return MemoryStudio(tmp_path)


def run(studio, *arguments):
    return convert_command(lambda: studio).main(list(arguments), standalone_mode=False)


def test_the_written_file_is_told(studio, capsys):
    assert run(studio, "old/model.ckpt") == 0

    assert capsys.readouterr().out == "old/model.safetensors is written.\n"
    assert studio.done == ["closed"]


def test_the_reason_is_told_where_it_failed(studio, capsys):
    studio.state = JobState.FAILED
    studio.failure = Failed(code="model", sentence="It asks to run something.", hint="No.")

    assert run(studio, "model.ckpt") == 1

    assert capsys.readouterr().err == "It asks to run something. No.\n"


def test_a_cancelled_conversion_is_told(studio, capsys):
    studio.state = JobState.CANCELLED

    assert run(studio, "model.ckpt") == 1

    assert "cancelled" in capsys.readouterr().err


def test_how_much_is_written_is_told_meanwhile(studio, capsys, monkeypatch):
    running = {"state": JobState.RUNNING, "stage": "Writing model.safetensors"}
    running |= {"done_bytes": 1_100_000_000, "total_bytes": 4_300_000_000}
    states = iter([running, {}])

    def view(actor, job):
        return studio.views[job].model_copy(update=next(states, {}))

    monkeypatch.setattr(studio.jobs, "view", view)

    assert run(studio, "model.ckpt") == 0

    assert "Writing model.safetensors: 1.1 of 4.3 GB" in capsys.readouterr().err
