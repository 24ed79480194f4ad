"""`vaeedit evaluate reconstruct`: measures what a VAE loses of pictures."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from vaeedit.api import AllOfIt, Condition, Pair, evaluation_command, pictures, read


@dataclass(frozen=True)
class Reconstructing(AllOfIt):
    """Pictures are encoded and decoded at the posterior mean, with the coarsest `channels` of the latents (0: all).

    First, the latents of each picture move by `refine` gradient steps.
    """

    channels: int = 0
    refine: int = 0
    operation = "reconstruct"
    protocol = "decoded posterior mean, rounded to 8 bits; PSNR and SSIM on RGB"

    @property
    def setting(self) -> dict[str, Any]:
        """The number of channels, and the number of gradient steps if it is not 0."""
        return {"channels": self.channels or "all", **({"refine": self.refine} if self.refine else {})}

    @property
    def options(self) -> dict[str, Any]:
        """Options of `reconstruct`."""
        return {"channels": self.channels, "refine": self.refine}

    @property
    def conditions(self) -> dict[str, Condition]:
        """No conditions."""
        return {}

    @property
    def sample(self) -> dict[str, Any]:
        """No options: `reconstruct` draws no samples."""
        return {}

    def pairs(self, folder: Path) -> Iterator[Pair]:
        """Every picture, compared with itself."""
        for path in pictures(folder):
            reference = read(path)
            yield Pair(path, reference, reference)


def _tasks(channels: tuple[int, ...], refine: int) -> list[Reconstructing]:
    return [Reconstructing(count, refine) for count in channels]


reconstruct = evaluation_command(
    _tasks,
    [
        click.Option(
            ["--channels"],
            type=click.IntRange(0),
            multiple=True,
            default=(10, 14, 0),
            show_default=True,
            help="Number of latent channels to keep, counted from the coarsest level; 0 keeps all; may be repeated.",
        ),
        click.Option(
            ["--refine"],
            type=click.IntRange(0, 1000),
            default=0,
            show_default=True,
            help="Gradient steps on the latents of each picture.",
        ),
    ],
    vae="photo",
)
