"""Callbacks of a training run: the clock, checkpoints, the size of crops, the averaged weights, the log."""

import sys
import time
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import Callback, WeightAveraging
from torch import Tensor

from vaeedit.training.data import CropBatches
from vaeedit.training.module import Fit
from vaeedit.training.throughput import Throughput

EMA_EVERY = 4
"""Steps between updates of the averaged weights."""


class Clock(Callback):
    """Counts seconds of training and stops when the budget is used up."""

    def on_train_start(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        """Start the clock."""
        self.last = time.monotonic()

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

    def should_update(self, step_idx: int | None = None, epoch_idx: int | None = None) -> bool:
        """Return True every `EMA_EVERY` steps."""
        return step_idx is not None and step_idx % EMA_EVERY == 0


class LogLines(Callback):
    """Prints a line every `every` steps (0: never) and when training ends, with averages since the line before."""

    def __init__(self, throughput: Throughput, every: int) -> None:
        self.throughput, self.every = throughput, every
        self.sums: dict[str, float] = {}
        self.count = 0

    def on_train_batch_end(self, trainer: pl.Trainer, module: pl.LightningModule, *_: Any) -> None:
        """Add the values of this step; print after `every` of them."""
        assert isinstance(module, Fit)
        for name, value in trainer.callback_metrics.items():
            self.sums[name] = self.sums.get(name, 0.0) + value.item()
        self.count += 1
        if self.count == self.every:
            self._print(trainer, module)

    def on_train_end(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        """Print the averages of the last steps."""
        assert isinstance(module, Fit)
        if self.count:
            self._print(trainer, module)

    def _print(self, trainer: pl.Trainer, module: Fit) -> None:
        parts = [f"{name} {total / self.count:.3f}" for name, total in self.sums.items()]
        used = f"{module.spent / 60:.1f} min ({module.done:.0%} of {module.budget})"
        line = [f"step {trainer.global_step}, {used}", self.throughput.report(), *parts]
        if trainer.is_global_zero:
            print("  ".join(line), flush=True, file=sys.stderr)
        self.sums, self.count = {}, 0
