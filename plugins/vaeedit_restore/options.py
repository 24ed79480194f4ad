"""Options of the restoring operations, and of what trains their VAEs."""

from typing import Annotated, Literal

from vaeedit.api import ConditionalWeights, Options, bounded, option


class RestorationOptions(Options, frozen=True):
    """Options of every operation that estimates an image from what is left of it."""

    samples: Annotated[
        int,
        option("Average this many posterior samples; 0 takes the VAE's mean, which is better.", ge=0, le=256),
    ] = 0
    realism: Annotated[
        float,
        option("From the mean (0: least error) to a posterior sample (1: plausible detail).", ge=0, le=1),
    ] = 0.0
    quality: Annotated[
        Literal["normal", "best"],
        option("best averages eight turned and mirrored runs, at eight times the time."),
    ] = "normal"


class DenoiseOptions(RestorationOptions, frozen=True):
    """Options of `vaeedit denoise`."""

    sigma: Annotated[
        Annotated[float, bounded(ge=0, le=75)] | Literal["auto"],
        option("Standard deviation of the noise, of 255; auto estimates it at every pixel."),
    ] = "auto"
    strength: Annotated[
        float, option("Factor on the noise level: 0 changes nothing, 1 removes what is there.", ge=0, le=2)
    ] = 1.0


class SuperResolveOptions(RestorationOptions, frozen=True):
    """Options of `vaeedit super-resolve`."""

    scale: Annotated[Literal[2, 3, 4], option("Factor on width and height.")] = 2
    model: Annotated[
        Literal["photo", "bicubic"],
        option("photo expects some noise and JPEG and removes them; bicubic takes every pixel as exact."),
    ] = "photo"


class Noise(Options, frozen=True):
    """How observed images are made from clean ones."""

    scales: Annotated[
        tuple[int, ...], option("Factors to make smaller by, one drawn a step; none keeps the size.")
    ] = ()
    blur: Annotated[
        float, option("Largest blur before making smaller, in pixels of the small image.", ge=0, le=3)
    ] = 0.0
    clean: Annotated[float, option("Share without noise, rounded to 8 bits.", ge=0, le=1)] = 0.0
    sigma: Annotated[float, option("Largest standard deviation, of 255.", ge=0, le=255)] = 75.0
    skew: Annotated[float, option("Above 1, small noise is drawn more often.", ge=0.1, le=10)] = 1.3
    camera: Annotated[float, option("Share with camera noise, not Gaussian.", ge=0, le=1)] = 0.2
    sensor: Annotated[
        float, option("Share of the camera images whose noise is simulated from the sensor on.", ge=0, le=1)
    ] = 0.0
    jpeg: Annotated[float, option("Share of the camera images that are compressed.", ge=0, le=1)] = 0.0
    blind: Annotated[float, option("Share whose noise map is the model's own.", ge=0, le=1)] = 0.25


class NoiseEstimation(Options, frozen=True):
    """What the estimate of the noise alone is trained on."""

    noise: Annotated[Noise, option("How observed images are made, see below.")] = Noise()


class RestorationWeights(ConditionalWeights, frozen=True):
    """Weights of the loss, and the noise that is restored from."""

    noise: Annotated[Noise, option("How observed images are made, see below.")] = Noise()
