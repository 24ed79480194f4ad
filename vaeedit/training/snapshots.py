"""Pictures of the same samples over the course of training, for networks that have a prior."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytorch_lightning as pl
import torch
from numpy.typing import NDArray
from pytorch_lightning.callbacks import Callback

from vaeedit.image import Frame, write
from vaeedit.image.panels import laid_out
from vaeedit.training.callbacks import MovingAverage
from vaeedit.training.history import SNAPSHOTS, milestone, read_snapshots
from vaeedit.vae.draws import Generative
from vaeedit.vae.given import Labeled
from vaeedit.vae.latents import Decoded

PER_DOUBLING = 4
"""Pictures until the step doubles: 60 in 30,000 steps."""
MOST, PIXELS = 64, 64 * 64 * 64
"""Most samples in a picture, and most pixels in all of them."""
GAP = 2
"""White pixels between samples."""


class Snapshots(Callback):
    """Writes a grid of the means of p(x | z), by the averaged weights, at milestones and when training ends.

    z is the same in each picture: that of the seeds 0, 1, 2, ... Each column of a VAE of labeled images is a class. `size`
    is the height and width of an image. Other networks are left alone.
    """

    def __init__(self, folder: Path, average: MovingAverage, size: tuple[int, int]) -> None:
        self.folder, self.average, self.size = folder / SNAPSHOTS, average, size
        self.count = max(1, min(MOST, PIXELS // math.prod(size)))

    def on_train_start(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        """Write the first picture, or remove those that a resumed run makes again and those of its earlier ends."""
        if trainer.global_step == 0:
            self._keep(trainer)
        if trainer.is_global_zero:
            for step, path in read_snapshots(self.folder.parent):
                if step > trainer.global_step or not milestone(step, PER_DOUBLING):
                    path.unlink()

    def on_train_batch_end(self, trainer: pl.Trainer, module: pl.LightningModule, *_: Any) -> None:
        """Write a picture at a milestone."""
        if milestone(trainer.global_step, PER_DOUBLING):
            self._keep(trainer)

    def on_train_end(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        """Write the last picture."""
        self._keep(trainer)

    @torch.inference_mode()
    def _keep(self, trainer: pl.Trainer) -> None:
        network = self.average.network
        if not (trainer.is_global_zero and isinstance(network, Generative | Labeled)):
            return
        self.folder.mkdir(exist_ok=True)
        images = self._samples()
        columns = network.classes if isinstance(network, Labeled) else math.ceil(math.sqrt(self.count))
        grid = laid_out(list(images), min(columns, self.count), GAP, 255)
        write(Frame(grid), self.folder / f"{trainer.global_step:09d}.png")

    def _samples(self) -> NDArray[np.uint8]:
        """Means of p(x | z), (N, H, W, C) of 8 bits."""
        network = self.average.network.eval()
        if isinstance(network, Labeled):
            device = next(self.average.network.parameters()).device
            network = network.given_labels(torch.arange(self.count, device=device) % network.classes)
        height, width = self.size
        drawn = network.prior(self.count, self.size).sample_each(range(self.count))
        decoded: Decoded = network.decode(drawn)
        return decoded.pixels()[:, :height, :width]
