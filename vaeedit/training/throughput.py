"""How well a training run uses the machine: steps a second, waiting for data, arithmetic against its ceiling."""

import time
from typing import Any

import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import Callback
from torch.utils.flop_counter import FlopCounterMode

from vaeedit.devices import measured_ceiling


class Throughput(Callback):
    """Measures since the last `report`; the arithmetic of a step is counted once for each size of crop."""

    def __init__(self) -> None:
        self.per_step: dict[tuple[int, ...], int] = {}
        self.counting: FlopCounterMode | None = None
        self.ceiling = 0.0
        self.steps, self.waited, self.operations = 0, 0.0, 0
        self.since = self.ended = time.monotonic()

    def on_train_start(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        """Measure the ceiling, start the clock."""
        self.ceiling = measured_ceiling(trainer.strategy.root_device)
        self._restart()

    def on_train_batch_start(
        self, trainer: pl.Trainer, module: pl.LightningModule, batch: torch.Tensor, *_: Any
    ) -> None:
        """The time since the last step ended went into the batch."""
        self.waited += time.monotonic() - self.ended
        if (
            tuple(batch.shape) not in self.per_step and trainer.global_step > 0
        ):  # the first step also allocates
            self.counting = FlopCounterMode(display=False)
            self.counting.__enter__()  # type: ignore[no-untyped-call]

    def on_train_batch_end(
        self, trainer: pl.Trainer, module: pl.LightningModule, outputs: Any, batch: torch.Tensor, *_: Any
    ) -> None:
        """Count the step."""
        shape = tuple(batch.shape)
        if self.counting is not None:
            self.counting.__exit__(None, None, None)  # type: ignore[no-untyped-call]
            self.per_step[shape] = self.counting.get_total_flops()
            self.counting = None
        self.steps += 1
        self.operations += self.per_step.get(shape, 0)
        self.ended = time.monotonic()

    def report(self) -> str:
        """One phrase on the steps since the last report."""
        seconds = max(time.monotonic() - self.since, 1e-9)
        speed = self.operations / seconds
        text = (
            f"{self.steps / seconds:.2f}/s, {self.waited / seconds:.0%} waiting for data, "
            f"{speed / 1e9:.0f} GFLOP/s ({speed / max(self.ceiling, 1):.0%} of {self.ceiling / 1e9:.0f})"
        )
        self._restart()
        return text

    def _restart(self) -> None:
        self.steps, self.waited, self.operations = 0, 0.0, 0
        self.since = self.ended = time.monotonic()
