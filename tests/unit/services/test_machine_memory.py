"""What memory there is: what the engine tells, less what other programs hold."""

import json
import os
from types import SimpleNamespace

import psutil
import pytest

from backend.memory.estimate import CONTEXT
from backend.schema.jobs import DeviceView
from backend.schema.memory import PlanRequest
from backend.schema.memory_settings import MemoryLimits
from backend.services.machine_memory import MachineMemory
from backend.services.programs import own_processes
from backend.setup.machine import Said
from tests.fixtures.machines import RecordedMachine, recorded

GIB, MIB = 2**30, 2**20
OPEN = MemoryLimits()
OWN = PlanRequest()
CARD = "NVIDIA GeForce RTX 4090"


def process(pid, name, mebibytes):
    return (
        f"<process_info><pid>{pid}</pid><type>C+G</type><process_name>{name}</process_name>"
        f"<used_memory>{mebibytes}</used_memory></process_info>"
    )


DRIVER = f"""<?xml version="1.0" ?>
<!DOCTYPE nvidia_smi_log SYSTEM "nvsmi_device_v12.dtd">
<nvidia_smi_log>
 <gpu id="00000000:01:00.0"><product_name>{CARD}</product_name>
  <fb_memory_usage><total>24564 MiB</total><used>3000 MiB</used></fb_memory_usage>
  <processes>{process(7, "/usr/bin/blender", "1500 MiB")}
   {process(8, "/opt/chrome/chrome --type=gpu", "300 MiB")}
   {process(9, "/opt/chrome/chrome --type=gpu", "400 MiB")}
   {process(os.getpid(), "/home/me/easel/.venv/bin/python", "700 MiB")}
   {process(11, "/usr/lib/small", "2 MiB")}{process(12, "hidden", "N/A")}</processes></gpu>
 <gpu id="00000000:02:00.0"><product_name>NVIDIA T400</product_name>
  <processes>{process(10, "/usr/lib/other", "900 MiB")}</processes></gpu>
</nvidia_smi_log>"""


def card_machine(told=DRIVER, code=0):
    known = recorded("linux-rtx-4090")
    commands = {**known.commands, "nvidia-smi -q -x": Said(code, told)}
    return RecordedMachine(known.known, commands, known.files)


@pytest.fixture
def ram(monkeypatch):
    held = SimpleNamespace(total=32 * GIB, available=20 * GIB)
    monkeypatch.setattr(psutil, "virtual_memory", lambda: held)
    return held


def on(device, machine=None):
    return MachineMemory(lambda: device, machine or card_machine())


def card(used=6, held=2, process_bytes=3):
    return DeviceView(
        name=CARD,
        memory_used=used * GIB,
        memory_total=24 * GIB,
        memory_held=held * GIB,
        process_bytes=process_bytes * GIB,
    )


def processor(held=3):
    return DeviceView(
        name="Abacus",
        memory_used=12 * GIB,
        memory_total=32 * GIB,
        memory_held=held * GIB,
        process_bytes=held * GIB,
    )


def test_what_others_hold_of_a_card_is_not_planned_with(ram):
    budget = on(card()).budget(OWN, OPEN)

    assert budget.device == "cuda"
    assert budget.device_bytes == (24 - 6 + 2) * GIB + CONTEXT["cuda"]
    assert budget.ram_bytes == (20 + 3) * GIB


def test_never_more_than_a_card_has_is_planned_with(ram):
    assert on(card(used=0, held=0)).budget(OWN, OPEN).device_bytes == 24 * GIB


def test_on_a_processor_what_is_free_and_what_the_engine_holds_count(ram):
    budget = on(processor(), recorded("linux-no-card")).budget(OWN, OPEN)

    assert budget.device == "cpu"
    assert budget.device_bytes == budget.ram_bytes == (20 + 3) * GIB


def test_limits_count_only_where_there_is_more(ram):
    limits = MemoryLimits(device_bytes=5 * GIB, ram_bytes=64 * GIB)

    budget = on(card()).budget(OWN, limits)

    assert (budget.device_bytes, budget.ram_bytes) == (5 * GIB, 23 * GIB)


def test_imagined_devices_have_no_limits_and_no_other_programs(ram):
    asked = PlanRequest(device_bytes=8 * GIB, ram_bytes=16 * GIB)

    budget = on(card()).budget(asked, MemoryLimits(device_bytes=2 * GIB, ram_bytes=2 * GIB))

    assert (budget.device, budget.device_bytes, budget.ram_bytes) == ("cuda", 8 * GIB, 16 * GIB)


def test_without_an_engine_the_driver_tells_what_is_taken(ram):
    budget = MachineMemory(machine=card_machine()).budget(OWN, OPEN)

    assert (budget.device, budget.device_bytes) == ("cuda", (24564 - 3000) * MIB)


def test_other_programs_on_a_card_are_named_with_what_they_hold(ram):
    state = on(card()).state(names=True)

    told = [(each.name, each.bytes // MIB) for each in state.programs]
    assert told == [("blender", 1500), ("chrome", 700)]
    assert (state.device, state.kind) == (CARD, "cuda")
    assert state.easel_bytes == 2 * GIB + CONTEXT["cuda"]
    assert state.free_bytes + state.easel_bytes + state.others_bytes == state.total_bytes


def test_names_are_not_even_looked_for_where_they_are_not_wanted(ram):
    asked = []

    class Watched(RecordedMachine):
        def run(self, *command):
            asked.append(command)
            return super().run(*command)

    known = card_machine()
    state = on(card(), Watched(known.known, known.commands)).state(names=False)

    assert state.programs == ()
    assert asked == []


@pytest.mark.parametrize("told", ["", "<half", "no XML"])
def test_a_driver_that_says_nothing_sensible_costs_only_the_names(ram, told):
    state = on(card(), card_machine(told)).state(names=True)

    assert state.programs == ()
    assert state.total_bytes == 24 * GIB


def test_amds_driver_tells_too(ram):
    known = recorded("linux-rx-7900-xtx")
    files = {
        **known.files,
        "/sys/class/kfd/kfd/proc/4194399/vram_5510": f"{3 * GIB}\n",
        "/sys/class/kfd/kfd/proc/4194399/pasid": "32771\n",
    }

    state = on(card(), RecordedMachine(known.known, known.commands, files)).state(names=True)

    assert [(each.name, each.bytes) for each in state.programs] == [("process 4194399", 3 * GIB)]


def test_windows_itself_tells_there(ram):
    told = "pid_4194399_luid_0x00000000_0x0000D1A5_phys_0 2147483648\r\npid_4_luid_0_phys_0 0\r\n"
    machine = RecordedMachine({"system": "Windows"}, {"powershell": Said(0, told)})

    state = on(card(), machine).state(names=True)

    assert [(each.name, each.bytes) for each in state.programs] == [("process 4194399", 2 * GIB)]


def test_on_a_processor_the_largest_programs_are_named_and_never_easel():
    state = MachineMemory(machine=recorded("linux-no-card")).state(names=True)

    sizes = [each.bytes for each in state.programs]
    assert sizes == sorted(sizes, reverse=True)
    assert len(sizes) <= 5
    assert os.getpid() in own_processes()
    assert json.loads(state.model_dump_json())["kind"] == "cpu"
    assert state.free_bytes + state.easel_bytes + state.others_bytes == state.total_bytes
