"""The images of a data source that an evaluation is about, in batches."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import click
import numpy as np
import torch
from torch import Tensor

from vaeedit.api import FixedSize, LoadedVae, UsageError, console, open_source, readable

BATCH = 100


@dataclass(frozen=True)
class Images:
    """The first `limit` images of a split, in order; damaged images are left out.

    With `binarize` each value is drawn once as 0 or 1, by `seed`, with its gray value as the probability of 1; None: as in
    the recipe of the VAE.
    """

    data: str
    split: str
    limit: int | None
    binarize: bool | None
    seed: int

    def batches(self, vae: LoadedVae, *, labels: bool = False) -> Iterator[tuple[Tensor, Tensor]]:
        """Batches (B, C, H, W) in [0, 1], on the device of a VAE, and their labels (B,), -1 for none.

        Raises UsageError where the VAE takes other images and, with `labels`, for a split without labels.
        """
        source = open_source(Path(self.data))
        if labels:
            source.require_labels(self.split)
        generator = torch.Generator().manual_seed(self.seed)
        examples = readable(source.split(self.split).examples(), console.warn)
        loaded = ((image, example.label) for example, image in islice(examples, self.limit))
        drawn = self.drawn(vae)
        while group := list(islice(loaded, BATCH)):
            pixels, classes = zip(*group, strict=True)
            x = torch.from_numpy(np.stack(pixels)).permute(0, 3, 1, 2).float() / 255
            x = torch.bernoulli(x, generator=generator) if drawn else x
            yield _suitable(x, vae).to(vae.device), torch.tensor(classes, device=vae.device)

    def drawn(self, vae: LoadedVae) -> bool:
        """Whether the values are drawn as 0 or 1."""
        trained = bool(vae.info.recipe.get("objective", {}).get("binarize", False))
        return trained if self.binarize is None else self.binarize

    def protocol(self, vae: LoadedVae) -> str:
        """Which images they are, for people."""
        drawn = f"each value drawn as 0 or 1 by its gray value (seed {self.seed})"
        return f"{self.split} images, {drawn if self.drawn(vae) else 'gray values'}; nats per image"


PARAMETERS = [
    click.Argument(["data"], metavar="DATA"),
    click.Option(["--split"], default="test", show_default=True, help="Part of the data: train, validation or test."),
    click.Option(["--limit"], type=click.IntRange(1), help="Use only this many images, the first ones."),
    click.Option(
        ["--binarize/--no-binarize"], default=None,
        help="Draw each value as 0 or 1, with its gray value as the probability; by default as in the VAE's recipe.",
    ),
    click.Option(["--seed"], type=click.IntRange(0), default=0, show_default=True, help="Seed of all draws."),
]  # fmt: skip
"""The parameters of a command that makes `Images`."""


def _suitable(x: Tensor, vae: LoadedVae) -> Tensor:
    network = vae.network
    height, width = network.size if isinstance(network, FixedSize) else x.shape[2:]
    if tuple(x.shape[1:]) != (network.channels, height, width):
        raise UsageError(
            f"The VAE {vae.info.name} takes images of {width}x{height} pixels with {network.channels} channels, and the "
            f"data has {x.shape[3]}x{x.shape[2]} with {x.shape[1]}; use the data that it was trained on, or another VAE."
        )
    return x
