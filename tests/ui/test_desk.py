"""The desk: fairness, cancelling, crashes, and what its processes leave behind."""

import os
import pickle
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from vaeedit import Frame
from vaeedit.errors import VaeeditError
from vaeedit.image import write
from vaeedit.ui.engine.desk import Cancelled, Desk, Progress, Ticket
from vaeedit.ui.engine.fair import FairQueue
from vaeedit.ui.engine.worker import Worker

WAIT = 60.0
"""Seconds after which a test gives up."""


def pid(worker: Worker) -> int:
    return os.getpid()


def told(worker: Worker, entered: Path, left: Path) -> str:
    """Tell progress, then wait for a file, telling all the time."""
    worker.tell(0.5, "half")
    entered.touch()
    until = time.monotonic() + WAIT
    while not left.exists() and time.monotonic() < until:
        worker.tell(0.5, "half")
        time.sleep(0.01)
    return "left"


def deaf(worker: Worker, entered: Path) -> None:
    """Compute, and listen to nobody."""
    entered.write_text(str(os.getpid()))
    time.sleep(WAIT)


def crash(worker: Worker) -> None:
    os._exit(3)


def fail(worker: Worker, error: BaseException) -> None:
    raise error


def unpicklable(worker: Worker) -> object:
    return threading.Lock()


def size(worker: Worker, path: Path) -> tuple[int, int, int]:
    frame = worker.frame(path)
    assert worker.frame(path) is frame
    return frame.width, frame.height, int(frame.pixels[0, 0, 0])


def threads(worker: Worker) -> tuple[int, int]:
    """A product that takes all threads of torch, which must exist in this process."""
    import torch

    one = torch.ones(512, 512)
    return torch.get_num_threads(), int((one @ one)[0, 0])


@pytest.fixture(scope="module")
def desk() -> Iterator[Desk]:
    desk = Desk()
    yield desk
    desk.close()
    assert not any(_exists(lane.process) for lane in desk.lanes.values())


def _exists(number: int | None) -> bool:
    return number is not None and Path(f"/proc/{number}").exists()


def _until(condition) -> None:
    until = time.monotonic() + WAIT
    while not condition():
        assert time.monotonic() < until, "it never happened"
        time.sleep(0.005)


def test_a_task_runs_in_the_process_of_its_lane(desk):
    numbers = {lane: desk.submit("a", pid, lane=lane).result(WAIT) for lane in ("preview", "full")}
    assert len({*numbers.values(), os.getpid()}) == 3
    assert numbers == {name: lane.process for name, lane in desk.lanes.items()}


def test_a_fork_computes_with_all_threads(desk):
    import torch

    assert desk.submit("a", threads, lane="preview").result(WAIT) == (torch.get_num_threads(), 512)


def test_progress_and_the_tasks_before(desk, tmp_path):
    entered, left = tmp_path / "entered", tmp_path / "left"
    running = desk.submit("a", told, entered, left, lane="full")
    _until(entered.exists)
    waiting = [desk.submit(name, pid, lane="full") for name in "abb"]
    _until(lambda: running.progress == Progress(0.5, "half", 0))
    assert [ticket.progress.waiting for ticket in waiting] == [2, 1, 3]
    assert not running.is_done
    with pytest.raises(TimeoutError):
        running.result(0.01)
    left.touch()
    assert running.result(WAIT) == "left"
    for ticket in waiting:
        ticket.result(WAIT)


def test_cancel_ends_the_process_of_a_full_task_at_once(desk, tmp_path):
    entered = tmp_path / "entered"
    ticket = desk.submit("a", deaf, entered, lane="full")
    _until(lambda: entered.exists() and entered.read_text())
    number = int(entered.read_text())
    ticket.cancel()
    with pytest.raises(Cancelled):
        ticket.result(WAIT)
    _until(lambda: not _exists(number))
    assert desk.submit("a", pid, lane="full").result(WAIT) != number


def test_a_preview_that_is_cancelled_stops_by_itself_and_its_process_stays(desk, tmp_path):
    number = desk.submit("a", pid, lane="preview").result(WAIT)
    entered = tmp_path / "entered"
    ticket = desk.submit("a", told, entered, tmp_path / "never", lane="preview")
    _until(entered.exists)
    ticket.cancel()
    with pytest.raises(Cancelled):
        ticket.result(0)
    assert desk.submit("a", pid, lane="preview").result(WAIT) == number


def test_a_preview_that_does_not_stop_is_ended(desk, tmp_path, monkeypatch):
    monkeypatch.setattr(desk.lanes["preview"], "grace", 0.01)
    entered = tmp_path / "entered"
    ticket = desk.submit("a", deaf, entered, lane="preview")
    _until(lambda: entered.exists() and entered.read_text())
    ticket.cancel()
    assert desk.submit("a", pid, lane="preview").result(WAIT) != int(entered.read_text())


