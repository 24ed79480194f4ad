"""`vaeedit evaluate reconstruct`: measures what a VAE loses of pictures."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from vaeedit.api import AllOfIt, Pair, Session, evaluation_command, pictures, read, working


class Reconstructing(AllOfIt):
    """Pictures are encoded and decoded at the posterior mean, with the coarsest `channels` of the latents (0: all).

    First, the latents of each picture move by `refine` gradient steps.
    """

    operation = "reconstruct"
    protocol = "decoded posterior mean, rounded to 8 bits; PSNR and SSIM on RGB"

    def __init__(self, channels: int = 0, refine: int = 0) -> None:
        self.setting = {"channels": channels or "all", **({"refine": refine} if refine else {})}
        self.options = {"channels": channels, "refine": refine}

    def pairs(self, folder: Path) -> Iterator[Pair]:
        """Every picture, compared with itself."""
        for path in pictures(folder):
            reference = working(read(path))
            yield Pair(path, reference, reference)


def _tasks(channels: Sequence[int], refine: int) -> list[Reconstructing]:
    counts = channels or _own_counts(click.get_current_context().params["vae"])
    return [Reconstructing(count, refine) for count in counts]


def _own_counts(vae: str) -> list[int]:
    """The numbers of channels that a VAE was trained to decode alone, if it names them (`PhotoConfig.nested`), and all."""
    with Session(device="cpu") as session:
        nested = session.vae(vae).info.config.get("nested", ())
    return [*nested[:-1], 0]


reconstruct = evaluation_command(
    _tasks,
    [
        click.Option(
            ["--channels"],
            type=click.IntRange(0),
            multiple=True,
            help="Number of latent channels to keep, counted from the coarsest level; 0 keeps all; may be repeated. "
            "By default those that the VAE was trained to decode alone, and all.",
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
