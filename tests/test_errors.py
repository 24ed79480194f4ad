"""The messages for exceptions that vaeedit does not raise itself."""

import errno

import pytest
import torch

from vaeedit.errors import is_out_of_memory, unexpected


class Rude(Exception):
    def __str__(self):
        raise ValueError


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        torch.OutOfMemoryError("CUDA out of memory"),
        OSError(errno.ENOMEM, "Cannot allocate memory"),
        RuntimeError("can't start new thread"),
        RuntimeError(
            "[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes."
        ),
        RuntimeError("could not create a primitive"),
        ImportError("libx.so: failed to map segment from shared object"),
    ],
    ids=lambda error: type(error).__name__ + str(error)[:12],
)
def test_memory_runs_out_in_many_words(error):
    assert is_out_of_memory(error)


@pytest.mark.parametrize(
    "error", [ValueError("no"), OSError(errno.ENOENT, "no"), Rude(), KeyboardInterrupt()]
)
def test_other_exceptions_are_no_lack_of_memory(error):
    assert not is_out_of_memory(error)


def test_what_is_unexpected_is_said_in_one_line():
    assert "(ValueError: one two)" in unexpected(ValueError("one\n  two"))
    assert "(MemoryError)." in unexpected(MemoryError())  # never an empty reason
    assert "(Rude)." in unexpected(Rude())
    assert unexpected(OSError(errno.ENAMETOOLONG, "File name too long", "x")) == (
        "x cannot be used: file name too long."
    )
