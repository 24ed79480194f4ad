"""How well a training run uses the machine: steps per second, time spent waiting for data, and GFLOP/s."""

import time
from typing import Any

import pytorch_lightning as pl
from pytorch_lightning.callbacks import Callback
from torch.utils.flop_counter import FlopCounterMode

from vaeedit.devices import measured_ceiling
from vaeedit.training.data import Batch
from vaeedit.training.module import Fit


class Throughput(Callback):
    """Measures the steps since the last `report`; the operations of a step are counted once for each size of a batch."""

    def __init__(self) -> None:
        self.per_step: dict[tuple[int, ...], int] = {}
        self.counting: FlopCounterMode | None = None
        self.ceiling = 0.0
        self.steps, self.waited, self.operations = 0, 0.0, 0
        self.since = self.ended = time.monotonic()

    def on_train_start(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        """Measure the highest speed of the device, and start the clock."""
        self.ceiling = measured_ceiling(trainer.strategy.root_device)
        self._restart()

    def on_train_batch_start(
        self, trainer: pl.Trainer, module: pl.LightningModule, batch: Batch, *_: Any
    ) -> None:
        """Add the time since the end of the last step, which was spent waiting for this batch."""
        self.waited += time.monotonic() - self.ended
        first = trainer.global_step == 0  # which also allocates memory
        if tuple(batch.images.shape) not in self.per_step and not first:
            self.counting = FlopCounterMode(display=False)
            self.counting.__enter__()  # type: ignore[no-untyped-call]

    def on_train_batch_end(
        self, trainer: pl.Trainer, module: pl.LightningModule, outputs: Any, batch: Batch, *_: Any
    ) -> None:
        """Count the step and its operations; the very first step counts none."""
        assert isinstance(module, Fit)
        shape = tuple(batch.images.shape)
        if self.counting is not None:
            self.counting.__exit__(None, None, None)  # type: ignore[no-untyped-call]
            self.per_step[shape] = self.counting.get_total_flops()
            self.counting = None
        self.steps += 1
        self.operations += self.per_step.get(shape, 0)
        module.operations += self.per_step.get(shape, 0)
        self.ended = time.monotonic()

    def report(self) -> str:
        """Describe the steps since the last report in one phrase."""
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
