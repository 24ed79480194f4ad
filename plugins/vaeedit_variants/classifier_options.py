"""Options of the classifier and of its objective; imports no torch, as the plugin declares both with them."""

from typing import Annotated

from vaeedit.api import Options, bounded, option
from vaeedit_variants.options import ImageConfig

Widths = tuple[Annotated[int, bounded(ge=1, le=1024)], ...]


class ClassifierConfig(ImageConfig, frozen=True):
    """Hyper-parameters of the classifier; the defaults are for MNIST."""

    classes: Annotated[int, option("Number of classes.", ge=2, le=10_000)] = 10
    widths: Annotated[Widths, option("Channels of each stage, at strides 2, 4, 8, ...", most=8)] = (
        32,
        48,
    )
    blocks: Annotated[int, option("Residual blocks of each stage.", ge=1, le=64)] = 1
    features: Annotated[int, option("Number of features, the inputs of the last layer.", ge=1, le=4096)] = 64


class ClassifyOptions(Options, frozen=True):
    """Options of the objective `classify`: how far the images of each step are deformed, at random."""

    smoothing: Annotated[
        float,
        option("Share of the probability that is spread over all classes (label smoothing).", ge=0, le=0.9),
    ] = 0.0
    turn: Annotated[float, option("Largest angle, in degrees, by which images are turned.", ge=0, le=180)] = (
        0.0
    )
    zoom: Annotated[float, option("Largest change of a side, as a share of it.", ge=0, le=0.9)] = 0.0
    shear: Annotated[float, option("Largest shear, as a tangent.", ge=0, le=1)] = 0.0
    shift: Annotated[float, option("Largest shift, as a share of a side.", ge=0, le=1)] = 0.0
