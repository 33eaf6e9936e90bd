"""Checkpoints stay in memory as long as there is room, those used last the longest."""

import weakref

import pytest
import torch

from backend.engine import residency
from backend.engine.memory.planning import Room
from backend.engine.memory.workplace import Workplace
from backend.engine.residency import Residency
from backend.schema.errors import ModelMissingError
from backend.schema.events import Stage
from backend.schema.resolved import ResolvedModel

SIZE = 4 * residency.ROOM_TO_DRAW


class Loaded:
    """Stands in for a checkpoint in memory."""

    def __init__(self, path) -> None:
        self.path = path
        self.workplace = Workplace(torch.device("cpu"))


class Shelf:
    """A family whose checkpoints are counted; at each load it notes what is still in memory."""

    def __init__(self) -> None:
        self.alive: list[weakref.ref[Loaded]] = []
        self.in_memory_at_load: list[int] = []
        self.loaded: list[str] = []

    def load(self, files, device):
        path = files.path
        self.in_memory_at_load.append(sum(each() is not None for each in self.alive))
        self.loaded.append(path.name)
        if path.name == "missing":
            raise ModelMissingError("It is not there.")
        yield Stage(sentence="Loading a part")
        loaded = Loaded(path)
        self.alive.append(weakref.ref(loaded))
        return loaded


@pytest.fixture
def shelf(monkeypatch):
    shelf = Shelf()
    monkeypatch.setattr(residency, "bytes_of", lambda wanted: SIZE)
    monkeypatch.setattr(residency, "find_family", lambda name: shelf)
    return shelf


def short_of_room(shelf: Shelf, holds: int) -> Residency:
    """A device with room for so many checkpoints."""

    def free(device) -> int:
        alive = sum(each() is not None for each in shelf.alive)
        return (holds - alive) * SIZE + residency.ROOM_TO_DRAW + 1

    return Residency(free=free)


def model(name: str, sha256: str = "0" * 64) -> ResolvedModel:
    return ResolvedModel(
        checkpoint=name, name=name, path=f"/models/{name}", family="sd15", sha256=sha256
    )


def take(
    resident: Residency,
    wanted: ResolvedModel,
    partner: ResolvedModel | None = None,
    room: Room | None = None,
):
    loading = resident.load(wanted, partner, room=room)
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


def test_the_next_checkpoint_comes_only_when_there_is_room_for_it(shelf):
    resident = short_of_room(shelf, holds=1)
    take(resident, model("one"))
    take(resident, model("two"))

    assert shelf.in_memory_at_load == [0, 0]


def test_control_models_go_before_checkpoints(shelf, monkeypatch):
    """Those that the next picture is not steered by; they are read again more quickly."""
    with_guest: list[Workplace] = []
    monkeypatch.setattr(
        Workplace,
        "dismiss",
        lambda place, *, all_guests=False: with_guest.count(place) and not with_guest.clear(),
    )
    room = SIZE + residency.ROOM_TO_DRAW

    def free(device) -> int:
        alive = sum(each() is not None for each in shelf.alive)
        return (3 - alive) * SIZE + residency.ROOM_TO_DRAW + 1 - len(with_guest) * room

    resident = Residency(free=free)
    first, _ = take(resident, model("one"))
    with_guest.append(first.workplace)
    take(resident, model("two"))
    assert not with_guest
    again, _ = take(resident, model("one"))
    assert again is first


def test_two_that_fit_switch_without_a_load(shelf):
    resident = short_of_room(shelf, holds=2)
    for name in ("one", "two", "one", "two"):
        take(resident, model(name))

    assert shelf.in_memory_at_load == [0, 1]


def test_what_was_used_the_longest_ago_goes_first(shelf):
    resident = short_of_room(shelf, holds=2)
    for name in ("one", "two", "one", "three", "one"):
        take(resident, model(name))

    assert shelf.loaded == ["one", "two", "three"]


def test_others_go_where_drawing_itself_has_no_room_any_more(shelf):
    free = 10 * SIZE
    resident = Residency(free=lambda device: free)
    take(resident, model("one"))
    take(resident, model("two"))
    free = 0

    _, heard = take(resident, model("two"))

    assert heard == []
    assert [each() is None for each in shelf.alive] == [True, False]


def test_a_budget_in_bytes_is_kept(shelf):
    resident = Residency(free=lambda device: 10**15)
    room = Room(weights=SIZE, drawing=SIZE // 2, most=2 * SIZE + SIZE // 2)
    for name in ("one", "two", "three", "two"):
        take(resident, model(name), room=room)

    assert shelf.in_memory_at_load == [0, 1, 1]


def test_freed_memory_holds_nothing(shelf):
    resident = Residency()
    take(resident, model("one"))
    take(resident, model("two"))

    resident.free_memory()

    assert [each() for each in shelf.alive] == [None, None]


def test_freeing_the_others_leaves_the_one_in_use(shelf):
    resident = Residency()
    take(resident, model("one"))
    take(resident, model("two"))

    resident.free_others()

    assert [each() is None for each in shelf.alive] == [True, False]
    assert take(resident, model("two"))[1] == []


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

    _, heard = take(resident, model("two"))

    assert heard


def test_a_load_that_was_closed_half_way_leaves_nothing_behind(shelf):
    resident = Residency()
    loading = resident.load(model("one"))
    next(loading)
    next(loading)
    loading.close()

    _, heard = take(resident, model("one"))

    assert heard


def test_a_partner_goes_last(shelf):
    resident = short_of_room(shelf, holds=2)
    take(resident, model("base"))
    take(resident, model("other"))
    take(resident, model("refiner"), partner=model("base"))

    _, heard = take(resident, model("base"), partner=model("refiner"))

    assert heard == []


def test_without_room_the_partner_goes(shelf):
    resident = short_of_room(shelf, holds=1)
    take(resident, model("base"))
    take(resident, model("refiner"), partner=model("base"))

    assert shelf.in_memory_at_load == [0, 0]


def test_time_spent_in_a_model_that_is_gone_still_counts(shelf):
    resident = short_of_room(shelf, holds=1)
    first, _ = take(resident, model("one"))
    first.workplace.clock.seconds = 3.0
    del first
    second, _ = take(resident, model("two"))
    second.workplace.clock.seconds = 0.5

    assert resident.seconds_in_models == 3.5
