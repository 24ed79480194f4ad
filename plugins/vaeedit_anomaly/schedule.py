"""The stages of a fit, and the time that each of them may take.

A stage has a name, some work, and one of two demands on the time: a `cost`, the seconds that its work is expected to take, or
a `share` of what the costs of all stages leave. Another stage is one more line of `fit.stages_of`, for example

    Stage("judge", fitting.judge, share=0.25),

behind "memory": with training's share of 1 it gets a fifth of the time that memory and calibration leave, and training the
rest. Its work is called with its `Turn`: a loop ends when `turn.left` is 0 or less. Where a number of steps is given instead
of a time, `turn.steps` is that number and `turn.left` is infinite. What the stage makes must be written to the work folder
before it returns, by `save_vae` or `write_whole`: an interrupted fit repeats the stage that it was in, and no earlier one.
"""

import math
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

T = TypeVar("T")
Say = Callable[[str], None]
LEAST = 0.5
"""Smallest part of the time that stages with a share get, all of them; the others make do with fewer images."""
QUIET = 10.0
"""Seconds between messages of how many images are done."""


def nothing() -> float:
    """The cost of a stage that takes no time worth mentioning."""
    return 0.0


def silent(text: str) -> None:
    """Receive a message and print nothing."""


@dataclass
class Clock:
    """Seconds of a budget that are left; `now` is a clock in seconds, and `before` what earlier runs of this fit took."""

    seconds: float = math.inf
    before: float = 0.0
    now: Callable[[], float] = time.monotonic
    started: float | None = None
    """Value of `now` at the start; by default the present one."""

    def __post_init__(self) -> None:
        if self.started is None:
            self.started = self.now()

    @property
    def spent(self) -> float:
        """Seconds since the start, and before it."""
        assert self.started is not None
        return self.before + self.now() - self.started

    @property
    def left(self) -> float:
        """Seconds that are left, negative when the budget is overrun; infinite without one."""
        return self.seconds - self.spent


@dataclass
class Turn:
    """The turn of one stage: how long it may take."""

    name: str
    clock: Clock
    seconds: float
    """Seconds that it may take; infinite without a clock."""
    steps: int | None = None
    """Number of training steps that is given instead of a time."""
    progress: Say = silent
    taken: int = 0
    """Items that `through` has given."""
    began: float = field(init=False)

    def __post_init__(self) -> None:
        self.began = self._said = self.clock.now()

    @property
    def left(self) -> float:
        """Seconds of the turn that are left; 0 or less when it should end."""
        return self.seconds - (self.clock.now() - self.began)

    def through(self, items: Sequence[T], least: int, then: float = 0.0) -> Iterator[T]:
        """The items one by one: as many as the turn has time for, and at least `least`.

        Each item needs `then` seconds afterwards. Tells how many are done.
        """
        for done, item in enumerate(items):
            if done >= least and self.left <= then * (done + 1):
                return
            if self.clock.now() - self._said >= QUIET:
                self._said = self.clock.now()
                self.progress(f"{self.name}: {done} of {len(items)} images")
            self.taken = done + 1
            yield item


@dataclass(frozen=True)
class Stage:
    """One part of a fit."""

    name: str
    """What messages and the work folder call it."""
    work: Callable[[Turn], None]
    cost: Callable[[], float] = nothing
    """Seconds that it is expected to take; asked when its turn, or an earlier one, begins."""
    share: float = 0.0
    """Its part of the time that the costs leave, in proportion to the shares of other stages."""
    again: bool = False
    """Repeat it in a fit that is resumed, because its result is not kept in the work folder."""


@dataclass
class Schedule:
    """Runs stages one after another."""

    stages: Sequence[Stage]
    clock: Clock
    steps: int | None = None
    say: Say = silent
    progress: Say = silent

    def run(self, done: Collection[str], finished: Callable[[str, float], None]) -> None:
        """Run all stages except those that are `done`; `finished` is called with the name of each and the seconds so far."""
        for number, stage in enumerate(self.stages):
            if stage.name in done and not stage.again:
                continue
            turn = Turn(stage.name, self.clock, self.seconds_of(number), self.steps, self.progress)
            if stage.share or stage.cost():
                self.say(f"Stage {number + 1} of {len(self.stages)}, {stage.name}{self._left(turn)}")
            stage.work(turn)
            finished(stage.name, self.clock.spent)

    def seconds_of(self, number: int) -> float:
        """Seconds that the stage with this number may take, if it begins now; infinite without a clock.

        If costs are more than `LEAST` leaves, all of them are reduced by the same factor.
        """
        left, rest = max(self.clock.left, 0.0), self.stages[number:]
        if left == math.inf:
            return math.inf
        costs, shares = sum(stage.cost() for stage in rest), sum(stage.share for stage in rest)
        kept = LEAST * shares / (sum(stage.share for stage in self.stages) or 1.0)
        scale = min(1.0, left * (1 - kept) / costs) if costs else 1.0
        spare = left - costs * scale
        if shares:
            return rest[0].cost() * scale + spare * rest[0].share / shares
        return rest[0].cost() * scale + spare

    def _left(self, turn: Turn) -> str:
        if turn.seconds == math.inf:
            return "."
        return f": {minutes(turn.seconds)} at most; {minutes(max(self.clock.left, 0))} left in all."


def minutes(seconds: float) -> str:
    """A time in words: 40 s, 1.5 min, 30 min."""
    return f"{seconds:.0f} s" if seconds < 60 else f"{seconds / 60:.3g} min"


def budget_of(seconds: float) -> str:
    """A time as --budget takes it, rounded up: 60s, 4m, 15m, 2h."""
    if seconds <= 60:
        return f"{math.ceil(seconds / 10) * 10}s"
    whole = math.ceil(seconds / 60)
    return f"{whole if whole <= 10 else math.ceil(whole / 5) * 5}m"
