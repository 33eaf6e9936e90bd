"""Which models are said to fit."""

from backend.setup.fits import judge, known_families
from backend.setup.probe import probe_machine
from tests.fixtures.machines import recorded


def verdicts(name, *, on_card):
    return {
        verdict.label: verdict for verdict in judge(probe_machine(recorded(name)), on_card=on_card)
    }


def test_a_large_card_fits_all():
    found = verdicts("linux-rtx-4090", on_card=True)

    assert all(verdict.fits for verdict in found.values())
    assert "fits well" in found["FLUX"].words


def test_a_small_card_fits_the_small_ones():
    found = verdicts("linux-gtx-1080", on_card=True)

    assert found["SD 1.5"].words == "fits well"
    assert found["SDXL, Pony"].fits
    assert not found["FLUX"].fits
    assert "16 GB" in found["FLUX"].words


def test_without_a_card_the_memory_counts_and_the_time_is_told():
    found = verdicts("linux-rtx-4090", on_card=False)

    assert "minutes" in found["SD 1.5"].words
    assert not found["FLUX"].fits


def test_amd_cards_and_macs_are_judged_by_their_own_memory():
    assert verdicts("linux-rx-7900-xtx", on_card=True)["FLUX"].fits
    assert verdicts("mac-apple-silicon", on_card=True)["FLUX"].fits


def test_families_that_easel_does_not_draw_with_are_marked():
    found = verdicts("linux-rtx-4090", on_card=True)

    assert "sd15" in known_families()
    assert "does not draw" not in found["SD 1.5"].words
    assert found["starter model"].fits
