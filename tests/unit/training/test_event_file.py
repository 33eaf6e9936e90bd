"""What TensorBoard reads, read back as its format is described."""

import struct

import pytest

from backend.schema.training_story import Measured, Validated
from backend.training.board import EventLog
from backend.training.event_file import _checksum, head, numbers
from backend.training.folder import TrainingFolder


def crc_of(content):
    """CRC-32C bit by bit, and masked as records have it."""
    left = 0xFFFFFFFF
    for byte in content:
        left ^= byte
        for _ in range(8):
            left = (left >> 1) ^ (0x82F63B78 if left & 1 else 0)
    crc = left ^ 0xFFFFFFFF
    return (((crc >> 15) | (crc << 17)) + 0xA282EAD8) & 0xFFFFFFFF


def varint(content, at):
    value = shift = 0
    while True:
        byte = content[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at


def fields(content):
    """The fields of a message: number and value."""
    at, found = 0, []
    while at < len(content):
        key, at = varint(content, at)
        if key & 7 == 0:
            value, at = varint(content, at)
        else:
            size, at = varint(content, at) if key & 7 == 2 else ({1: 8, 5: 4}[key & 7], at)
            value, at = content[at : at + size], at + size
        found.append((key >> 3, value))
    return found


def records(content):
    while content:
        (size,) = struct.unpack("<Q", content[:8])
        message, after = content[12 : 12 + size], content[12 + size :]
        assert struct.unpack("<I", content[8:12]) == (crc_of(content[:8]),)
        assert struct.unpack("<I", after[:4]) == (crc_of(message),)
        yield dict(fields(message))
        content = after[4:]


def told(content):
    """All numbers of a file, by name and step."""
    first, *others = records(content)
    assert first[3] == b"brain.Event:2"
    found = {}
    for event in others:
        for _, value in fields(event[5]):
            parts = dict(fields(value))
            found[parts[1].decode(), event[2]] = struct.unpack("<f", parts[2])[0]
    return found


def test_the_checksum_is_that_of_the_rfc():
    unmasked = (struct.unpack("<I", _checksum(b"123456789"))[0] - 0xA282EAD8) & 0xFFFFFFFF
    assert ((unmasked >> 17) | (unmasked << 15)) & 0xFFFFFFFF == 0xE3069283


def test_numbers_are_read_back_by_name_and_step():
    content = head(1.0) + numbers(300, {"loss": 0.25, "grün": -2.0}, 2.0)

    assert told(content) == {("loss", 300): 0.25, ("grün", 300): -2.0}


def test_a_log_that_goes_on_holds_what_was_told_before_and_nothing_twice(tmp_path):
    folder = TrainingFolder(tmp_path)
    bands = (None, 3.0)
    one, two = (
        Measured(step=each, loss=4.0, average=1.0, bands=bands, rate=0.5, gradient=2.0, seconds=0.1)
        for each in (1, 2)
    )
    folder.tell(one)
    folder.tell(Validated(step=1, loss=7.0))
    EventLog.after(folder).add(two)

    EventLog.after(folder).add(two)

    [file] = (tmp_path / "tensorboard").iterdir()
    numbers_told = told(file.read_bytes())
    assert numbers_told["loss/step", 2] == 4.0
    assert numbers_told["validation/loss", 1] == 7.0
    assert numbers_told["loss by noise/2 of 2", 1] == 3.0
    assert ("loss by noise/1 of 2", 1) not in numbers_told
    assert numbers_told["learning rate", 1] == pytest.approx(0.5)
    assert {each for _, each in numbers_told} == {1, 2}
