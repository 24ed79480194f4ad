"""The noise estimator: a map of the noise's standard deviation from the image alone (as in VDN, Yue et al. 2019)."""

from torch import Tensor, nn
from torch.nn import functional as F

from vaeedit_ladder.api import stage


class NoiseEstimator(nn.Module):
    """Standard deviation of the noise at each pixel of y, on a grid of stride 4."""

    def __init__(self, channels: int, width: int = 48, blocks: int = 3) -> None:
        super().__init__()
        self.stem = nn.Conv2d(16 * channels, width, 3, padding=1)
        self.body = stage(width, blocks)
        self.final = nn.Conv2d(width, 1, 3, padding=1)
        nn.init.constant_(self.final.bias, -2.5)  # type: ignore[arg-type]

    def forward(self, y: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, 1, H, W), in the units of y."""
        log_sigma = self.final(self.body(self.stem(F.pixel_unshuffle(y, 4)))).float()
        return F.interpolate(log_sigma.clamp(-8, 0), scale_factor=4.0, mode="nearest").exp()


class EstimatesNoise:
    """Part of a VAE with the condition "sigma", which makes it an `Estimator`; its `__init__` sets `noise`."""

    noise: NoiseEstimator

    def estimate(self, name: str, x: Tensor) -> Tensor:
        """The noise map "sigma" (B, 1, H, W), in the units of the observed image x (B, C, H, W)."""
        if name != "sigma":
            raise KeyError(name)
        sigma: Tensor = self.noise(x)
        return sigma
