"""`vaeedit evaluate completion`: how likely the hidden quadrants of images are, given the visible ones (Sohn et al. 2015).

The negative conditional log-likelihood is estimated by importance sampling, -log(1/K sum_k p(x_hidden | z_k, c) p(z_k | c) /
q(z_k | x, c)) with z_k ~ q(z | x, c); on average that is an upper bound.
"""

from collections.abc import Iterator
from typing import Any

import click
import torch
from torch import Tensor

from vaeedit.api import Completing, LoadedVae, Session, UsageError, console, importance_bound, rows_command
from vaeedit_variants.images import PARAMETERS, Images
from vaeedit_variants.masks import quadrants

VISIBLE = (
    ("lower left",),
    ("lower left", "upper left"),
    ("lower left", "upper left", "upper right"),
    ("lower left", "upper left", "lower right"),
)
"""One, two and three quadrants as in Sohn et al. (2015); of three, both positions that complete the left half."""


def require_completing(vae: LoadedVae) -> Any:
    """The network of a VAE of the hidden part of images; raises UsageError for another one."""
    if not isinstance(vae.network, Completing):
        raise UsageError(
            f"The VAE {vae.info.name} cannot complete images: it does not model the hidden part given the visible part. "
            "Use mnist-completion, or train a VAE with the objective `completion`."
        )
    return vae.network


def figures(session: Session, vae: str, importance: int, **chosen: Any) -> Iterator[dict[str, Any]]:
    """A row for each number of visible quadrants."""
    images = Images(**chosen)
    loaded = session.vae(vae)
    network = require_completing(loaded)
    for number, names in enumerate(VISIBLE, 1):
        torch.manual_seed(images.seed)
        nats: list[Tensor] = []
        with torch.inference_mode(), session.autocast():
            for x, _ in images.batches(loaded):
                nats.append(-_bound(network, x, quadrants(names, x.shape[2:]).to(x), importance))
                console.progress(f"{number} of {len(VISIBLE)}: {sum(map(len, nats))} images")
        if not nats:
            raise UsageError(f"There is no image in {images.data} to judge the VAE by.")
        found = torch.cat(nats)
        yield {
            "protocol": f"{images.protocol(loaded)}, of the hidden quadrants; importance sampling with {importance} samples "
            "of the posterior",
            "vae": loaded.info.name,
            "visible": ", ".join(names),
            "images": len(found),
            "nll": round(found.mean().item(), 3),
            "standard_error": round((found.std() / len(found) ** 0.5).item(), 3),
        }


def _bound(network: Any, x: Tensor, visible: Tensor, importance: int) -> Tensor:
    """The importance-weighted bound of log p(x_hidden | x_visible), (B,), in nats."""
    given = network.given_visible(x, visible)
    features = given.features(x)
    return importance_bound(given.draw(x, features) for _ in range(importance))


completion = rows_command(
    figures,
    [
        *PARAMETERS,
        click.Option(
            ["--importance"], type=click.IntRange(1, 100_000), default=100, show_default=True,
            help="Posterior samples per image, of importance sampling; Sohn et al. (2015) take 100.",
        ),
    ],
    vae="mnist-completion",
    by="visible",
    epilog="Example: vaeedit evaluate completion mnist/ --importance 100",
)  # fmt: skip
