"""The fit: one Lightning module for every recipe, and callbacks for the time budget and the log."""

import math
import time
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import Callback, ModelCheckpoint, TQDMProgressBar, WeightAveraging
from torch import Tensor
from torch.utils.data import DataLoader

from vaeedit.training.data import CropBatches
from vaeedit.training.degradations import degrade, to_grey
from vaeedit.training.muon import Muon
from vaeedit.training.objectives import OBJECTIVES
from vaeedit.training.recipe import Recipe
from vaeedit.vae.protocol import Estimator, TrainableVAE

EMA_EVERY = 4
LOG_EVERY = 500


@dataclass(frozen=True)
class Budget:
    """How long to train: seconds, or, where given, steps (which repeat exactly on any machine)."""

    seconds: float = 2700.0
    steps: int | None = None

    def share(self, spent: float, step: int) -> float:
        """Share of the budget that is used up, from 0 to 1 and above."""
        return spent / self.seconds if self.steps is None else step / self.steps

    def __str__(self) -> str:
        return f"{self.seconds / 60:g} min" if self.steps is None else f"{self.steps} steps"


class Fit(pl.LightningModule):
    """Trains one VAE by one recipe within a budget, resumable; the learning rate follows the share that is done."""

    def __init__(self, recipe: Recipe, vae: torch.nn.Module, budget: Budget) -> None:
        super().__init__()
        assert isinstance(vae, TrainableVAE)
        self.recipe, self.budget, self.spent = recipe, budget, 0.0
        self.vae = vae
        self.objective = OBJECTIVES[recipe.objective.kind]

    def training_step(self, batch: Tensor, _: int) -> Tensor:
        """Crops (B, 3, P, P) uint8 -> loss."""
        x = to_grey(batch.float() / 255, self.recipe.data.grey)
        x = x.contiguous(memory_format=torch.channels_last)
        if self.recipe.objective.kind == "restoration":
            loss, x, estimate = self._restoration(x)
        else:
            latents = self.vae.encode(x, {})
            terms = self.vae.elbo_terms(latents, x)
            loss, estimate = self.objective(terms, x, self.recipe.objective), terms.estimate
        mse = (estimate.detach() - x).square().mean((1, 2, 3))
        self.log("psnr", (-10 * torch.log10(mse + 1e-10)).mean(), prog_bar=True)
        self.log_dict({name: part.detach() for name, part in loss.items()}, prog_bar=True)
        return torch.stack(list(loss.values())).sum()

    def _restoration(self, x: Tensor) -> tuple[dict[str, Tensor], Tensor, Tensor]:
        """Losses, clean images in a shuffled order, and their estimates."""
        y, sigma = degrade(x, self.recipe.noise)
        order = torch.randperm(len(x), device=x.device)
        x, y, sigma = x[order], y[order], sigma[order]
        assert isinstance(self.vae, Estimator)
        estimated = self.vae.estimate("sigma", y)
        error = (estimated.log() - sigma.clamp_min(0.3 / 255).log()).abs().mean()
        share = self.recipe.noise.blind if self.done > 0.1 else 0.0
        blind = torch.rand(len(x), 1, 1, 1, device=x.device) < share
        latents = self.vae.encode(y, {"sigma": torch.where(blind, estimated.detach(), sigma)})
        seen = max(1, round(self.recipe.objective.share * len(x)))
        terms = self.vae.elbo_terms(latents, x[:seen])
        loss = self.objective(terms, x, self.recipe.objective)
        return {**loss, "noise": error}, x, terms.estimate

    @property
    def done(self) -> float:
        """Share of the budget used up."""
        return self.budget.share(self.spent, self.global_step)

    def configure_optimizers(self) -> Any:
        """Muon; linear warm-up in steps, then a cosine in the share of the budget spent."""
        settings = self.recipe.optimiser
        optimiser = Muon(self.vae.parameters(), settings.rate, adam_lr=settings.adam_rate)

        def rate(step: int) -> float:
            cosine = 0.5 * (1 + math.cos(math.pi * min(1.0, self.done)))
            return min(1.0, (step + 1) / settings.warmup) * cosine + 1e-4

        schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, rate)
        return {"optimizer": optimiser, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}

    def configure_gradient_clipping(self, *_: Any, **__: Any) -> None:
        """Clip each part of the network apart, so that one part's large gradients do not shrink another's."""
        for part in self.vae.children():
            torch.nn.utils.clip_grad_norm_(part.parameters(), self.recipe.optimiser.clip)

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """The time spent travels with the checkpoint."""
        checkpoint["spent"] = self.spent

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Go on counting where the run stopped."""
        self.spent = checkpoint["spent"]


class Clock(Callback):
    """Counts seconds of training and stops when the budget is used up."""

    def on_train_start(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        """Start the clock."""
        self.last = time.monotonic()

    def on_train_batch_end(self, trainer: pl.Trainer, module: pl.LightningModule, *_: Any) -> None:
        """Add the step's time."""
        assert isinstance(module, Fit)
        now = time.monotonic()
        module.spent += now - self.last
        self.last = now
        if module.done >= 1:
            trainer.should_stop = True


