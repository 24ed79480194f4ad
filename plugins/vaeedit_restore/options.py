"""Options of the restoring operations, and of the objectives that train their VAEs."""

from typing import Annotated, Literal

from vaeedit.api import ConditionalWeights, Options, bounded, option


class RestorationOptions(Options, frozen=True):
    """Options of every operation that restores an image."""

    samples: Annotated[
        int,
        option(
            "Number of posterior samples to average; 0 uses the VAE's mean, which has less error.",
            ge=0,
            le=256,
            example=2,
        ),
    ] = 0
    quality: Annotated[
        Literal["normal", "best"],
        option("best averages eight rotated and mirrored runs, which takes eight times as long."),
    ] = "normal"


class DenoiseOptions(RestorationOptions, frozen=True):
    """Options of `vaeedit denoise`."""

    sigma: Annotated[
        Annotated[float, bounded(ge=0, le=75)] | Literal["auto"],
        option("Standard deviation of the noise, in units of 1/255; auto estimates it at every pixel."),
    ] = "auto"
    strength: Annotated[
        float, option("Factor on the noise level: 0 changes nothing, 1 removes all noise.", ge=0, le=2)
    ] = 1.0
    detail: Annotated[
        float,
        option(
            "Protection of skin, texture and fine structure: 0 has the least error and looks smooth, 1 keeps their "
            "full contrast.",
            ge=0,
            le=1,
        ),
    ] = 0.6
    luma: Annotated[float, option("Share of the noise in brightness to remove.", ge=0, le=1)] = 1.0
    chroma: Annotated[float, option("Share of the noise in color to remove.", ge=0, le=1)] = 1.0
    realism: Annotated[
        float,
        option("Fine grain to add, where the VAE is unsure of the detail beneath the noise.", ge=0, le=1),
    ] = 0.0


class SuperResolveOptions(RestorationOptions, frozen=True):
    """Options of `vaeedit super-resolve`."""

    scale: Annotated[Literal[2, 3, 4], option("Factor on width and height.")] = 2
    model: Annotated[
        Literal["photo", "bicubic"],
        option(
            "photo estimates the noise and removes it; bicubic takes every pixel as exact. Neither removes JPEG "
            "artifacts: run denoise first."
        ),
    ] = "photo"
    realism: Annotated[
        float,
        option("From the mean (0: least error) to a posterior sample (1: plausible detail).", ge=0, le=1),
    ] = 0.0


class Noise(Options, frozen=True):
    """Degradation that makes observed images from clean ones."""

    scales: Annotated[
        tuple[int, ...], option("Factors of downscaling, one drawn in each step; none keeps the size.")
    ] = ()
    blur: Annotated[
        float,
        option(
            "Largest blur of the clean image: before downscaling, in pixels of the small image; without downscaling, of the "
            "images with camera noise.",
            ge=0,
            le=3,
        ),
    ] = 0.0
    clean: Annotated[float, option("Share of images without noise, rounded to 8 bits.", ge=0, le=1)] = 0.0
    sigma: Annotated[float, option("Largest standard deviation, in units of 1/255.", ge=0, le=255)] = 75.0
    skew: Annotated[float, option("Above 1, weak noise is drawn more often.", ge=0.1, le=10)] = 1.3
    camera: Annotated[float, option("Share of images with camera noise instead of Gaussian.", ge=0, le=1)] = (
        0.2
    )
    sensor: Annotated[
        float, option("Share of the camera images whose noise is simulated from the sensor on.", ge=0, le=1)
    ] = 0.0
    jpeg: Annotated[float, option("Share of the camera images that are compressed as JPEG.", ge=0, le=1)] = (
        0.0
    )
    compressed: Annotated[
        float, option("Share of images that are compressed as JPEG and have no other noise.", ge=0, le=1)
    ] = 0.0
    quality: Annotated[int, option("Lowest quality of JPEG.", ge=1, le=100)] = 60
    jitter: Annotated[
        float,
        option(
            "Largest error of the noise maps given to the model, as the natural logarithm of a factor.",
            ge=0,
            le=2,
        ),
    ] = 0.0
    blind: Annotated[float, option("Share of images whose noise map the model estimates.", ge=0, le=1)] = 0.25
    quantile: Annotated[
        float,
        option(
            "Quantile of the noise level that the model's estimate predicts; above 0.5 the estimate is seldom too low.",
            ge=0.05,
            le=0.95,
        ),
    ] = 0.5


class NoiseEstimation(Options, frozen=True):
    """Options of the objective of the noise estimate."""

    noise: Annotated[Noise, option("Degradation that makes observed images, see below.")] = Noise()


class RestorationWeights(ConditionalWeights, frozen=True):
    """Weights of the loss, and the degradation."""

    noise: Annotated[Noise, option("Degradation that makes observed images, see below.")] = Noise()
