"""`vaeedit evaluate vae`: a VAE as a generative model, on the images of a data source."""

from typing import Any

import click
import torch

from vaeedit.api import Labeled, Session, WeightPosterior, console, rows_command
from vaeedit_variants.generated import require_generative
from vaeedit_variants.images import PARAMETERS, Images
from vaeedit_variants.judged import judge
from vaeedit_variants.sample_quality import Samples, sample_options


def figures(
    session: Session,
    vae: str,
    importance: int,
    features: str | None,
    samples: int,
    density: str,
    guidance: float,
    trust: bool,
    **chosen: Any,
) -> list[dict[str, Any]]:
    """One row: the protocol, and what `judge` and `Samples` measure of a VAE on the `Images` that are chosen."""
    images, drawn = Images(**chosen), Samples(features, samples, density, guidance, trust)
    loaded = session.vae(vae)
    network = require_generative(loaded)
    extractor = drawn.extractor(session, loaded)
    labeled = isinstance(network, Labeled)
    torch.manual_seed(images.seed)
    batches = (
        (network.given_labels(labels) if labeled else network, x)
        for x, labels in images.batches(loaded, labels=labeled)
    )
    with session.autocast():
        means = judge(batches, importance=importance, progress=console.progress)
        means |= drawn.figures(extractor, loaded, images) if extractor else {}
    known = "; given their true labels" if labeled else ""
    known += (
        "; the weights drawn from their posterior for each image"
        if isinstance(network, WeightPosterior)
        else ""
    )
    bound = f"; {importance} samples for the importance-weighted bound" if importance else ""
    protocol = images.protocol(loaded) + known + bound + (drawn.protocol(extractor) if extractor else "")
    return [{"protocol": protocol, "vae": loaded.info.name, **means}]


vae = rows_command(
    figures,
    [
        *PARAMETERS,
        click.Option(
            ["--importance"], type=click.IntRange(0, 100_000), default=0, show_default=True,
            help="Posterior samples per image for the importance-weighted bound; the literature takes 5000. 0 leaves it out.",
        ),
        *sample_options(),
    ],
    epilog="Example: vaeedit evaluate vae mnist/ --vae digits.safetensors --importance 5000",
)  # fmt: skip