class MovingAverage(WeightAveraging):
    """Exponential moving average of the weights; the decay starts low, so that short runs forget their start."""

    def __init__(self, decay: float) -> None:
        def average(averaged: list[Tensor], current: list[Tensor], count: Tensor) -> None:
            warm = (1 + int(count)) / (10 + int(count))
            torch._foreach_lerp_(averaged, current, 1 - min(decay, warm))

        super().__init__(multi_avg_fn=average)

    def should_update(self, step_idx: int | None = None, epoch_idx: int | None = None) -> bool:
        """Every few steps."""
        return step_idx is not None and step_idx % EMA_EVERY == 0


class LogLines(Callback):
    """A plain line now and then, for logs and terminals that cannot redraw; averages since the last line."""

    def on_train_start(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        """Start the averages."""
        self.sums: dict[str, float] = {}
        self.since, self.count = time.monotonic(), 0

    def on_train_batch_end(self, trainer: pl.Trainer, module: pl.LightningModule, *_: Any) -> None:
        """Accumulate; print every `LOG_EVERY` steps."""
        assert isinstance(module, Fit)
        for name, value in trainer.callback_metrics.items():
            self.sums[name] = self.sums.get(name, 0.0) + value.item()
        self.count += 1
        if self.count == LOG_EVERY:
            rate = self.count / (time.monotonic() - self.since)
            parts = [f"{name} {total / self.count:.3f}" for name, total in self.sums.items()]
            place = f"step {trainer.global_step}, {module.spent / 60:.1f} min ({module.done:.0%} of {module.budget})"
            print(f"{place}  {rate:.2f}/s  " + "  ".join(parts), flush=True)
            self.on_train_start(trainer, module)


def fit(
    recipe: Recipe,
    vae: torch.nn.Module,
    data: Path,
    run: Path,
    *,
    budget: Budget,
    resume: bool = False,
    interactive: bool = False,
) -> dict[str, Any]:
    """Train `vae` in place (its averaged weights at the end) and return a summary of the run.

    `run` receives checkpoints every few minutes; with `resume` the last one is continued.
    """
    pl.seed_everything(recipe.seed, verbose=False)
    module = Fit(recipe, vae.to(memory_format=torch.channels_last), budget)  # type: ignore[call-overload]
    crops = CropBatches(
        data,
        patch=recipe.data.patch,
        batch=recipe.data.batch,
        cache=recipe.data.cache,
        seed=recipe.seed + (int(time.time()) if resume else 0),  # new crops, not the first ones again
    )
    callbacks: list[Callback] = [
        Clock(),
        MovingAverage(recipe.optimiser.decay**EMA_EVERY),
        ModelCheckpoint(run, save_last=True, save_top_k=0, train_time_interval=timedelta(minutes=5)),
        TQDMProgressBar(refresh_rate=20) if interactive else LogLines(),
    ]
    trainer = pl.Trainer(
        max_epochs=-1,
        precision="bf16-mixed",
        callbacks=callbacks,
        logger=False,
        enable_progress_bar=interactive,
        enable_model_summary=False,
        default_root_dir=run,
    )
    last = run / "last.ckpt"
    trainer.fit(
        module, DataLoader(crops, batch_size=None), ckpt_path=last if resume and last.exists() else None
    )
    return {
        "steps": trainer.global_step,
        "minutes": round(module.spent / 60, 1),
        "device": str(trainer.strategy.root_device),
        "images": len(crops.images),
        "skipped": crops.skipped,
    }
