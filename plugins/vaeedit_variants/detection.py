"""`vaeedit evaluate uncertainty`: how well epistemic variance distinguishes images that are unlike the training images."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import click
import numpy as np
import torch
from torch import Tensor

from vaeedit.api import LoadedVae, Session, UsageError, WeightPosterior, console, rows_command
from vaeedit_variants.images import PARAMETERS, Images
from vaeedit_variants.predictive import predicted
from vaeedit_variants.unlike import UNLIKE

STATISTIC = "sum over pixels of the epistemic variance, relative to that of the aleatoric variance"


def require_bayesian(vae: LoadedVae) -> Any:
    """The network of a VAE that has a posterior over its weights; raises UsageError for another one."""
    if not isinstance(vae.network, WeightPosterior):
        raise UsageError(
            f"The VAE {vae.info.name} has no posterior over its weights, so none of its variance is epistemic; "
            "train one with the architecture `bayesian`, an example is the recipe mnist-bayesian."
        )
    return vae.network


def scores(network: Any, x: Tensor, samples: int, seed: int) -> dict[str, Tensor]:
    """Figures (B,) of images (B, C, H, W), higher where an image is more unlike those of the training.

    `epistemic` is the sum over pixels of the epistemic variance, relative to that of the aleatoric one: without the second,
    long strokes alone would count. The others are baselines without a posterior over the weights: `elbo`, the negative ELBO
    at their mean, and its part `reconstruction`.
    """
    found = predicted(network, x, samples=samples, seed=seed)
    epistemic, aleatoric = (part.flatten(1).sum(1) for part in (found.epistemic, found.aleatoric))
    mean = network.given_weights(None)
    draw = mean.draw(x, mean.features(x))
    return {
        "epistemic": epistemic / aleatoric,
        "elbo": -draw.elbo,
        "reconstruction": -draw.log_likelihood,
    }


def auroc(usual: Tensor, unlike: Tensor) -> float:
    """The probability that a score of `unlike` (N,) is higher than one of `usual` (M,)."""
    from sklearn.metrics import roc_auc_score

    truth = np.concatenate([np.zeros(len(usual)), np.ones(len(unlike))])
    return round(float(roc_auc_score(truth, torch.cat([usual, unlike]).numpy())), 4)


def detection(
    session: Session, vae: str, against: tuple[str, ...], samples: int, **chosen: Any
) -> Iterator[dict[str, Any]]:
    """A row for each kind of images that DATA, the `Images` that are chosen, is compared with."""
    usual = Images(**chosen)
    loaded = session.vae(vae)
    network = require_bayesian(loaded)
    drawn = usual.drawn(loaded)

    def scored(batches: Iterator[Tensor]) -> dict[str, Tensor]:
        torch.manual_seed(usual.seed)
        parts = []
        with torch.inference_mode(), session.autocast():
            for x in batches:
                ready = torch.bernoulli(x) if drawn else x
                parts.append(scores(network, ready, samples, usual.seed))
                console.progress(f"{sum(len(part['elbo']) for part in parts)} images")
        return {name: torch.cat([part[name] for part in parts]).float().cpu() for name in parts[0]}

    known = scored(_gray(usual, loaded))
    for other in against or tuple(UNLIKE):
        if other in UNLIKE:
            unlike = scored(_changed(_gray(usual, loaded), UNLIKE[other], usual.seed))
        else:
            unlike = scored(_gray(replace(usual, data=other), loaded))
        yield {
            "protocol": f"AUROC of {len(known['elbo'])} {usual.split} images against {len(unlike['elbo'])}"
            f"{', each value drawn as 0 or 1 by its gray value' if drawn else ''}; {samples} samples of the weights, "
            f"seed {usual.seed}; epistemic: {STATISTIC}; elbo, reconstruction: at the mean of the weights",
            "vae": loaded.info.name,
            "against": other,
            **{name: auroc(known[name], unlike[name]) for name in known},
        }


def _gray(images: Images, vae: LoadedVae) -> Iterator[Tensor]:
    """Batches (B, C, H, W) in [0, 1]."""
    return (x for x, _ in replace(images, binarize=False).batches(vae))


def _changed(batches: Iterator[Tensor], change: Callable[..., Any], seed: int) -> Iterator[Tensor]:
    """The batches, changed by a function of `UNLIKE`."""
    for number, x in enumerate(batches):
        pixels = (x.permute(0, 2, 3, 1).cpu().numpy() * 255).round().astype(np.uint8)
        changed = torch.from_numpy(np.array(change(pixels, seed + number)))
        yield changed.permute(0, 3, 1, 2).to(x) / 255


uncertainty = rows_command(
    detection,
    [
        *PARAMETERS,
        click.Option(
            ["--against"], multiple=True, metavar="KIND|DATA",
            help=f"What DATA is compared with: {', '.join(UNLIKE)}, or other data; may be repeated. By default each kind.",
        ),
        click.Option(
            ["--samples"], type=click.IntRange(2, 1000), default=16, show_default=True, help="Samples of the weights."
        ),
    ],
    by="against",
    epilog="Example: vaeedit evaluate uncertainty mnist/ --vae digits.safetensors --against rotated",
)  # fmt: skip
