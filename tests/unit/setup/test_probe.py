"""What is read off recorded machines, and off this one."""

from backend.setup.machine import ThisMachine
from backend.setup.probe import NvidiaCard, probe_machine
from tests.fixtures.machines import recorded


def test_an_nvidia_card_is_read():
    probe = probe_machine(recorded("linux-rtx-4090"))

    assert probe.nvidia_cards == (NvidiaCard("NVIDIA GeForce RTX 4090", 24564, (8, 9)),)
    assert probe.nvidia_driver == "580.95.05"
    assert probe.graphics_in_words == ["NVIDIA GeForce RTX 4090, 24 GB, driver 580.95.05"]


def test_an_old_driver_that_does_not_tell_the_capability_is_asked_for_the_rest():
    probe = probe_machine(recorded("linux-gtx-1060-driver-470"))

    assert probe.nvidia_cards == (NvidiaCard("NVIDIA GeForce GTX 1060 6GB", 6078, None),)
    assert probe.nvidia_driver == "470.256.02"


def test_linux_inside_windows_finds_the_tool_that_windows_lends():
    probe = probe_machine(recorded("wsl-rtx-4070"))

    assert probe.nvidia_cards[0].name == "NVIDIA GeForce RTX 4070"
    assert probe.wsl


def test_an_amd_card_is_read_with_its_target_and_memory():
    assert probe_machine(recorded("linux-rx-7900-xtx")).amd_targets == ("gfx1100",)
    assert probe_machine(recorded("linux-rx-7900-xtx")).amd_memory_mib == 24560
    assert probe_machine(recorded("linux-mi210")).amd_targets == ("gfx90a",)


def test_memory_and_processor_are_read_on_every_system():
    linux = probe_machine(recorded("linux-no-card"))
    windows = probe_machine(recorded("windows-no-card"))
    mac = probe_machine(recorded("mac-apple-silicon"))

    assert linux.memory_bytes == 32768000 * 1024
    assert linux.processor == "AMD Ryzen 7 7700X 8-Core Processor"
    assert windows.memory_bytes == 34279112704
    assert mac.memory_bytes == 38654705664
    assert mac.processor == "Apple M3 Pro"


def test_this_machine_answers():
    probe = probe_machine(ThisMachine())

    assert probe.system
    assert probe.python[:2] >= (3, 11)
    assert probe.memory_bytes > 0


def test_a_command_that_is_not_there_and_a_folder_that_is_not_there_are_no_accident():
    machine = ThisMachine()

    assert machine.run("no-such-command-anywhere").code == 127
    assert machine.read("/no/such/file") == ""
    assert machine.list("/no/such/folder") == []
