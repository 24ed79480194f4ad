"""A model of normal images that nothing was fitted to, for what does not depend on how well it scores; and images for it."""

from pathlib import Path

import msgspec
import numpy as np
import torch

from vaeedit.api import Frame
from vaeedit.image import write
from vaeedit.vae.files import VaeInfo, save_vae
from vaeedit_anomaly import NormalConfig
from vaeedit_anomaly.calibration import Calibration, Tail, Usual
from vaeedit_anomaly.network import NormalRestorer
from vaeedit_anomaly.places import CELLS, Places
from vaeedit_anomaly.scales import Scales
from vaeedit_anomaly.sizes import Preparation

SHAPE = {
    "channels": 1,
    "widths": [4, 4],
    "blocks": [1, 1],
    "latents": [1, 1],
    "ladder_widths": [4, 4],
    "encoder_widths": [4, 4],
}


def calibration() -> Calibration:
    """Of random numbers."""
    rng = np.random.default_rng(0)
    tail = Tail.of(rng.random(100))
    structure, defect = (
        Usual(Places.of(size * rng.random((6, CELLS, CELLS)).astype(np.float32)), tail) for size in (0.3, 8)
    )
    return Calibration(
        preparation=Preparation(1, 1.0),
        areas=(1000, 4000),
        maps={"structure": structure, "defect": defect},
        scales=Scales.of([np.full((40, 48), k, np.float32) for k in range(6)]),
        scores=Tail.of(3 * rng.random(100) ** 6),
        held_out=6,
    )


def small_model(path: Path, seed: int = 0) -> Path:
    """Write it, with a head that is not zero, so that images differ."""
    torch.manual_seed(seed)
    network = NormalRestorer(NormalConfig(**SHAPE))
    for weights in network.parameters():
        if not weights.any():
            torch.nn.init.normal_(weights, 0, 0.1)
    info = VaeInfo(
        name="part",
        architecture="normal-restorer",
        config=SHAPE,
        calibration=msgspec.to_builtins(calibration()),
    )
    save_vae(path, network, info)
    return path


def image(seed: int = 0) -> Frame:
    """Noise, whose contrast differs between seeds."""
    rng = np.random.default_rng(seed)
    return Frame(rng.integers(0, rng.integers(20, 255), (40, 48, 1), np.uint8))


def images(folder: Path, count: int, first: int = 0) -> Path:
    """A folder of them."""
    folder.mkdir(parents=True, exist_ok=True)
    for seed in range(first, first + count):
        write(image(seed), folder / f"{seed:03}.png")
    return folder
