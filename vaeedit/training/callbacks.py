"""Callbacks of a training run: the clock, checkpoints, the size of crops, the averaged weights, logs."""

import math
import sys
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import Callback, WeightAveraging
from torch import Tensor

from vaeedit.training.data import CropBatches
from vaeedit.training.history import METRICS, Logged, milestone, read_metrics, write_metrics
from vaeedit.training.module import HELD_OUT, Fit
from vaeedit.training.throughput import Throughput

EMA_EVERY = 4
"""Steps between updates of the averaged weights."""
PER_DOUBLING = 32
"""Lines of the metrics file until the step doubles: 320 in 30,000 steps."""


class Clock(Callback):
    """Counts seconds of training, from the beginning or from `since`, and stops when the budget is used up."""

    def __init__(self, since: float | None = None) -> None:
        self.since = since

    def on_train_start(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        """Start the clock."""
        self.last = time.monotonic() if self.since is None else self.since

    def on_train_batch_end(self, trainer: pl.Trainer, module: pl.LightningModule, *_: Any) -> None:
        """Add the time of the step; all processes stop after the same step."""
        assert isinstance(module, Fit)
        now = time.monotonic()
        module.spent += now - self.last
        self.last = now
        if trainer.strategy.reduce_boolean_decision(module.done >= 1, all=False):
            trainer.should_stop = True


class SaveAtEnd(Callback):
    """Writes a checkpoint when training ends, so that a resumed run loses nothing.

    It comes before `MovingAverage` in the list of callbacks, which then replaces the trained weights by their average.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def on_train_end(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        """Write it."""
        trainer.save_checkpoint(self.path)


class GrowCrops(Callback):
    """Makes crops larger as the budget is used up: progressive training (Zamir et al. 2022, Restormer)."""

    def __init__(self, crops: CropBatches) -> None:
        self.crops = crops

    def on_train_batch_start(self, trainer: pl.Trainer, module: pl.LightningModule, *_: Any) -> None:
        """Choose the side for the share of the budget that is used up."""
        assert isinstance(module, Fit)
        sides = self.crops.settings.patch
        self.crops.patch = sides[min(int(module.done * len(sides)), len(sides) - 1)]


class MovingAverage(WeightAveraging):
    """Keeps an exponential moving average of the weights.

    After n updates the decay is at most (1 + n) / (10 + n), so that short runs forget their first weights.
    """

    def __init__(self, decay: float) -> None:
        def average(averaged: list[Tensor], current: list[Tensor], count: Tensor) -> None:
            most = (1 + int(count)) / (10 + int(count))
            torch._foreach_lerp_(averaged, current, 1 - min(decay, most))

        super().__init__(multi_avg_fn=average)

    @property
    def network(self) -> Any:
        """The VAE with the averaged weights; the first weights before the first update."""
        assert self._average_model is not None
        return self._average_model.module.vae

    def should_update(self, step_idx: int | None = None, epoch_idx: int | None = None) -> bool:
        """Return True every `EMA_EVERY` steps."""
        return step_idx is not None and step_idx % EMA_EVERY == 0


class Averages:
    """Averages of the logged values since they were taken last, each over the steps that had it."""

    def __init__(self) -> None:
        self.sums: dict[str, Tensor] = {}
        self.counts = Counter[str]()
        self.count = 0

    def add(self, values: Mapping[str, Tensor]) -> None:
        """Add the scalars of one step."""
        for name, value in values.items():
            self.sums[name] = self.sums[name] + value if name in self.sums else value
        self.counts.update(values.keys())
        self.count += 1

    def take(self) -> dict[str, float]:
        """The averages by name; from now on, others are collected."""
        averages = {name: total.item() / self.counts[name] for name, total in self.sums.items()}
        self.sums, self.counts, self.count = {}, Counter(), 0
        return averages


class LogLines(Callback):
    """Prints a line every `every` steps (0: never) and when training ends, with averages since the line before."""

    def __init__(self, throughput: Throughput, every: int) -> None:
        self.throughput, self.every, self.averages = throughput, every, Averages()

    def on_train_batch_end(self, trainer: pl.Trainer, module: pl.LightningModule, *_: Any) -> None:
        """Add the values of this step; print after `every` of them."""
        assert isinstance(module, Fit)
        self.averages.add(trainer.callback_metrics)
        if self.averages.count == self.every:
            self._print(trainer, module)

    def on_train_end(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        """Print the averages of the last steps."""
        assert isinstance(module, Fit)
        if self.averages.count:
            self._print(trainer, module)

    def _print(self, trainer: pl.Trainer, module: Fit) -> None:
        parts = [f"{name} {value:.3f}" for name, value in self.averages.take().items()]
        used = f"{module.spent / 60:.1f} min ({module.done:.0%} of {module.budget})"
        line = [f"step {trainer.global_step}, {used}", self.throughput.report(), *parts]
        if trainer.is_global_zero:
            print("  ".join(line), flush=True, file=sys.stderr)


class Metrics(Callback):
    """Appends a line to the metrics file of a run at milestones and when training ends."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.averages = folder, Averages()

    def on_train_start(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        """Keep the lines up to the checkpoint that a run is resumed from."""
        if trainer.is_global_zero:
            kept = [row for row in read_metrics(self.folder) if row.step <= trainer.global_step]
            write_metrics(self.folder, kept)

    def on_train_batch_end(self, trainer: pl.Trainer, module: pl.LightningModule, *_: Any) -> None:
        """Add the values of this step; append a line at a milestone."""
        assert isinstance(module, Fit)
        # the table of the held-out images has their value
        self.averages.add({k: value for k, value in trainer.callback_metrics.items() if k != HELD_OUT})
        if milestone(trainer.global_step, PER_DOUBLING):
            self._append(trainer, module)

    def on_train_end(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        """Append the averages of the last steps."""
        assert isinstance(module, Fit)
        if self.averages.count:
            self._append(trainer, module)

    def _append(self, trainer: pl.Trainer, module: Fit) -> None:
        values = {
            name: round(value, 5) if math.isfinite(value) else None
            for name, value in self.averages.take().items()
        }
        minutes, done = round(module.spent / 60, 4), round(module.done, 6)
        row = Logged(trainer.global_step, minutes, done, module.objective.unit, values)
        if trainer.is_global_zero:
            with (self.folder / METRICS).open("ab") as file:
                file.write(msgspec.json.encode(row) + b"\n")
