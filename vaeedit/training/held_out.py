"""Images that are held out from training, and the table of their PSNR over the hours of training."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import Callback

from vaeedit.errors import UsageError
from vaeedit.training.data import Batch
from vaeedit.training.history import CURVE
from vaeedit.training.module import HELD_OUT, Fit
from vaeedit.training.sources.indexed import Indexed, Part
from vaeedit.training.sources.source import Example, Split, readable

SIDE = 128
"""Height and width, in pixels, of what is measured of an image."""


def hold_out(split: Split, count: int) -> tuple[Part, Part]:
    """The images to train on, and `count` held-out ones, at most a tenth of all, at equal distances in their order.

    Raises UsageError for a split without random access.
    """
    if not isinstance(split, Indexed):
        raise UsageError("No images of tar shards can be held out; train on a folder of images.")
    count = min(count, len(split) // 10)
    chosen = [(2 * index + 1) * len(split) // (2 * count) for index in range(count)]
    return Part(split, np.delete(np.arange(len(split)), chosen)), Part(split, chosen)


def measured(examples: Iterator[Example], *, whole: bool) -> list[Batch]:
    """Batches of one image (1, C, H, W): the whole, or the central square of `SIDE` pixels with three channels.

    Images that are damaged, or too small, are left out.
    """
    batches = []
    for example, pixels in readable(examples, lambda _: None):
        if not whole:
            top, left = ((size - SIDE) // 2 for size in pixels.shape[:2])
            if min(top, left) < 0:
                continue
            pixels = np.broadcast_to(pixels[top : top + SIDE, left : left + SIDE], (SIDE, SIDE, 3))
        image = torch.from_numpy(np.ascontiguousarray(pixels)).permute(2, 0, 1)[None]
        batches.append(Batch(image, torch.tensor([example.label])))
    return batches


class Curve(Callback):
    """Appends hours, steps and PSNR in dB to the table after each measurement, which uses the averaged weights."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / CURVE

    def on_validation_end(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        """Append a row."""
        assert isinstance(module, Fit)
        psnr: Any = trainer.callback_metrics.get(HELD_OUT)
        if psnr is None or not trainer.is_global_zero:
            return
        if not self.path.exists():
            self.path.write_text("hours,steps,psnr\n")
        with self.path.open("a") as file:
            file.write(f"{module.spent / 3600:.4f},{trainer.global_step},{float(psnr):.4f}\n")
