"""The noise estimator: predicts a map of the noise's standard deviation from the image (as VDN, Yue et al. 2019)."""

from torch import Tensor, nn
from torch.nn import functional as F

from vaeedit_ladder.api import stage


class NoiseEstimator(nn.Module):
    """Predicts the standard deviation of the noise, on a grid of stride 4."""

    def __init__(self, channels: int, width: int = 48, blocks: int = 3) -> None:
        super().__init__()
        self.stem = nn.Conv2d(16 * channels, width, 3, padding=1)
        self.body = stage(width, blocks)
        self.final = nn.Conv2d(width, 1, 3, padding=1)
        nn.init.constant_(self.final.bias, -2.5)  # type: ignore[arg-type]

    def forward(self, y: Tensor) -> Tensor:
        """Observed images y (B, C, H, W) in [0, 1] -> noise maps (B, 1, H, W) in the same unit; sides are multiples of 4."""
        log_sigma = self.final(self.body(self.stem(F.pixel_unshuffle(y, 4)))).float()
        return F.interpolate(log_sigma.clamp(-8, 0), scale_factor=4.0, mode="nearest").exp()


class EstimatesNoise:
    """Makes a VAE with the condition "sigma" an `Estimator`; the `__init__` of the VAE sets `noise`."""

    noise: NoiseEstimator

    def estimate(self, name: str, x: Tensor) -> Tensor:
        """The noise map "sigma" (B, 1, H, W) of observed images x (B, C, H, W) in [0, 1], in the same unit.

        Raises KeyError for another name.
        """
        if name != "sigma":
            raise KeyError(name)
        sigma: Tensor = self.noise(x)
        return sigma
