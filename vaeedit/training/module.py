"""The Lightning module of all recipes."""

from typing import Any

import pytorch_lightning as pl
import torch
from torch import Tensor

from vaeedit.training.augment import augmented
from vaeedit.training.data import Batch
from vaeedit.training.muon import Muon
from vaeedit.training.objective import Losses, Objective
from vaeedit.training.recipe import Recipe
from vaeedit.training.run import Budget
from vaeedit.vae.protocol import Network

HELD_OUT = "held_out_psnr"
"""Name of the logged PSNR of the held-out images."""


class Fit(pl.LightningModule):
    """Trains one network by one recipe within a budget; the learning rate depends on the share of the budget used up."""

    def __init__(
        self, recipe: Recipe, objective: Objective[Any], vae: torch.nn.Module, budget: Budget
    ) -> None:
        super().__init__()
        assert isinstance(vae, Network)
        self.recipe, self.objective, self.budget = recipe, objective, budget
        self.spent, self.operations = 0.0, 0
        self.vae = vae

    def on_fit_start(self) -> None:
        """Give each process its own noise."""
        torch.manual_seed(self.recipe.seed + self.global_rank)

    def training_step(self, batch: Batch, _: int) -> Tensor:
        """Return the loss of a batch, a scalar."""
        losses = self._losses(batch, training=True)
        psnr = losses.psnr()
        if psnr is not None:
            self.log("psnr", psnr, prog_bar=True)
        loss = torch.stack(list(losses.parts.values())).sum()
        parts = losses.parts if len(losses.parts) == 1 else {"loss": loss, **losses.parts}
        shown = {**parts, **losses.measured}
        self.log_dict({name: value.detach() for name, value in shown.items()}, prog_bar=True)
        return loss

    def validation_step(self, batch: Batch, index: int) -> None:
        """Log the PSNR of the mean on a held-out image, a batch of one, with the same noise each time."""
        devices = [self.device] if self.device.type == "cuda" else []
        with torch.random.fork_rng(devices):
            torch.manual_seed(index)
            psnr = self._losses(batch).psnr()
        if psnr is not None:
            self.log(HELD_OUT, psnr, batch_size=1)

    def _losses(self, batch: Batch, training: bool = False) -> Losses:
        """The losses of a batch; in training, crops are augmented."""
        x = batch.images.float() / 255
        if training and not self.recipe.data.whole:
            x = augmented(x, self.recipe.data)
        x = x.contiguous(memory_format=torch.channels_last)[:, : self.vae.channels]
        return self.objective.labeled_losses(self.vae, x, batch.labels, self.done)

    @property
    def done(self) -> float:
        """Share of the budget that is used up, from 0 to 1 and above."""
        return self.budget.share(self.spent, self.global_step)

    def configure_optimizers(self) -> Any:
        """Muon, with a linear warm-up over the first steps and a linear fall to zero over the end of the budget.

        Between them the rate is constant, so that a run can be resumed with a larger budget from a checkpoint that was
        written before the fall (Hagele et al. 2024).
        """
        settings = self.recipe.optimizer
        optimizer = Muon(
            self.vae.parameters(),
            settings.rate,
            adam_lr=settings.adam_rate,
            weight_decay=settings.weight_decay,
        )

        def rate(step: int) -> float:
            falling = (1 - self.done) / settings.cooldown if settings.cooldown else 1.0
            return min(1.0, (step + 1) / settings.warmup, max(falling, 0.0)) + 1e-4

        schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, rate)
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}

    def configure_gradient_clipping(self, *_: Any, **__: Any) -> None:
        """Clip the gradients of each part of the network by their own norm: a large one shrinks no other part's."""
        for part in self.vae.children():
            torch.nn.utils.clip_grad_norm_(part.parameters(), self.recipe.optimizer.clip)

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Store the seconds of training, and its floating-point operations."""
        checkpoint["spent"], checkpoint["operations"] = self.spent, self.operations

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Restore the seconds of training and the operations, which older checkpoints lack."""
        self.spent, self.operations = checkpoint["spent"], checkpoint.get("operations", 0)
