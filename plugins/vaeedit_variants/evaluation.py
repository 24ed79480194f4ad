"""`vaeedit evaluate vae`: a VAE as a generative model, on the images of a data source."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import click
import numpy as np
import torch
from torch import Tensor

from vaeedit.api import (
    FixedSize,
    ImageError,
    Labeled,
    Session,
    Source,
    UsageError,
    console,
    open_source,
    rows_command,
)
from vaeedit_variants.generated import require_generative
from vaeedit_variants.judged import judge

BATCH = 100


def images(
    source: Source, split: str, limit: int | None, *, binarize: bool, seed: int
) -> Iterator[tuple[Tensor, Tensor]]:
    """Batches (B, C, H, W) in [0, 1] of the first `limit` images of a split, in order, with their labels (B,).

    Damaged images are left out. With `binarize` each value is drawn once as 0 or 1, with its gray value as the probability.
    """
    generator = torch.Generator().manual_seed(seed)
    loaded = islice(_loaded(source, split), limit)
    while group := list(islice(loaded, BATCH)):
        pixels, labels = zip(*group, strict=True)
        x = torch.from_numpy(np.stack(pixels)).permute(0, 3, 1, 2).float() / 255
        yield torch.bernoulli(x, generator=generator) if binarize else x, torch.tensor(labels)


def _loaded(source: Source, split: str) -> Iterator[tuple[np.ndarray, int]]:
    for example in source.split(split).examples():
        try:
            yield example.load(), example.label
        except ImageError as error:
            console.warn(str(error))


def _suitable(x: Tensor, network: Any, name: str) -> Tensor:
    """The images (B, C, H, W); raises UsageError where the VAE takes others."""
    height, width = network.size if isinstance(network, FixedSize) else x.shape[2:]
    if tuple(x.shape[1:]) != (network.channels, height, width):
        raise UsageError(
            f"The VAE {name} takes images of {width}x{height} pixels with {network.channels} channels, and the data has "
            f"{x.shape[3]}x{x.shape[2]} with {x.shape[1]}; use the data that it was trained on, or another VAE."
        )
    return x


def figures(
    session: Session,
    vae: str,
    data: str,
    split: str,
    importance: int,
    limit: int | None,
    binarize: bool | None,
    seed: int,
) -> list[dict[str, Any]]:
    """One row: the protocol, and what `judge` measures of a VAE on a split of the data."""
    source = open_source(Path(data))
    loaded = session.vae(vae)
    network = require_generative(loaded)
    objective: dict[str, Any] = loaded.info.recipe.get("objective", {})
    drawn = objective.get("binarize", False) if binarize is None else binarize
    torch.manual_seed(seed)
    labeled = isinstance(network, Labeled)
    if labeled:
        source.require_labels(split)
    batches = (
        (
            network.given_labels(labels.to(session.device)) if labeled else network,
            _suitable(x, network, loaded.info.name).to(session.device),
        )
        for x, labels in images(source, split, limit, binarize=drawn, seed=seed)
    )
    with session.autocast():
        means = judge(batches, importance=importance, progress=console.progress)
    how = f"each value drawn as 0 or 1 by its gray value (seed {seed})" if drawn else "gray values"
    bound = f"; {importance} samples for the importance-weighted bound" if importance else ""
    known = ", given their true labels" if labeled else ""
    return [
        {"protocol": f"{split} images{known}, {how}; nats per image{bound}", "vae": loaded.info.name, **means}
    ]


vae = rows_command(
    figures,
    [
        click.Argument(["data"], metavar="DATA"),
        click.Option(["--split"], default="test", show_default=True, help="Part of the data: train, validation or test."),
        click.Option(
            ["--importance"], type=click.IntRange(0, 100_000), default=0, show_default=True,
            help="Posterior samples per image for the importance-weighted bound; the literature takes 5000. 0 leaves it out.",
        ),
        click.Option(["--limit"], type=click.IntRange(1), help="Use only this many images, the first ones."),
        click.Option(
            ["--binarize/--no-binarize"], default=None,
            help="Draw each value as 0 or 1, with its gray value as the probability; by default as in the VAE's recipe.",
        ),
        click.Option(["--seed"], type=click.IntRange(0), default=0, show_default=True, help="Seed of all draws."),
    ],
    epilog="Example: vaeedit evaluate vae mnist/ --vae digits.safetensors --importance 5000",
)  # fmt: skip
