"""The Lightning module: one for every recipe."""

from typing import Any

import pytorch_lightning as pl
import torch
from torch import Tensor

from vaeedit.training.data import to_gray
from vaeedit.training.muon import Muon
from vaeedit.training.objective import Losses, Objective
from vaeedit.training.recipe import Recipe
from vaeedit.training.run import Budget
from vaeedit.vae.protocol import TrainableVAE


class Fit(pl.LightningModule):
    """Trains one VAE by one recipe within a budget, resumable; the learning rate follows the share that is done."""

    def __init__(
        self, recipe: Recipe, objective: Objective[Any], vae: torch.nn.Module, budget: Budget
    ) -> None:
        super().__init__()
        assert isinstance(vae, TrainableVAE)
        self.recipe, self.objective, self.budget, self.spent = recipe, objective, budget, 0.0
        self.vae = vae

    def on_fit_start(self) -> None:
        """Noise of its own for each of several processes."""
        torch.manual_seed(self.recipe.seed + self.global_rank)

    def training_step(self, batch: Tensor, _: int) -> Tensor:
        """Crops (B, 3, P, P) uint8 -> loss."""
        losses = self._losses(batch)
        psnr = losses.psnr()
        if psnr is not None:
            self.log("psnr", psnr, prog_bar=True)
        self.log_dict({name: part.detach() for name, part in losses.parts.items()}, prog_bar=True)
        return torch.stack(list(losses.parts.values())).sum()

    def validation_step(self, batch: Tensor, index: int) -> None:
        """PSNR of the mean on an image (1, 3, P, P) uint8 kept out of training, whose noise is always the same."""
        devices = [self.device] if self.device.type == "cuda" else []
        with torch.random.fork_rng(devices):
            torch.manual_seed(index)
            psnr = self._losses(batch).psnr()
        if psnr is not None:
            self.log("held_out_psnr", psnr, batch_size=1)

    def _losses(self, batch: Tensor) -> Losses:
        """Of crops uint8, of which some are turned gray."""
        x = to_gray(batch.float() / 255, self.recipe.data.gray)
        x = x.contiguous(memory_format=torch.channels_last)[:, : self.vae.channels]
        return self.objective.losses(self.vae, x, self.done)

    @property
    def done(self) -> float:
        """Share of the budget used up."""
        return self.budget.share(self.spent, self.global_step)

    def configure_optimizers(self) -> Any:
        """Muon; linear warm-up in steps, and a linear fall to zero over the end of the budget.

        In between the rate is constant, so that a run can be resumed with a larger budget from a checkpoint made
        before the fall (Hagele et al. 2024).
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
        """Clip each part of the network apart, so that one part's large gradients do not shrink another's."""
        for part in self.vae.children():
            torch.nn.utils.clip_grad_norm_(part.parameters(), self.recipe.optimizer.clip)

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """The time spent travels with the checkpoint."""
        checkpoint["spent"] = self.spent

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Go on counting where the run stopped."""
        self.spent = checkpoint["spent"]
