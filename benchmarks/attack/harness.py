"""Many trials of one attack, in processes that a parent watches: what raises, hangs, dies or takes too much memory fails.

A trial is a function of a random generator; trial number I of seed S is always the same, so `--only I` repeats it. It returns
a word for what happened ("read", "refused", ...) and raises anything where vaeedit did what it must not do.
"""

import argparse
import os
import random
import resource
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing import connection, get_context
from typing import Any

Trial = Callable[[random.Random], str]
HANG = 5.0
"""Seconds of computing in one trial that count as a hang, or IDLE times as many seconds of waiting."""
IDLE = 6
MEMORY = 1 << 30
"""Bytes that one trial may add to a process."""


@dataclass
class Tally:
    """What became of the trials."""

    outcomes: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)
    slowest: float = 0.0
    largest: int = 0

    def report(self, name: str, seconds: float) -> str:
        """A few lines, the failures first."""
        lines = [f"FAILED {text}" for text in self.failures[:50]]
        kinds = ", ".join(f"{count:,} {word}" for word, count in self.outcomes.most_common())
        lines.append(f"{name}: {self.outcomes.total():,} trials in {seconds:.0f} s ({kinds})")
        lines.append(
            f"{name}: {len(self.failures)} failures; slowest trial {self.slowest:.2f} s, "
            f"most memory added {self.largest / 2**20:.0f} MB"
        )
        return "\n".join(lines)


def main(name: str, trial: Trial, *, trials: int, hang: float = HANG, memory: int = MEMORY) -> None:
    """The command line of an attack: runs it, prints the tally and exits with 1 where a trial failed."""
    parser = argparse.ArgumentParser(description=sys.modules["__main__"].__doc__)
    parser.add_argument("--trials", type=int, default=trials)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--processes", type=int, default=os.cpu_count())
    parser.add_argument("--hang", type=float, default=hang, help="seconds of a trial that count as a hang")
    parser.add_argument("--seconds", type=float, default=3600.0, help="bound of the whole run")
    parser.add_argument("--only", type=int, help="repeat this one trial, in this process")
    asked = parser.parse_args()
    if asked.only is not None:
        print(trial(_generator(asked.seed, asked.only)))
        return
    started = time.perf_counter()
    tally = watched(trial, asked.trials, asked.seed, asked.processes, asked.hang, memory, asked.seconds)
    print(tally.report(name, time.perf_counter() - started))
    sys.exit(1 if tally.failures else 0)


@dataclass
class _Hand:
    """A process that does trials, and the trial it is at."""

    pipe: Any
    process: Any
    at: int = -1
    since: float = 0.0
    computed: float = 0.0
    """Seconds that it had computed before the trial."""

    def hangs(self, limit: float) -> bool:
        """Whether its trial has computed for so long, or does not end for another reason."""
        waited = time.monotonic() - self.since
        return waited > limit and (
            waited > IDLE * limit or _computed(self.process.pid) - self.computed > limit
        )


def watched(
    trial: Trial, trials: int, seed: int, processes: int, hang: float, memory: int, seconds: float
) -> Tally:
    """Do all trials, several at a time."""
    _use_one_thread()
    tally, following, end = Tally(), iter(range(trials)), time.monotonic() + seconds
    hands = [_start(trial, seed, memory) for _ in range(processes)]
    for hand in hands:
        _give(hand, following, end)
    while any(hand.at >= 0 for hand in hands):
        ready = connection.wait([hand.pipe for hand in hands if hand.at >= 0], timeout=1.0)
        for index, hand in enumerate(hands):
            if hand.at < 0:
                continue
            if hand.pipe not in ready:
                if not hand.hangs(hang):
                    continue
                spent = time.monotonic() - hand.since
                hand.process.kill()
                found = ("hung", f"trial {hand.at} of seed {seed} hung for {spent:.1f} s", 0.0, 0)
            else:
                try:
                    found = hand.pipe.recv()
                except (EOFError, OSError):
                    hand.process.join()
                    found = (
                        "died",
                        f"trial {hand.at} of seed {seed} ended the process ({hand.process.exitcode})",
                        0.0,
                        0,
                    )
            _count(tally, found)
            if found[1]:
                hand.process.kill()
                hands[index] = hand = _start(trial, seed, memory)
            _give(hand, following, end)
    for hand in hands:
        hand.process.kill()
    return tally


def _use_one_thread() -> None:
    """A forked process has none of the threads that its parent computes with, and waits for them for ever."""
    os.environ["OMP_NUM_THREADS"] = "1"  # of programs that a trial runs
    if torch := sys.modules.get("torch"):
        torch.set_num_threads(1)
    if cv2 := sys.modules.get("cv2"):
        cv2.setNumThreads(1)


def _count(tally: Tally, found: tuple[str, str, float, int]) -> None:
    word, failure, seconds, added = found
    tally.outcomes[word] += 1
    tally.slowest, tally.largest = max(tally.slowest, seconds), max(tally.largest, added)
    if failure:
        tally.failures.append(failure)


def _give(hand: _Hand, following: Any, end: float) -> None:
    hand.at = next(following, -1) if time.monotonic() < end else -1
    hand.since, hand.computed = time.monotonic(), _computed(hand.process.pid)
    if hand.at >= 0:
        hand.pipe.send(hand.at)


def _start(trial: Trial, seed: int, memory: int) -> _Hand:
    context = get_context("fork")
    pipe, other = context.Pipe()
    process = context.Process(target=_serve, args=(other, trial, seed, memory), daemon=True)
    process.start()
    other.close()
    return _Hand(pipe, process)


def _serve(pipe: Any, trial: Trial, seed: int, memory: int) -> None:
    while True:
        index = pipe.recv()
        peak, started, failure = _peak(), time.perf_counter(), ""
        try:
            word = trial(_generator(seed, index))
        except BaseException as error:
            last = traceback.extract_tb(error.__traceback__)[-1]
            where = f"{os.path.basename(last.filename)}:{last.lineno}"
            word, failure = (
                "failed",
                f"trial {index} of seed {seed}: {type(error).__name__}: {error!s:.200} ({where})",
            )
        added = _peak() - peak
        if not failure and added > memory:
            failure = f"trial {index} of seed {seed} took {added / 2**20:.0f} MB"
        pipe.send((word, failure, time.perf_counter() - started, added))


def _computed(pid: int) -> float:
    """Seconds that a process has computed; 0 if the system does not report it; then only waiting counts."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            fields = file.read().rpartition(b")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _generator(seed: int, index: int) -> random.Random:
    return random.Random(f"{seed}/{index}")


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
