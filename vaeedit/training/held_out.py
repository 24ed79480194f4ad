"""Images that are held out from training, and the table of their PSNR over the hours of training."""

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
"""File of the table, in the folder of the run."""
SIDE = 128
"""Height and width, in pixels, of what is measured of an image."""


def held_out(folder: Path, count: int) -> list[Path]:
    """Choose `count` images of a folder, at most a tenth of all, at equal distances in the list of sorted names."""
    paths = image_files([folder], recursive=True)
    count = min(count, len(paths) // 10)
    return [paths[(2 * index + 1) * len(paths) // (2 * count)] for index in range(count)]


def centers(paths: list[Path]) -> list[Tensor]:
    """Cut the center out of each image, as a batch (1, 3, SIDE, SIDE) uint8; small and damaged images are left out."""
    crops = []
    for path in paths:
        try:
            pixels = read(path).as_uint8()
        except ImageError:
            continue
        top, left = ((size - SIDE) // 2 for size in pixels.shape[:2])
        if min(top, left) >= 0:
            crop = np.broadcast_to(pixels[top : top + SIDE, left : left + SIDE], (SIDE, SIDE, 3))
            crops.append(torch.from_numpy(np.ascontiguousarray(crop)).permute(2, 0, 1)[None])
    return crops


class Curve(Callback):
    """Appends hours, steps and PSNR in dB to the table after each measurement, which uses the averaged weights."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / CURVE

    def on_validation_end(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        """Append a row."""
        assert isinstance(module, Fit)
        psnr: Any = trainer.callback_metrics.get("held_out_psnr")
        if psnr is None or not trainer.is_global_zero:
            return
        if not self.path.exists():
            self.path.write_text("hours,steps,psnr\n")
        with self.path.open("a") as file:
            file.write(f"{module.spent / 3600:.4f},{trainer.global_step},{float(psnr):.4f}\n")
