"""Histories that grow are read as they are now."""

from backend.schema.training_story import Measured
from backend.training.folder import HISTORY, TrainingFolder
from backend.training.growing import Histories


def step(number):
    return Measured(step=number, loss=1.0, average=1.0, rate=0.1, gradient=1.0, seconds=0.1)


def test_what_is_new_is_read_and_what_was_taken_back_is_not(tmp_path):
    folder, histories = TrainingFolder(tmp_path / "one"), Histories()

    def steps():
        return [each.step for each in histories.measured(folder)]

    assert steps() == []
    folder.tell(step(1))
    folder.tell(step(2))
    assert steps() == [1, 2]
    with (folder.path / HISTORY).open("a") as file:
        file.write(step(3).model_dump_json()[:20])
    assert steps() == [1, 2]
    folder.forget_after(1)
    assert steps() == [1]
    for number in (2, 3):
        folder.tell(step(number))
    assert steps() == [1, 2, 3]
    assert tuple(histories.measured(folder)) == folder.measured()
