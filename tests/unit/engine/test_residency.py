"""One checkpoint stays in memory: the one used last."""

import weakref

import pytest

from backend.engine import residency
from backend.engine.families.base import ModelClock
from backend.engine.residency import Residency
from backend.schema.errors import ModelMissingError
from backend.schema.events import Stage
from backend.schema.generation import ResolvedModel


class Loaded:
    """Stands in for a checkpoint in memory."""

    def __init__(self, path) -> None:
        self.path = path
        self.clock = ModelClock()


class Shelf:
    """A family whose checkpoints are counted; at each load it notes what is still in memory."""

    def __init__(self) -> None:
        self.alive: list[weakref.ref[Loaded]] = []
        self.in_memory_at_load: list[int] = []

    def load(self, files, device):
        path = files.path
        self.in_memory_at_load.append(sum(each() is not None for each in self.alive))
        if path.name == "missing":
            raise ModelMissingError("It is not there.")
        yield Stage(sentence="Loading a part")
        loaded = Loaded(path)
        self.alive.append(weakref.ref(loaded))
        return loaded


@pytest.fixture
def shelf(monkeypatch):
    shelf = Shelf()
    monkeypatch.setattr(residency, "find_family", lambda name: shelf)
    return shelf


def model(name: str, sha256: str = "0" * 64) -> ResolvedModel:
    return ResolvedModel(
        checkpoint=name, name=name, path=f"/models/{name}", family="sd15", sha256=sha256
    )


def take(resident: Residency, wanted: ResolvedModel, partner: ResolvedModel | None = None):
    loading = resident.load(wanted, partner)
    heard: list[str] = []
    while True:
        try:
            heard.append(next(loading).sentence)  # pyright: ignore[reportAttributeAccessIssue]
        except StopIteration as end:
            return end.value, heard


def test_the_first_use_loads_and_says_so(shelf):
    _, heard = take(Residency(), model("one"))

    assert heard[0].startswith("Loading one")
    assert heard[1:] == ["Loading a part"]


def test_the_same_checkpoint_is_handed_out_again_without_a_word(shelf):
    resident = Residency()
    first, _ = take(resident, model("one"))
    second, heard = take(resident, model("one"))

    assert second is first
    assert heard == []


def test_the_next_checkpoint_comes_only_when_the_last_one_is_gone(shelf):
    resident = Residency()
    take(resident, model("one"))
    take(resident, model("two"))

    assert shelf.in_memory_at_load == [0, 0]
    assert len(shelf.in_memory_at_load) == 2


def test_a_file_that_changed_is_loaded_anew(shelf):
    resident = Residency()
    take(resident, model("one"))
    take(resident, model("one", sha256="1" * 64))

    assert len(shelf.in_memory_at_load) == 2


def test_after_a_failed_load_the_next_one_works(shelf):
    resident = Residency()
    take(resident, model("one"))
    with pytest.raises(ModelMissingError):
        take(resident, model("missing"))

    _, heard = take(resident, model("one"))

    assert heard


def test_a_load_that_was_closed_half_way_leaves_nothing_behind(shelf):
    resident = Residency()
    loading = resident.load(model("one"))
    next(loading)
    next(loading)
    loading.close()

    _, heard = take(resident, model("one"))

    assert heard


def test_two_that_work_together_stay_where_there_is_room(shelf, monkeypatch):
    monkeypatch.setattr(residency, "_fits_beside", lambda wanted: True)
    resident = Residency()
    take(resident, model("base"))
    take(resident, model("refiner"), partner=model("base"))

    _, heard = take(resident, model("base"), partner=model("refiner"))

    assert heard == []


def test_without_room_the_partner_goes(shelf, monkeypatch):
    monkeypatch.setattr(residency, "_fits_beside", lambda wanted: False)
    resident = Residency()
    take(resident, model("base"))
    take(resident, model("refiner"), partner=model("base"))

    assert shelf.in_memory_at_load == [0, 0]


def test_time_spent_in_a_model_that_is_gone_still_counts(shelf):
    resident = Residency()
    first, _ = take(resident, model("one"))
    first.clock.seconds = 3.0
    del first
    second, _ = take(resident, model("two"))
    second.clock.seconds = 0.5

    assert resident.seconds_in_models == 3.5
