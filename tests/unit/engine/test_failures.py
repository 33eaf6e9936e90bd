"""What an exception means to a person."""

import pytest
import torch

from backend.engine.failures import failure_of
from backend.schema.errors import OutputError


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB."),
        RuntimeError(
            "[enforce fail at alloc_cpu.cpp:117] DefaultCPUAllocator: can't allocate memory"
        ),
        RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
        RuntimeError("MPS backend out of memory (MPS allocated: 9.00 GB)"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_every_kind_of_full_memory_is_told_as_such(error):
    failed = failure_of(error)

    assert failed.code == "out_of_memory"
    assert "memory" in failed.sentence
    assert "smaller" in failed.hint


def test_the_real_thing_on_this_machine_is_recognised():
    with pytest.raises(RuntimeError) as caught:
        torch.empty(2**50)

    assert failure_of(caught.value).code == "out_of_memory"


@pytest.mark.parametrize(
    "error", [RuntimeError("shapes do not match"), ValueError("out of memory is only mentioned")]
)
def test_other_errors_are_not_taken_for_it(error):
    failed = failure_of(error)

    assert failed.code == "unexpected"
    assert str(error) not in failed.sentence
    assert str(error) in failed.details


def test_an_easel_error_speaks_for_itself():
    failed = failure_of(OutputError("The disk is full.", "Free some space."))

    assert (failed.code, failed.sentence, failed.hint) == (
        "output",
        "The disk is full.",
        "Free some space.",
    )
