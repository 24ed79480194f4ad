"""Reading and writing beside computing: order, limits, and a source that waits."""

import threading

import pytest

from vaeedit.batch.overlap import overlapped


def test_every_item_comes_out_once_and_in_order():
    found = list(overlapped(range(20), lambda n: n + 1, lambda n: n * 10, lambda n: n + 5))
    assert found == [(n + 1) * 10 + 5 for n in range(20)]
    assert list(overlapped([], abs, abs, abs)) == []


def test_reading_and_writing_go_on_while_computing():
    has_read, has_written = ([threading.Event() for _ in range(4)] for _ in range(2))

    def read(item):
        has_read[item].set()
        return item

    def compute(item):
        if item < 3:
            assert has_read[item + 1].wait(600), "the next one is read meanwhile"
        if item > 0:
            assert has_written[item - 1].wait(600), "the last one is written meanwhile"
        return item

    def write(item):
        has_written[item].set()
        return item

    assert list(overlapped(range(4), read, compute, write)) == [0, 1, 2, 3]


def test_little_is_held_at_a_time():
    held, most, lock = 0, 0, threading.Lock()

    def read(item):
        nonlocal held, most
        with lock:
            held += 1
            most = max(most, held)
        return item

    def write(item):
        nonlocal held
        with lock:
            held -= 1
        return item

    list(overlapped(range(200), read, lambda item: item, write))
    assert most <= 5


def test_a_source_that_waits_holds_nothing_up():
    done = []

    def source():
        yield "first"
        yield None
        assert done == ["first"], "the first is finished before the source goes on"
        yield "second"

    for item in overlapped(source(), str, str, str):
        done.append(item)  # noqa: PERF402  -- one by one: the source looks
    assert done == ["first", "second"]


def test_what_computing_raises_comes_out():
    def fail(item):
        raise ValueError(item)

    with pytest.raises(ValueError, match="3"):
        list(overlapped([3, 4], lambda n: n, fail, lambda n: n))
