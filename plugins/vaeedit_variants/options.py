"""Options of the networks, objectives and operations; light, so that `vaeedit --help` can list them."""

from typing import Annotated, Literal

from vaeedit.api import LikelihoodName, Options, bounded, option

Widths = tuple[Annotated[int, bounded(ge=1, le=4096)], ...]


class ImageConfig(Options, frozen=True):
    """Shape of the images of a network that takes one size; the defaults are those of MNIST."""

    channels: Annotated[int, option("Image channels: 1 for gray, 3 for color.", ge=1, le=64)] = 1
    height: Annotated[int, option("Height of the images, in pixels.", ge=1, le=1024)] = 28
    width: Annotated[int, option("Width of the images, in pixels.", ge=1, le=1024)] = 28


class PlainConfig(ImageConfig, frozen=True):
    """Hyper-parameters of the plain VAE; the defaults are those of Kingma & Welling's network for MNIST, with 50 latents."""

    layers: Annotated[Literal["dense", "convolutional"], option("Kind of the layers.")] = "dense"
    widths: Annotated[Widths, option("Units of each dense layer, or channels of each stage.", most=8)] = (
        500,
        500,
    )
    blocks: Annotated[int, option("Residual blocks of each convolutional stage.", ge=0, le=64)] = 1
    latents: Annotated[int, option("Number of latents.", ge=1, le=4096)] = 50
    likelihood: Annotated[
        LikelihoodName, option("Distribution of the values of an image, given the latents.")
    ] = "bernoulli"
    mixture: Annotated[
        int,
        option(
            "Components of a Gaussian mixture of the latents, which `vaeedit fit-density` fits after training; 0: none.",
            ge=0,
            le=1000,
        ),
    ] = 0


class ConditionalConfig(PlainConfig, frozen=True):
    """Hyper-parameters of the conditional VAE."""

    classes: Annotated[int, option("Number of classes.", ge=1, le=100_000)] = 10


class RelabelOptions(Options, frozen=True):
    """Options of `relabel`."""

    to: Annotated[int | str, option("Class of the result: its name or number.", example="1")]
    from_: Annotated[
        int | str,
        option(
            "Class of the picture: its name or number; auto tries every class and takes that of the largest ELBO."
        ),
    ] = "auto"
    guidance: Annotated[
        float,
        option("How far to move from any class (0) to that of the result (1), and beyond.", ge=0, le=100),
    ] = 1.0


class BoundOptions(Options, frozen=True):
    """Options of objectives that are a bound of the likelihood."""

    binarize: Annotated[
        bool,
        option(
            "Draw each value of an image as 0 or 1, anew in every step, with its gray value as the probability."
        ),
    ] = False
    beta: Annotated[float, option("Weight of the KL divergence (Higgins et al. 2017).", ge=0)] = 1.0
    warmup: Annotated[
        float,
        option("Share of the budget over which the weight of the KL divergence rises from 0.", ge=0, le=1),
    ] = 0.0
    free_nats: Annotated[
        float, option("KL of each level below which it is not reduced, in nats (Kingma et al. 2016).", ge=0)
    ] = 0.0
    temperature: Annotated[
        float,
        option(
            "Weight of the KL divergence of a posterior over the weights; below 1 it is narrower than by Bayes' rule "
            "(a cold posterior, Wenzel et al. 2020).",
            ge=0,
        ),
    ] = 1.0
    draws: Annotated[
        int,
        option(
            "Posterior samples of the importance-weighted bound (Burda et al. 2016); 1 is the ELBO.",
            ge=1,
            le=100,
        ),
    ] = 1


class ElboOptions(BoundOptions, frozen=True):
    """Options of the objective `likelihood`."""

    drop_labels: Annotated[
        float,
        option(
            "Of networks of labeled images: share of the labels that are replaced by any class "
            "(Ho & Salimans 2022).",
            ge=0,
            le=1,
        ),
    ] = 0.1
