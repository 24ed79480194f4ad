"""The Lightning module: one for every recipe."""

from typing import Any

import pytorch_lightning as pl
import torch
from torch import Tensor

from vaeedit.training.degradations import observe, to_grey
from vaeedit.training.muon import Muon
from vaeedit.training.objectives import OBJECTIVES, restoration
from vaeedit.training.recipe import Recipe
from vaeedit.training.run import Budget
from vaeedit.vae.protocol import Estimator, Restorer, TrainableVAE


class Fit(pl.LightningModule):
    """Trains one VAE by one recipe within a budget, resumable; the learning rate follows the share that is done."""

    def __init__(self, recipe: Recipe, vae: torch.nn.Module, budget: Budget) -> None:
        super().__init__()
        assert isinstance(vae, TrainableVAE)
        self.recipe, self.budget, self.spent = recipe, budget, 0.0
        self.vae = vae
        self.objective = OBJECTIVES.get(recipe.objective.kind, restoration)

    def on_fit_start(self) -> None:
        """Noise of its own for each of several processes."""
        torch.manual_seed(self.recipe.seed + self.global_rank)

    def training_step(self, batch: Tensor, _: int) -> Tensor:
        """Crops (B, 3, P, P) uint8 -> loss."""
        if self.recipe.objective.kind == "noise":
            return self._noise_error(self._images(batch))
        loss, psnr = self._losses(batch)
        self.log("psnr", psnr, prog_bar=True)
        self.log_dict({name: part.detach() for name, part in loss.items()}, prog_bar=True)
        return torch.stack(list(loss.values())).sum()

    def validation_step(self, batch: Tensor, index: int) -> None:
        """PSNR of the mean on an image (1, 3, P, P) uint8 kept out of training, whose noise is always the same."""
        if self.recipe.objective.kind == "noise":
            return
        devices = [self.device] if self.device.type == "cuda" else []
        with torch.random.fork_rng(devices):
            torch.manual_seed(index)
            _, psnr = self._losses(batch)
        self.log("held_out_psnr", psnr, batch_size=1)

    def _images(self, batch: Tensor) -> Tensor:
        x = to_grey(batch.float() / 255, self.recipe.data.grey)
        return x.contiguous(memory_format=torch.channels_last)

    def _losses(self, batch: Tensor) -> tuple[dict[str, Tensor], Tensor]:
        """The loss's parts by name, and the PSNR of the estimates."""
        x = self._images(batch)[:, : self.vae.channels]
        if self.recipe.objective.kind in ("restoration", "ladder"):
            loss, x, estimate = self._restoration(x)
        elif self.recipe.objective.kind == "defects":
            loss, estimate = self._mending(x)
        else:
            latents = self.vae.encode(x, {})
            terms = self.vae.elbo_terms(latents, x)
            loss, estimate = self.objective(terms, x, self.recipe.objective), terms.estimate
        mse = (estimate.detach() - x).square().mean((1, 2, 3))
        return loss, (-10 * torch.log10(mse + 1e-10)).mean()

    def _restoration(self, x: Tensor) -> tuple[dict[str, Tensor], Tensor, Tensor]:
        """Losses, clean images, and their estimates; the kind "ladder" leaves trunk and noise estimate as they are."""
        alone = self.recipe.objective.kind == "ladder"
        observed = observe(x, self.recipe.noise)
        x, y, sigma = observed.clean, observed.image, observed.conditions["sigma"]
        estimated, error = self._estimate(y, sigma)
        share = self.recipe.noise.blind if self.done > 0.1 else 0.0
        blind = torch.rand(len(x), 1, 1, 1, device=x.device) < share
        highest = self.recipe.noise.sigma / 255  # an early estimate may be anything
        seen = estimated.detach().clamp_max(highest)
        told = {**observed.conditions, "sigma": torch.where(blind, seen, sigma)}
        with torch.set_grad_enabled(not alone):
            latents = self.vae.encode(y, told)
        count = max(1, round(self.recipe.objective.share * len(x)))
        terms = self.vae.elbo_terms(latents, x[:count])
        loss = self.objective(terms, x, self.recipe.objective)
        if alone:
            return {"elbo": loss["elbo"]}, x, terms.estimate
        return {**loss, "noise": error}, x, terms.estimate

    def _mending(self, x: Tensor) -> tuple[dict[str, Tensor], Tensor]:
        """Losses of restoring, and of finding, what the VAE itself has spoilt; and the estimates of the clean images."""
        assert isinstance(self.vae, Restorer)
        observed, labels = self.vae.spoil(x)
        latents = self.vae.encode(observed, {})
        count = max(1, round(self.recipe.objective.share * len(x)))
        terms = self.vae.elbo_terms(latents, x[:count])
        loss = restoration(terms, x, self.recipe.objective)
        found = self.recipe.objective.label * self.vae.label_loss(latents, labels)
        return {**loss, "label": found}, terms.estimate

    def _estimate(self, y: Tensor, sigma: Tensor) -> tuple[Tensor, Tensor]:
        """The model's noise map of y, and its mean absolute error in log units."""
        assert isinstance(self.vae, Estimator)
        estimated = self.vae.estimate("sigma", y)
        return estimated, (estimated.log() - sigma.clamp_min(0.3 / 255).log()).abs().mean()

    def _noise_error(self, x: Tensor) -> Tensor:
        """Trains the noise estimate alone; everything else stays as it is."""
        observed = observe(x, self.recipe.noise)
        _, error = self._estimate(observed.image, observed.conditions["sigma"])
        self.log("noise", error.detach(), prog_bar=True)
        return error

    @property
    def done(self) -> float:
        """Share of the budget used up."""
        return self.budget.share(self.spent, self.global_step)

    def configure_optimizers(self) -> Any:
        """Muon; linear warm-up in steps, and a linear fall to zero over the end of the budget.

        In between the rate is constant, so that a run can be resumed with a larger budget from a checkpoint made
        before the fall (Hagele et al. 2024).
        """
        settings = self.recipe.optimiser
        optimiser = Muon(
            self.vae.parameters(),
            settings.rate,
            adam_lr=settings.adam_rate,
            weight_decay=settings.weight_decay,
        )

        def rate(step: int) -> float:
            falling = (1 - self.done) / settings.cooldown if settings.cooldown else 1.0
            return min(1.0, (step + 1) / settings.warmup, max(falling, 0.0)) + 1e-4

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
