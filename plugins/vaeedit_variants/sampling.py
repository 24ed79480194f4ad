"""Many images of a VAE, in batches."""

from collections.abc import Iterator

import torch
from torch import Tensor

from vaeedit.api import FixedSize, Labeled, LoadedVae
from vaeedit_variants.generated import require_generative
from vaeedit_variants.latents import drawn, require_density

BATCH = 100


def sampled_images(
    vae: LoadedVae,
    count: int,
    size: tuple[int, int],
    *,
    density: str = "prior",
    guidance: float = 1.0,
    seed: int = 0,
) -> Iterator[tuple[Tensor, Tensor | None]]:
    """Means of p(x | z) in batches (B, C, H, W), and their labels (B,) for a `Labeled` VAE: each class equally often.

    Image n has the latents of the seed `seed + n`, as in `generated`. Raises UsageError for a VAE that cannot generate, or
    without that density.
    """
    network = require_generative(vae)
    require_density(vae, density)
    size = network.size if isinstance(network, FixedSize) else size
    for start in range(0, count, BATCH):
        numbers = torch.arange(start, min(start + BATCH, count), device=vae.device)
        labels = numbers % network.classes if isinstance(network, Labeled) else None
        given = network if labels is None else network.given_labels(labels, guidance=guidance)
        with torch.inference_mode():
            latents = drawn(given, (seed + numbers).tolist(), size, density)
            yield given.decode(latents).mean.float().clamp(0, 1), labels
