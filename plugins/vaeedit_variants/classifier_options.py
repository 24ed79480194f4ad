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
    features: Annotated[int, option("Values in front of the last layer.", ge=1, le=4096)] = 64


class ClassifyOptions(Options, frozen=True):
    """Options of the objective `classify`: how far the images of each step are deformed, at random."""

    smoothing: Annotated[
        float,
        option("Share of the probability that is spread over all classes (label smoothing).", ge=0, le=0.9),
    ] = 0.0
    turn: Annotated[float, option("Turn images by up to so many degrees.", ge=0, le=180)] = 0.0
    zoom: Annotated[float, option("Change each side by up to this share.", ge=0, le=0.9)] = 0.0
    shear: Annotated[float, option("Shear images by up to this tangent.", ge=0, le=1)] = 0.0
    shift: Annotated[float, option("Move images by up to this share of their sides.", ge=0, le=1)] = 0.0
