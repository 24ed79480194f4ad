"""Images kept out of training, and the curve of the PSNR on them against hours."""

from pathlib import Path
from typing import Any

import numpy as np
import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import Callback
from torch import Tensor

from vaeedit.errors import ImageError
from vaeedit.image import image_files, read
from vaeedit.training.module import Fit

CURVE = "curve.csv"
SIDE = 128


def held_out(folder: Path, count: int) -> list[Path]:
    """So many images of a folder, spread evenly over its sorted names; always the same, and at most a tenth of all."""
    found = image_files([folder], recursive=True)
    count = min(count, len(found) // 10)
    return [found[(2 * index + 1) * len(found) // (2 * count)] for index in range(count)]


def centers(paths: list[Path]) -> list[Tensor]:
    """The middle of each image that is large enough and can be read, as batches (1, 3, SIDE, SIDE) uint8."""
    found = []
    for path in paths:
        try:
            pixels = read(path).as_uint8()
        except ImageError:
            continue
        top, left = ((size - SIDE) // 2 for size in pixels.shape[:2])
        if min(top, left) >= 0:
            crop = np.broadcast_to(pixels[top : top + SIDE, left : left + SIDE], (SIDE, SIDE, 3))
            found.append(torch.from_numpy(np.ascontiguousarray(crop)).permute(2, 0, 1)[None])
    return found


class Curve(Callback):
    """Appends hours, steps and the held-out PSNR of the averaged weights to a table, each time they are measured."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / CURVE

    def on_validation_end(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        """One row."""
        assert isinstance(module, Fit)
        found: Any = trainer.callback_metrics.get("held_out_psnr")
        if found is None or trainer.sanity_checking or not trainer.is_global_zero:
            return
        fresh = not self.path.exists()
        with self.path.open("a") as file:
            if fresh:
                file.write("hours,steps,psnr\n")
            file.write(f"{module.spent / 3600:.4f},{trainer.global_step},{float(found):.4f}\n")
