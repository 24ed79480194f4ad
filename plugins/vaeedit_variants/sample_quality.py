"""The part of `vaeedit evaluate vae` that judges samples: its options, and its figures with their protocol."""

from dataclasses import dataclass, replace
from typing import Any

import click
import torch

from vaeedit.api import LoadedVae, Session, UsageError, console
from vaeedit_variants.features import Features, load_features
from vaeedit_variants.images import Images
from vaeedit_variants.latents import DENSITIES, density_option, require_density
from vaeedit_variants.realism import metrics, realism
from vaeedit_variants.sampling import sampled_images


def sample_options() -> list[click.Parameter]:
    """Return the options that make `Samples`."""
    return [
        click.Option(
            ["--features"], metavar="NAME|FILE",
            help="Also judge samples, by the features of a classifier such as mnist-classifier, or of a TorchScript file.",
        ),
        click.Option(
            ["--samples"], type=click.IntRange(10), default=10_000, show_default=True,
            help="Number of samples for --features.",
        ),
        density_option(),
        click.Option(
            ["--guidance"], type=click.FloatRange(0, 100), default=1.0, show_default=True, metavar="W",
            help="Guidance of samples by their class, as in `vaeedit generate`.",
        ),
        click.Option(
            ["--trust"], is_flag=True, default=False,
            help="Run the program in a TorchScript file of --features, which can do what you can do.",
        ),
    ]  # fmt: skip


@dataclass(frozen=True)
class Samples:
    """So many images drawn from a VAE, and the features by which they are judged; without features there is no figure."""

    features: str | None
    count: int
    density: str
    guidance: float
    trust: bool

    def extractor(self, session: Session, vae: LoadedVae) -> Features | None:
        """The features, if any are named. Raises UsageError or MissingExtra, before any work, for what cannot be used."""
        if self.features is None:
            if self.density != "prior":
                raise UsageError(
                    "--density chooses what samples are drawn from; name --features to judge them by."
                )
            return None
        require_density(vae, self.density)
        metrics()
        return load_features(session, self.features, trust=self.trust)

    def figures(self, features: Features, vae: LoadedVae, images: Images) -> dict[str, Any]:
        """What `realism` measures against the same images in gray values; raises UsageError for too few of them."""
        real = [x for x, _ in replace(images, binarize=False).batches(vae)]
        height, width = real[0].shape[2:]
        chosen: dict[str, Any] = {"density": self.density, "guidance": self.guidance, "seed": images.seed}
        generated = sampled_images(vae, self.count, (height, width), **chosen)
        console.progress(f"{self.count} samples")
        torch.manual_seed(images.seed)
        try:
            return realism(features, real, generated)
        except ValueError as error:
            raise UsageError(f"The samples cannot be judged: {error}.") from None

    def protocol(self, features: Features) -> str:
        """How they are made and judged, for people."""
        return (
            f"; {self.count} samples, means of p(x|z) with z from {DENSITIES[self.density]}, each class equally often where "
            f"labels are given (guidance {self.guidance:g}), against the same images in gray values; "
            f"{features.note}"
        )
