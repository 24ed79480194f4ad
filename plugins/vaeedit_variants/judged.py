"""Figures of a generative VAE on test images: the ELBO with its parts, the importance-weighted bound, active units."""

import math
from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor

from vaeedit.api import importance_bound
from vaeedit_variants.calibration import Calibration

ACTIVE = 0.01
"""Variance, over images, of the posterior mean of a latent from which on it counts as active (Burda et al. 2016)."""


def judge(
    batches: Iterable[tuple[Any, Tensor]],
    *,
    importance: int = 0,
    progress: Callable[[str], None] = lambda text: None,
) -> dict[str, Any]:
    """Means over the images of `batches`, in nats per image: pairs of a `Generative` network and images that it judges.

    Images are (B, C, H, W), in [0, 1]. A conditional VAE comes under the condition of these images.

    The ELBO is estimated by one posterior sample for each image, the importance-weighted bound by `importance` samples
    (0: it is left out). Raises ValueError where there is no image.
    """
    parts: dict[str, list[Tensor]] = {}
    codes, values, calibration = [], 0, Calibration()
    with torch.inference_mode():
        for network, x in batches:
            features = network.features(x)
            draw = network.draw(x, features)
            found = {
                "elbo": draw.elbo,
                "reconstruction": -draw.log_likelihood,
                "kl": draw.log_likelihood - draw.elbo,
            }
            found |= {f"kl_{level}": nats for level, nats in enumerate(draw.kl, 1) if len(draw.kl) > 1}
            if importance:
                found["importance_bound"] = importance_bound(
                    network.draw(x, features) for _ in range(importance)
                )
            for name, nats in found.items():
                parts.setdefault(name, []).append(nats.double())
            codes.append([code.flatten(1) for code in draw.codes])
            values = x[0].numel()
            calibration.add(draw.likelihood, x)
            progress(f"{sum(map(len, parts['elbo']))} images")
    if not parts:
        raise ValueError("there is no image to judge the VAE by")
    means = {name: torch.cat(nats).mean().item() for name, nats in parts.items()}
    best = means.get("importance_bound", means["elbo"])
    active = [(torch.cat(level).var(0) > ACTIVE).sum().item() for level in zip(*codes, strict=True)]
    units = [level.shape[1] for level in codes[0]]
    return {
        "images": sum(map(len, parts["elbo"])),
        **{name: round(nats, 3) for name, nats in means.items()},
        "bits_per_dimension": round(-best / values / math.log(2), 4),
        "active_units": f"{int(sum(active))} of {sum(units)}",
        **calibration.figures(),
    }
