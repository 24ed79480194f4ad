"""The fit: connects batches, callbacks and Lightning's trainer."""

import logging
import time
import warnings
from datetime import timedelta
from itertools import islice
from typing import Any

import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import Callback, ModelCheckpoint, TQDMProgressBar
from torch.utils.data import DataLoader

from vaeedit.devices import resolve_device
from vaeedit.training.batches import batches_of
from vaeedit.training.callbacks import (
    EMA_EVERY,
    Clock,
    GrowCrops,
    LogLines,
    Metrics,
    MovingAverage,
    SaveAtEnd,
)
from vaeedit.training.data import CropBatches
from vaeedit.training.held_out import Curve
from vaeedit.training.module import Fit
from vaeedit.training.objective import Objective
from vaeedit.training.recipe import Recipe
from vaeedit.training.run import Run
from vaeedit.training.snapshots import Snapshots
from vaeedit.training.sources.source import Source
from vaeedit.training.throughput import Throughput
from vaeedit.training.whole import WholeBatches
from vaeedit.vae.protocol import StartsFromData

LOG_EVERY = 500
"""Steps between lines of the log."""
EVERY = timedelta(minutes=5)
"""Time between measurements on the held-out images."""
START = 1000
"""Crops from which a VAE that `StartsFromData` sets its first weights."""


def fit(
    recipe: Recipe,
    objective: Objective[Any],
    vae: torch.nn.Module,
    source: Source,
    run: Run,
    *,
    untrained: bool = True,
) -> dict[str, Any]:
    """Train `vae` in place, which holds the averaged weights at the end, and return a summary of the run.

    `untrained` is False where `vae` holds trained weights already. Raises OptionError or UsageError for unusable data.
    """
    logging.getLogger("pytorch_lightning").setLevel(logging.WARNING)  # without tips and announcements
    pl.seed_everything(recipe.seed, verbose=False)
    module = Fit(recipe, objective, vae.to(memory_format=torch.channels_last), run.budget)  # type: ignore[call-overload]
    if run.compiled:
        for part in vae.children():
            part.compile()
    seed = recipe.seed + (int(time.time()) if run.resume else 0)  # a resumed run draws other crops
    batches, measurements = batches_of(recipe, objective, module.vae, source, run, seed)
    objective.images = batches.count
    if untrained and not run.resume and isinstance(vae, StartsFromData):
        first = islice(batches, -(-START // recipe.data.batch))
        vae.start_from(torch.cat([batch.images.float() / 255 for batch in first]))
    trainer = _trainer(recipe, batches, run)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about deprecated functions that Lightning itself calls
        trainer.fit(
            module,
            DataLoader(batches, batch_size=None),
            DataLoader(measurements, batch_size=None) if measurements else None,  # type: ignore[arg-type]
            ckpt_path=run.checkpoint if run.resume else None,
        )
    return {
        "steps": trainer.global_step,
        "minutes": round(module.spent / 60, 1),
        "petaflop": float(f"{module.operations * trainer.world_size / 1e15:.3g}"),
        "device": str(trainer.strategy.root_device),
        "images": batches.count,
        "skipped": batches.skipped,
    }


def _trainer(recipe: Recipe, batches: CropBatches | WholeBatches, run: Run) -> pl.Trainer:
    return pl.Trainer(
        max_epochs=-1,
        **_where(run),
        precision="bf16-mixed",
        callbacks=_callbacks(recipe, batches, run),
        logger=False,
        enable_progress_bar=run.interactive,
        enable_model_summary=False,
        default_root_dir=run.folder,
        num_sanity_val_steps=0,
        check_val_every_n_epoch=None,
        val_check_interval=EVERY,
    )


def _where(run: Run) -> dict[str, Any]:
    """The accelerator, devices and strategy of Lightning; raises UsageError for a device that this machine lacks."""
    if run.device == "auto":
        devices = "auto" if run.devices is None else run.devices
        return {"devices": devices, "strategy": _strategy(run.devices)}
    device = resolve_device(run.device)
    chosen = [device.index or 0] if device.type == "cuda" else run.devices or 1
    return {"accelerator": device.type, "devices": chosen, "strategy": _strategy(run.devices or 1)}


def _strategy(devices: int | None) -> str:
    """Several processes must expect parts of the network that a step does not use, as the tails of an upscaler."""
    count = devices or max(1, torch.cuda.device_count())
    return "auto" if count == 1 else "ddp_find_unused_parameters_true"


def _callbacks(recipe: Recipe, batches: CropBatches | WholeBatches, run: Run) -> list[Callback]:
    throughput = Throughput()
    average = MovingAverage(recipe.optimizer.decay**EMA_EVERY)
    return [
        throughput,
        Clock(run.since),
        *([GrowCrops(batches)] if isinstance(batches, CropBatches) else []),
        SaveAtEnd(run.checkpoint),
        average,
        Snapshots(run.folder, average, batches.size),
        Metrics(run.folder),
        Curve(run.folder),
        ModelCheckpoint(
            run.folder,
            save_last=True,
            save_top_k=0,
            enable_version_counter=False,  # a resumed run writes the same file
            train_time_interval=timedelta(seconds=run.save_every),
        ),
        *([TQDMProgressBar(refresh_rate=20)] if run.interactive else []),
        LogLines(throughput, every=0 if run.interactive else LOG_EVERY),
    ]