def test_a_crash_costs_one_task(desk):
    crashing, next_one = (desk.submit("a", task, lane="full") for task in (crash, pid))
    with pytest.raises(VaeeditError, match=r"has ended \(exit code 3\)\. Other work goes on"):
        crashing.result(WAIT)
    assert next_one.result(WAIT) == desk.lanes["full"].process


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (VaeeditError("The mask is too small."), "The mask is too small."),
        (ZeroDivisionError("by zero"), "Something unexpected went wrong (ZeroDivisionError: by zero)"),
        (MemoryError(), "There is not enough memory for this"),
        (SystemExit(4), "Something unexpected went wrong (SystemExit: 4)"),
    ],
)
def test_errors_arrive_as_sentences(desk, error, text):
    with pytest.raises(VaeeditError) as caught:
        desk.submit("a", fail, error, lane="preview").result(WAIT)
    assert str(caught.value).startswith(text)
    assert desk.submit("a", pid, lane="preview").result(WAIT) == desk.lanes["preview"].process


def test_a_result_that_cannot_be_sent_is_an_error(desk):
    with pytest.raises(VaeeditError, match="pickle"):
        desk.submit("a", unpicklable, lane="preview").result(WAIT)
    with pytest.raises((pickle.PicklingError, AttributeError, TypeError)):
        desk.submit("a", lambda worker: None, lane="preview")


def test_replaces_drops_what_waits_and_outdates_what_runs(desk, tmp_path):
    entered, never = tmp_path / "entered", tmp_path / "never"
    first = desk.submit("a", told, entered, never, lane="preview", replaces="preview")
    _until(entered.exists)
    second = desk.submit("a", pid, lane="preview", replaces="preview")
    third = desk.submit("a", pid, lane="preview", replaces="preview")
    other = desk.submit("a", pid, lane="preview", replaces="explore")
    assert third.result(WAIT) == other.result(WAIT)
    for outdated in (first, second):
        with pytest.raises(Cancelled):
            outdated.result(WAIT)


def test_forget_ends_the_work_of_one_sitting_only(desk, tmp_path):
    entered = tmp_path / "entered"
    running = desk.submit("gone", deaf, entered, lane="full")
    _until(entered.exists)
    waiting = desk.submit("gone", pid, lane="full")
    other = desk.submit("stays", pid, lane="full")
    desk.forget("gone")
    for ticket in (running, waiting):
        with pytest.raises(Cancelled):
            ticket.result(0)
    assert other.result(WAIT) == desk.lanes["full"].process


def test_a_picture_is_decoded_once_while_its_file_stays(desk, tmp_path):
    path = tmp_path / "a.png"
    write(Frame(np.full((3, 5, 1), 7, np.uint8)), path)
    assert desk.submit("a", size, path, lane="preview").result(WAIT) == (5, 3, 7)
    path.unlink()
    write(Frame(np.full((2, 2, 1), 9, np.uint8)), path)
    assert desk.submit("a", size, path, lane="preview").result(WAIT) == (2, 2, 9)
    with pytest.raises(VaeeditError, match=r"missing\.png"):
        desk.submit("a", size, tmp_path / "missing.png", lane="preview").result(WAIT)


def test_after_the_desk_is_closed_everything_is_cancelled(tmp_path):
    desk, entered = Desk(), tmp_path / "entered"
    running = desk.submit("a", deaf, entered, lane="full")
    _until(entered.exists)
    waiting = desk.submit("b", pid, lane="full")
    desk.close()
    for ticket in (running, waiting):
        with pytest.raises(Cancelled):
            ticket.result(0)
    with pytest.raises(VaeeditError, match="closed"):
        desk.submit("a", pid, lane="full")


class _Waits:
    """Stands for a ticket in the queue."""

    def __init__(self, sitting: str, number: int, word: str | None = None) -> None:
        self.sitting, self.number, self.word = sitting, number, word


def test_the_queue_serves_the_sitting_that_waited_longest():
    queue = FairQueue()
    tickets = [*(_Waits("a", n) for n in range(3)), _Waits("b", 3), _Waits("b", 4, "preview"), _Waits("c", 5)]
    for ticket in tickets:
        queue.add(ticket)  # type: ignore[arg-type]
    foreseen = [ticket.number for ticket in queue]  # type: ignore[attr-defined]
    taken: list[Ticket] = []
    while (one := queue.take()) is not None:
        taken.append(one)
    assert [ticket.number for ticket in taken] == foreseen == [4, 0, 5, 3, 1, 2]
