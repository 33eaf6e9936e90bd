"""Control models in plans: their room, their time, and when they are there."""

import pytest

from backend.memory.pace import work_of
from backend.memory.plan import needs, plan
from backend.memory.published import published
from backend.memory.workload import guests_of
from backend.schema.memory import Budget, Guest
from backend.schema.memory_settings import MemorySettings
from backend.schema.models import ModelKind
from tests.fixtures.requests import unit

GIB = 2**30
CONTROLNET = 361_279_120
"""Parameters of SD 1.5's, as its files hold them."""
SD15 = next(each.workload for each in published() if each.label == "SD 1.5, 16 bits")
ON_THE_CARD = MemorySettings(placement="resident", tiling="whole")


def guest(file="/m/canny.safetensors", *spans, **changed):
    spans = spans or ((0.0, 1.0),)
    return Guest(file=file, parameters=CONTROLNET, spans=spans).model_copy(update=changed)


def steered(*guests):
    return SD15.model_copy(update={"guests": guests})


def card(gigabytes):
    return Budget(device="cuda", device_bytes=int(gigabytes * GIB), ram_bytes=32 * GIB)


def pieces(view):
    return {piece.label: piece.bytes for piece in view.pieces}


def test_a_unit_takes_its_weights_and_what_it_hands_over():
    plain, one = needs(SD15, "cuda", ON_THE_CARD), needs(steered(guest()), "cuda", ON_THE_CARD)

    assert pieces(one)["ControlNet"] == 2 * CONTROLNET
    handed = 1640 * 64 * 64 * 2 * 2  # numbers of each latent, of both prompts, in two bytes
    assert one.draw_bytes - plain.draw_bytes == pytest.approx(2 * CONTROLNET + 1.1 * handed, abs=2)
    assert one.decode_bytes - plain.decode_bytes == 2 * CONTROLNET
    assert [(each.placement, each.weight_bytes) for each in one.guests] == [
        ("resident", 2 * CONTROLNET)
    ]


def test_two_units_of_one_model_take_its_weights_once():
    units = (unit(number=1), unit(number=2), unit("/m/depth.safetensors", 3))
    first, second = guests_of(units)

    assert (first.file, len(first.spans), first.share) == ("/m/canny.safetensors", 2, 2.0)
    assert (second.file, second.every_step) == ("/m/depth.safetensors", True)


def test_what_works_once_or_not_at_all_takes_no_time_in_steps():
    def kind(value, **changed):
        model = unit().model.model_copy(update={"kind": value, "parameters": 77_000_000})
        return unit().model_copy(update={"model": model, **changed})

    (adapter,) = guests_of([kind(ModelKind.T2I_ADAPTER)])
    assert guests_of([kind(ModelKind.IP_ADAPTER), kind(ModelKind.CONTROLNET, weight=0.0)]) == ()
    assert work_of(steered(adapter)) == work_of(SD15)
    assert pieces(needs(steered(adapter), "cuda", ON_THE_CARD))["ControlNet"] == 2 * 77_000_000


@pytest.mark.parametrize(("span", "longer"), [((0.0, 1.0), 1.33), ((0.0, 0.5), 1.17)])
def test_a_unit_takes_a_third_of_the_time_of_the_steps_in_which_it_steers(span, longer):
    plain = plan(SD15, card(16), learned=1e13)
    with_it = plan(steered(guest("/m/x", span)), card(16), learned=1e13)

    assert with_it.slow_down == 1
    assert plain.seconds_per_step
    assert with_it.seconds_per_step
    assert with_it.seconds_per_step / plain.seconds_per_step == pytest.approx(longer, abs=0.02)


def test_where_memory_is_short_it_is_there_only_while_it_steers():
    roomy = needs(steered(guest()), "cuda", ON_THE_CARD)
    tight = plan(steered(guest()), card((roomy.peak_bytes - 1) / GIB), ON_THE_CARD)

    assert roomy.peak_phase == "decode"
    assert tight.fits
    assert [each.placement for each in tight.guests] == ["model"]
    assert "control models are there only while they steer" in tight.sentence
    assert any("“canny”" in line and "0.7 GB" in line for line in tight.why)
    assert tight.slow_down > 1


def test_where_it_does_not_fit_low_vram_helps():
    assert "Low VRAM" in plan(steered(guest()), card(0.5)).hint
    assert "Low VRAM" not in plan(steered(guest(low_vram=True)), card(0.5)).hint


def test_units_that_steer_one_after_the_other_are_not_there_together():
    both = (guest("/m/a", (0.0, 0.5)), guest("/m/b", (0.5, 1.0)))
    chosen = MemorySettings(placement="model")
    apart = needs(steered(*both), "cuda", chosen)
    together = needs(steered(guest("/m/a"), guest("/m/b")), "cuda", chosen)

    assert together.draw_bytes - apart.draw_bytes == 2 * CONTROLNET


def test_with_low_vram_it_is_there_only_while_it_works_and_every_step_waits():
    low = plan(steered(guest(low_vram=True)), card(16), ON_THE_CARD)
    plain = plan(SD15, card(16), ON_THE_CARD)

    assert [each.placement for each in low.guests] == ["model"]
    assert low.decode_bytes == plain.decode_bytes
    assert low.draw_bytes < needs(steered(guest()), "cuda", ON_THE_CARD).draw_bytes + 1
    fast = plan(steered(guest()), card(16), ON_THE_CARD, 1e13)
    slow = plan(steered(guest(low_vram=True)), card(16), ON_THE_CARD, 1e13)
    assert fast.seconds
    assert slow.seconds
    assert slow.seconds > fast.seconds
